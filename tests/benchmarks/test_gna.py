"""The benchmark of GNA emulation."""

from __future__ import annotations

import pytest

from benchmarks.gna import INTEL, LSTM, main, random_mlp
from ov_asr_score.gna.format.model_checks import check_model


@pytest.mark.parametrize("bits", [8, 16])
def test_random_network_passes_checks(bits: int) -> None:
    model = random_mlp(bits)
    check_model(model, "random network")
    assert [endpoint.shape[1] for endpoint in (*model.inputs, *model.outputs)] == [440, 300]
    assert f"mlp, {bits} bit" in INTEL


def test_blob_as_contestant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(LSTM), "--turns", "1", "--seconds", "0.01"]) == 0
    printed = capsys.readouterr().out
    assert "lstm_mem.q8.gna, 64 lanes / lstm_mem.q8.gna, 1 lanes" in printed
