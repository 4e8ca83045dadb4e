"""Archives that Kaldi's programs wrote: binary and text hold the same, and the figures are those of Kaldi's logs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.egs.example import Example, Labels, SparseLabels
from ov_asr_score.egs.example_table import read_examples
from ov_asr_score.job.egs_prob import run_egs_prob
from ov_asr_score.settings.egs_prob import ChainSettings, EgsProbJob
from tests.egs.chain.examples import DATA as CHAIN_DATA
from tests.egs.make_archives import DATA, FILE, MODELS
from tests.egs.test_kaldi_figures import check

FIGURES: dict[str, Any] = json.loads(FILE.read_text())
CHAIN_MODEL = (
    "<Nnet3> \n"
    + """input-node name=input dim=56
component-node name=log_softmax component=log_softmax input=input
output-node name=output input=input
output-node name=output-xent input=log_softmax

<NumComponents> 1 <ComponentName> log_softmax <LogSoftmaxComponent> <Dim> 56 <ValueAvg>  [ ]
<DerivAvg>  [ ]
<Count> 0 <OderivRms>  [ ]
<OderivCount> 0 <NumDimsSelfRepaired> 0 <NumDimsProcessed> 0 </LogSoftmaxComponent> </Nnet3>
"""
)


def values(labels: Labels) -> tuple[np.ndarray[Any, Any], ...]:
    if isinstance(labels, SparseLabels):
        return labels.starts, labels.columns, labels.values
    return (labels,)


def parts(example: Example) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for io in example.ios:
        yield f"{io.name} indexes", io.indexes
        for array in values(io.features):
            yield f"{io.name} values", array


@pytest.mark.parametrize("name", MODELS)
def test_figures(name: str) -> None:
    check(EgsProbJob(str(MODELS[name]), [f"ark:{DATA / name}.egs"]), FIGURES[name])


@pytest.mark.parametrize("name", [name for name in MODELS if name != "tdnn"])
def test_binary_and_text_hold_the_same(name: str) -> None:
    binary, text = (list(read_examples(f"{DATA / name}.{suffix}")) for suffix in ("egs", "txt"))
    assert [example.key for example in binary] == [example.key for example in text] != []
    for one, other in zip(binary, text, strict=True):
        assert one.kind == other.kind == ("nnet2" if name == "nnet2" else "nnet3")
        for (what, array), (also, expected) in zip(parts(one), parts(other), strict=True):
            assert what == also
            # Kaldi prints seven digits; nnet2's features are compressed once more when they are read from text.
            tolerance = 0.02 if name == "nnet2" else 1e-6
            np.testing.assert_allclose(array, expected, rtol=tolerance, atol=tolerance, err_msg=what)


def test_a_script_a_compressed_file_and_two_tables(tmp_path: Path) -> None:
    packed = tmp_path / "merged.egs.gz"
    packed.write_bytes(gzip.compress((DATA / "merged.egs").read_bytes()))
    script = tmp_path / "egs.scp"
    lines = []
    data = (DATA / "ivectors.egs").read_bytes()
    for example in read_examples(f"ark:{DATA}/ivectors.egs"):
        offset = data.index(example.key.encode() + b" \0B") + len(example.key) + 1
        lines.append(f"{example.key} {DATA}/ivectors.egs:{offset}\n")
    script.write_text("".join(lines))
    model = str(MODELS["ivectors"])
    once = run_egs_prob(EgsProbJob(model, [f"scp:{script}"]))
    check(EgsProbJob(model, [f"scp:{script}"]), FIGURES["ivectors"])
    both = run_egs_prob(EgsProbJob(model, [f"scp:{script}", f"ark:{packed}"]))
    assert both.outputs[0].frames == 2 * once.outputs[0].frames
    assert both.outputs[0].per_frame == pytest.approx(once.outputs[0].per_frame, rel=1e-6)
    assert both.sequences == 2 * once.sequences
    assert both.examples > once.examples


@pytest.mark.parametrize(
    ("leak", "l2", "log_probability", "l2_term"),
    [(1e-5, 0.0, -0.102335, None), (0.1, 5e-5, -0.145239, -0.00140927)],
)
def test_chain(leak: float, l2: float, log_probability: float, l2_term: float | None, tmp_path: Path) -> None:
    """The figures are what nnet3-chain-compute-prob logs for this model (tests/egs/chain/test_chain_objective.py)."""
    model = tmp_path / "identity.raw"
    model.write_text(CHAIN_MODEL)
    settings = ChainSettings(str(CHAIN_DATA / "den.fst"), leak, l2, xent_regularize=0.1)
    found = run_egs_prob(EgsProbJob(str(model), [f"ark:{CHAIN_DATA}/real.cegs"], settings))
    output, xent = sorted(found.outputs, key=lambda each: each.name)
    assert (output.name, output.frames, output.accuracy) == ("output", 12, None)
    assert output.per_frame - (output.l2_term or 0) == pytest.approx(log_probability, rel=5e-6)
    assert output.l2_term == (None if l2_term is None else pytest.approx(l2_term, rel=5e-6))
    assert xent.name == "output-xent"
    assert xent.per_frame == pytest.approx(-0.730562, rel=5e-6)
    assert found.kind == "chain"
