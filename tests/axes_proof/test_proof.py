"""Generated models are scored as onnxruntime scores them, or something is asked for that then leads to such scores.

``make proof`` tries more of them and prints the figures.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.axes_proof.bodies import WIDTH
from tests.axes_proof.figures import NAMINGS, Mode, Tally, tally_models
from tests.axes_proof.judging import judge
from tests.axes_proof.strategies import true_models
from tests.axes_proof.truth import PLAIN, SecondInput, TrueModel, TrueOutput
from tests.runtimes import OLDEST_RUNTIME

LEAST_SCORED = 0.6
"""The part of the models of which nothing is said that must be scored unasked: to refuse everything is no way out."""


def check(tally: Tally, dead_ends: float = 0) -> None:
    """Print the figures. No scores may be wrong; so large a part may be refused without an answer to what is asked."""
    print(tally)
    wrong = [f"{reason}\n{true}" for true, reason in tally.wrong]
    assert not wrong, f"{tally}:\n" + "\n".join(wrong[:5])
    refused = [f"{reason}\n{true}" for true, reason in tally.dead_ends]
    assert len(refused) <= dead_ends * tally.total, f"{tally}:\n" + "\n".join(refused[:5])


def test_models_that_say_nothing(tmp_path: Path) -> None:
    tally = tally_models("nothing", 200, 1, tmp_path)
    check(tally, 0.01)
    assert tally.share_scored >= LEAST_SCORED, tally
    assert tally.asked  # there are models that cannot be told from others


@pytest.mark.parametrize("mode", ["names", "layout"])
def test_models_of_which_all_is_said_are_never_refused(mode: Mode, tmp_path: Path) -> None:
    check(tally_models(mode, 100, 2, tmp_path))


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(true=true_models(NAMINGS["layout"]), say_layout=st.booleans())
def test_the_smallest_model_that_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, true: TrueModel, say_layout: bool
) -> None:
    judgement = judge(true, tmp_path_factory.mktemp("model"), true.layout() if say_layout else "")
    assert judgement.kind != "wrong", judgement.reason


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", NAMINGS)
def test_many_models(mode: Mode, tmp_path: Path) -> None:
    tally = tally_models(mode, 1000, 3, tmp_path)
    check(tally, 0.02)
    assert tally.share_scored >= LEAST_SCORED


GRU = replace(PLAIN, body="gru", lengths=(7, 12, 1))
GRU_STATE = SecondInput("state", "h0", "LNC", WIDTH, given=False, result="hn")


@pytest.mark.xfail(reason="a batch that is fixed to more than one is not freed where there are states")
def test_states_of_a_fixed_batch(tmp_path: Path) -> None:
    assert judge(replace(GRU, free="T", batch=8, seconds=(GRU_STATE,)), tmp_path).kind == "scored"


@pytest.mark.parametrize("letters", ["NTC", "CNT", "NCT1", "THNC"])
def test_a_fixed_batch_beside_states_is_not_taken_for_time(letters: str, tmp_path: Path) -> None:
    output = TrueOutput("y", letters, 2, 3 if "H" in letters else 1)
    true = replace(PLAIN, free="T", batch=8, seconds=(GRU_STATE,), outputs=(output,), lengths=(3, 131, 8, 7))
    assert judge(true, tmp_path).kind != "wrong"


@pytest.mark.xfail(
    not OLDEST_RUNTIME, reason="the graph drops its axis of utterances, and the plugin takes time for it"
)
def test_an_axis_of_utterances_that_the_graph_drops(tmp_path: Path) -> None:
    true = replace(GRU, letters="TNC", outputs=(TrueOutput("y", "T", 1),), body="softmax", lengths=(16, 5))
    assert judge(true, tmp_path).kind in ("scored", "asked")


@pytest.mark.xfail(reason="outputs that are vectors of a fixed number of frames are not told from rows beside states")
def test_a_vector_of_some_frames_beside_a_state(tmp_path: Path) -> None:
    outputs = (TrueOutput("y", "NTC", 3), TrueOutput("z", "NC", 3))
    true = replace(GRU, free="N", seconds=(GRU_STATE,), outputs=outputs, lengths=(8, 8))
    assert judge(true, tmp_path).kind in ("scored", "asked")


@pytest.mark.xfail(reason="lengths of a batch that is fixed to more than one are not filled in")
def test_lengths_of_a_fixed_batch(tmp_path: Path) -> None:
    lengths = SecondInput("length", "lengths", "N", given=False, dtype="int64")
    assert judge(replace(GRU, free="T", batch=8, seconds=(lengths,)), tmp_path).kind == "scored"


def test_results_with_fewer_axes_than_shapes_promised(tmp_path: Path) -> None:
    vector = SecondInput("vector", "ivector", "1C", 5)
    output = TrueOutput("y", "N", 1)
    true = replace(GRU, letters="NC", width=5, free="NC", body="affine", outputs=(output,), seconds=(vector,))
    assert judge(true, tmp_path).kind in ("scored", "asked")
