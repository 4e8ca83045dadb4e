"""The figures of random examples are those that Kaldi's compute-prob programs log, for all golden models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.egs_prob import run_egs_prob
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.settings.egs_prob import EgsProbJob
from tests.egs.example_texts import nnet2_examples, nnet3_examples, xvector_examples
from tests.egs.make_kaldi_figures import FILE, Figures, golden_model, nnet2_model

FIGURES: dict[str, dict[str, Figures | None]] = json.loads(FILE.read_text())
# What Kaldi's program computes for it is random.
RANDOM = ("dropout",)


def check(job: EgsProbJob, kaldi: Figures | None) -> None:
    if kaldi is None:
        with pytest.raises(OvAsrScoreError):
            run_egs_prob(job)
        return
    ours = {
        output.name: {
            output.figure: (output.per_frame, output.frames),
            "accuracy": (output.accuracy, output.accuracy_frames),
        }
        for output in run_egs_prob(job).outputs
    }
    assert ours.keys() == kaldi.keys()
    for name, lines in kaldi.items():
        for what, numbers in lines.items():
            expected = [pytest.approx(float(number), rel=2e-5, abs=1e-6, nan_ok=True) for number in numbers]
            assert list(ours[name][what]) == expected, (name, what)


@pytest.mark.parametrize("name", FIGURES["nnet3"])
def test_nnet3(name: str, tmp_path: Path) -> None:
    model, egs = golden_model("nnet3", name), tmp_path / "egs"
    egs.write_text(nnet3_examples(load_network(model), name))
    check(EgsProbJob(str(model), [f"ark:{egs}"]), FIGURES["nnet3"][name])


@pytest.mark.parametrize("name", FIGURES["xvectors"])
def test_xvectors(name: str, tmp_path: Path) -> None:
    model, egs = golden_model("xvectors", name), tmp_path / "egs"
    egs.write_text(xvector_examples(load_network(model), name))
    check(EgsProbJob(str(model), [f"ark:{egs}"]), FIGURES["xvectors"][name])


@pytest.mark.parametrize("name", [name for name in FIGURES["nnet2"] if name not in RANDOM])
def test_nnet2(name: str, tmp_path: Path) -> None:
    model, egs = tmp_path / "model.txt", tmp_path / "egs"
    model.write_text(nnet2_model(name))
    egs.write_text(nnet2_examples(load_network(model), name))
    check(EgsProbJob(str(model), [f"ark:{egs}"]), FIGURES["nnet2"][name])
