"""Changed models of nnet3: networks of golden cases, x-vectors among them, and random ones that nnet3-init has made."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.golden.make_cases import transition_model
from tests.golden.model_text import with_values
from tests.golden.test_cases import description
from tests.kaldi_judge.judging import ChangedModel
from tests.kaldi_judge.nnet3_chance import Numbers
from tests.kaldi_judge.nnet3_networks import random_network
from tests.kaldi_judge.nnet3_text import TextModel, split_model
from tests.kaldi_judge.nnet3_ways import change
from tests.kaldi_judge.start_models import GOLDEN, StartModel

_OPTIONS = (
    ("--frames-per-chunk=1000",),
    ("--frames-per-chunk=7",),
    ("--frames-per-chunk=20", "--extra-left-context=3"),
    ("--frames-per-chunk=6", "--frame-subsampling-factor=3"),
)
# Features of random networks, by how many columns they have.
_FEATURES = {4: "append", 5: "dropout", 6: "sum_block"}


def nnet3_starts() -> list[StartModel]:
    """The golden cases of nnet3 and of x-vectors whose models Kaldi's programs take as they are."""
    folders = [folder for name in ("nnet3", "xvectors") for folder in sorted((GOLDEN / name).iterdir())]
    return [start for folder in folders if (folder / "case.toml").is_file() for start in _starts_of(folder)]


def _starts_of(folder: Path) -> list[StartModel]:
    case = description(folder)
    if "output_name" in case or "before" in case:
        return []
    model = next(path.name for path in sorted(folder.glob("model.*")) if path.suffix in (".raw", ".mdl"))
    runs = [case["options"], *case.get("more_options", ())]
    return [
        StartModel(f"{folder.name}.{number}", folder, case["program"], tuple(options), model, model, [], case)
        for number, options in enumerate(runs, 1)
    ]


def changed_nnet3_model(starts: Sequence[StartModel], seed: int, number: int, programs: Path) -> ChangedModel:
    """The changed model of that number, the same for the same seed; ``programs`` has nnet3-init for random networks."""
    numbers = np.random.default_rng([seed, number])
    while True:
        if numbers.random() < 0.5:
            start, model = _random_model(numbers, programs)
            count = int(numbers.integers(0, 2))
        else:
            start = starts[int(numbers.integers(len(starts)))]
            model = split_model((start.folder / "model.txt").read_text())
            count = int(numbers.choice([1, 1, 2]))
        if model is not None:
            break
    if not model.before and start.program == "nnet3-compute" and numbers.random() < 0.06:
        _with_transitions(model, int(numbers.integers(1, 7)))
    while len(model.notes) < count:
        try:
            change(model, numbers)
        except (ValueError, IndexError):  # that way finds nothing to change
            continue
    data, binary = model.text().encode(), False
    if numbers.random() < 0.4:
        try:
            data, binary = model.binary(), True
        except (ValueError, IndexError, OverflowError):  # what is spelt so has no binary form
            binary = False
    if numbers.random() < 0.05:
        place = int(numbers.integers(len(data)))
        data = data[:place] + bytes([int(numbers.integers(256))]) + data[place + 1 :]
        model.notes.append(f"byte {place}")
    return ChangedModel(start, tuple(model.notes), binary, data)


def _random_model(numbers: Numbers, programs: Path) -> tuple[StartModel, TextModel | None]:
    """A random network with features of its width; no model where Kaldi refuses the sizes of a component."""
    dim = int(numbers.choice(list(_FEATURES)))
    folder = GOLDEN / "nnet3" / _FEATURES[dim]
    options = _OPTIONS[int(numbers.integers(len(_OPTIONS)))]
    case = {"program": "nnet3-compute", "scores_per": "frame"}
    start = StartModel("random", folder, "nnet3-compute", options, "model.raw", "model.raw", [], case)
    config = random_network(numbers, dim).encode()
    words = [str(programs / "nnet3-init"), "--binary=false", "--srand=0", "-", "-"]
    done = subprocess.run(words, input=config, capture_output=True, check=False, timeout=30)
    if done.returncode:
        return start, None
    return start, split_model(with_values(done.stdout.decode(), str(numbers.integers(1 << 30))))


def _with_transitions(model: TextModel, pdfs: int) -> None:
    """Make an acoustic model of a network, with priors of any number."""
    model.before = transition_model(pdfs)
    model.behind = f"<LeftContext> 0 <RightContext> 0 <Priors> [ {' '.join(['0.2'] * pdfs)} ]\n"
