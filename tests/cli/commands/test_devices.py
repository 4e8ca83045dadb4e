from __future__ import annotations

from tests.command_line import run


def test_the_processor_is_there_and_absent_kinds_are_explained() -> None:
    outcome = run("devices")
    lines = outcome.stdout.splitlines()
    assert (outcome.code, outcome.stderr) == (0, "")
    assert lines[0].startswith("OpenVINO 20")
    assert "CPU" in lines
    assert any(line.startswith("  capabilities: ") and "FP32" in line for line in lines)
    assert "OpenVINO removed its GNA plugin" in outcome.stdout or "GNA" in lines


def test_verbose_adds_properties() -> None:
    assert "NUM_STREAMS: " not in run("devices").stdout
    assert "NUM_STREAMS: " in run("devices", "-v").stdout
