"""Random examples with the figures that Kaldi logged for them, or that it stopped at (make_kaldi_figures.py)."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from ov_asr_score.egs.chain.chain_objective import chain_objective, xent_log_probability
from ov_asr_score.egs.chain.denominator import denominator_graph
from ov_asr_score.egs.chain.supervision import ChainSupervision
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.fst.reading import Fst, read_text_fst
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from tests.egs.chain.examples import DATA, log_softmax

CASES: list[dict[str, Any]] = json.loads((DATA / "kaldi_figures.json").read_text())


def fst_of_text(text: str) -> Fst:
    return read_text_fst(KaldiStream(io.BytesIO(f"\n{text}\n\n".encode()), "fst"))


def our_figures(case: dict[str, Any]) -> dict[str, list[float]]:
    scores = np.array(case["scores"], np.float32)
    frames, sequences, pdfs = scores.shape
    fsts = tuple(map(fst_of_text, case["fsts"]))
    supervision = ChainSupervision(case["weight"], sequences, frames, pdfs, case["is_end_to_end"], fsts)
    found = chain_objective(
        scores,
        supervision,
        denominator_graph(fst_of_text(case["denominator"]), "den.fst"),
        leaky_hmm_coefficient=case["leaky_hmm_coefficient"],
        l2_regularize=case["l2_regularize"],
        with_posteriors=True,
    )
    weight = found.weight
    xent = xent_log_probability(log_softmax(scores), found)
    return {
        "output": [found.log_probability / weight, found.l2_term / weight, weight],
        "output-xent": [xent / weight, 0.0, weight],
    }


@pytest.mark.parametrize("number", range(len(CASES)))
def test_as_kaldi(number: int) -> None:
    case = CASES[number]
    if case["figures"] is None:
        with pytest.raises(OvAsrScoreError):
            our_figures(case)
        return
    ours = our_figures(case)
    assert set(ours) == set(case["figures"])
    for output, figures in case["figures"].items():
        np.testing.assert_allclose(ours[output], [float(figure) for figure in figures], rtol=1e-5, atol=2e-6)
