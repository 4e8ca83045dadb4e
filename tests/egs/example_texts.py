"""Random examples for golden models, as text archives of Kaldi; the same for the same seed on any machine."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from ov_asr_score.convert.rewriting.splicing_to_descriptors import lower_splicing
from ov_asr_score.kaldi_model.dims import node_dim
from ov_asr_score.kaldi_model.frames.context import network_contexts
from ov_asr_score.kaldi_model.network import KaldiNetwork

GOLDEN = Path(__file__).parents[1] / "golden"
NNET3 = [*sorted(path.parent.name for path in GOLDEN.glob("nnet3/*/model.raw")), "priors"]
XVECTORS = sorted(path.parent.name for path in GOLDEN.glob("xvectors/*/model.raw"))
NNET2 = sorted(path.parent.name for path in GOLDEN.glob("nnet2/*/model.txt"))


class Chance:
    """Random numbers that are the same in all versions of Python."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def happens(self, probability: float) -> bool:
        return self._random.random() < probability

    def number(self) -> float:
        return round(4 * self._random.random() - 2, 3)

    def some_of(self, numbers: Sequence[int], count: int) -> list[int]:
        left = list(numbers)
        return sorted(left.pop(self.below(len(left))) for _ in range(min(count, len(left))))


def nnet3_examples(network: KaldiNetwork, seed: str, count: int = 4) -> str:
    """Examples with all inputs and outputs of the network, one to three sequences each, some with missing frames."""
    chance = Chance(seed)
    contexts = [network_contexts(network, node.name) for node in network.outputs]
    left, right = max(each.left for each in contexts), max(each.right for each in contexts)
    return "".join(f"eg{number} {_nnet3_example(network, chance, left, right)}\n" for number in range(count))


def _nnet3_example(network: KaldiNetwork, chance: Chance, left: int, right: int) -> str:
    step, length, sequences = 1 + chance.below(3), 1 + chance.below(9), range(1 + chance.below(3))
    start = chance.below(11) - 5 if chance.happens(0.5) else 0
    times = [start + step * index for index in range(length)]
    if length > 3 and chance.happens(0.3):
        times = chance.some_of(times, length - 2)
    frames = range(times[0] - left - chance.below(4), times[-1] + right + 1 + chance.below(4))
    parts = []
    for node in network.inputs:
        moments = frames if node.name.startswith("input") else [0]
        rows = [(n, t) for n in sequences for t in moments]
        parts.append(_io(node.name, rows, _matrix(chance, len(rows), node.dim)))
    for output in network.outputs:
        rows = [(n, t) for n in sequences for t in times]
        if chance.happens(0.5):
            rows.sort(key=lambda row: (row[1], row[0]))
        dim = node_dim(network, output.name)
        labels = _matrix(chance, len(rows), dim) if chance.happens(0.3) else _sparse(chance, len(rows), dim)
        parts.append(_io(output.name, rows, labels))
    if chance.happens(0.5):
        parts.reverse()
    return f"<Nnet3Eg> <NumIo> {len(parts)} {''.join(parts)}</Nnet3Eg> "


def xvector_examples(network: KaldiNetwork, seed: str) -> str:
    """Examples as nnet3-xvector-get-egs writes them: one label, at frame 0, for all frames of a sequence."""
    chance = Chance(seed)
    text = ""
    for number, length in enumerate((25, 25, 40, 31)):
        sequences = range(1 + chance.below(3))
        rows = [(n, t) for n in sequences for t in range(length)]
        parts = _io("input", rows, _matrix(chance, len(rows), network.inputs[0].dim))
        name = network.outputs[0].name
        labels = "".join(f"dim={node_dim(network, name)} [ {chance.below(3)} 1 ] " for _ in sequences)
        parts += _io(name, [(n, 0) for n in sequences], f"rows={len(sequences)} {labels}")
        text += f"eg{number} <Nnet3Eg> <NumIo> 2 {parts}</Nnet3Eg> \n"
    return text


def _io(name: str, rows: Sequence[tuple[int, int]], values: str) -> str:
    indexes = "".join(f"<I1> {n} {t} 0 " for n, t in rows)
    return f"<NnetIo> {name} <I1V> {len(rows)} {indexes}{values}</NnetIo> "


def _matrix(chance: Chance, rows: int, columns: int) -> str:
    lines = (" ".join(f"{chance.number():g}" for _ in range(columns)) for _ in range(rows))
    return " [\n  " + "\n  ".join(lines) + " ]\n"


def _sparse(chance: Chance, rows: int, columns: int) -> str:
    text = f"rows={rows} "
    for _ in range(rows):
        chosen = chance.some_of(range(columns), (0, 1, 1, 1, 2)[chance.below(5)])
        pairs = "".join(f"{column} {(1, 0.5, 0.25, 2)[chance.below(4)]} " for column in chosen)
        text += f"dim={columns} [ {pairs}] "
    return text


def nnet2_examples(network: KaldiNetwork, seed: str) -> str:
    """Examples of one frame each with all kinds of labels, some with a vector of the speaker."""
    chance = Chance(seed)
    contexts = network_contexts(lower_splicing(network))
    pdfs, dim = node_dim(network, "output"), network.inputs[0].dim
    # Columns that are constant are those of the speaker.
    constant = [component.fields.get("ConstComponentDim", 0) for component in network.components.values()]
    speaker = max(int(number) for number in constant if isinstance(number, int)) or chance.below(2) * (dim > 1)
    left = contexts.left + chance.below(3)
    text = ""
    for number in range(3 + chance.below(9)):
        labels = [(chance.below(pdfs), (1, 0.5, 0.25)[chance.below(3)]) for _ in range(chance.below(4))]
        form = (
            f"<Lab1> [ {chance.below(pdfs)} ]\n"
            if chance.happens(0.5)
            else f"{('<Lab2> 1', '<Labels>')[chance.below(2)]} {len(labels)} " + "".join(f"{p} {w} " for p, w in labels)
        )
        features = _matrix(chance, left + 1 + contexts.right + chance.below(2), dim - speaker)
        vector = " [ " + "".join(f"{chance.number():g} " for _ in range(speaker)) + "]\n"
        text += (
            f"eg{number} <NnetExample> {form}<InputFrames> {features}<LeftContext> {left} <SpkInfo> {vector}"
            "</NnetExample> \n"
        )
    return text


def with_softmax(model: str, pdfs: int) -> str:
    """The text of an nnet2 network with a softmax at its end, if it has none: log-probabilities need it."""
    if "<SoftmaxComponent>" in model:
        return model
    softmax = f"<SoftmaxComponent> <Dim> {pdfs} <ValueSum>  [ ]\n<DerivSum>  [ ]\n<Count> 0 </SoftmaxComponent> "
    longer = re.sub(r"(?<=NumComponents> )\d+", lambda found: str(int(found[0]) + 1), model, count=1)
    return longer.replace("</Components>", f"{softmax}</Components>")
