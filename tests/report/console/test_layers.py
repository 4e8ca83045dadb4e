"""Comparison of layers on the console and as JSON."""

from __future__ import annotations

import io
from math import inf, nan

from rich.console import Console

from ov_asr_score.report.console.layers import (
    LayerComparison,
    LayerDifference,
    layers_as_dict,
    render_layers,
    verdict_text,
)


def layer(name: str, ratio: float, broken: int = 0) -> LayerDifference:
    return LayerDifference(name, "Add", (1, None, 3), 30, ratio, 0.25, 0.5, 2.5, broken)


def comparison(*layers: LayerDifference) -> LayerComparison:
    below = [each for each in layers if not each.signal_to_noise >= 40.0]
    return LayerComparison(
        reference={"model": "a.xml", "device": "CPU", "precision": "f32"},
        other={"model": "b.xml", "device": "CPU", "precision": "bf16"},
        limit=40.0,
        utterances=2,
        frames=1234,
        layers=layers,
        first_below=below[0].name if below else None,
        only_in_reference=("folded",),
        only_in_other=(),
        incomparable=("turned",),
        groups=3,
        notes=("slower than f32",),
        total_seconds=1.5,
        command=None,
        tool_version="0.1.0",
        versions={},
    )


def printed(report: LayerComparison) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    render_layers(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_layers_table_marks_layers_below_limit() -> None:
    text = printed(comparison(layer("one", inf), layer("two[red]\x1b[31m", 39.96), layer("three", 50.0)))
    assert "Layers in order, over 2 utterances with 1,234 frames, layers in 3 groups" in text
    rows = [line for line in text.splitlines() if line.endswith("(Add)")]
    assert rows[0].split() == ["inf", "0.25", "0.5", "2.5", "[1,?,3]", "one", "(Add)"]
    assert "  <<  two[red]\\x1b[31m (Add)" in rows[1]
    assert "<<" not in rows[2]
    assert "1 layer only in the reference: folded" in text
    assert "1 layer of different shapes: turned" in text
    assert "note: slower than f32" in text
    assert text.splitlines()[-1].startswith("failed: two[red]")


def test_layers_verdict() -> None:
    assert verdict_text(comparison(layer("one", 40.0))) == "ok: all 1 layers reach 40 dB"
    assert verdict_text(comparison(layer("one", 41.0), layer("two", 30.0), layer("three", nan))) == (
        "failed: two is the first layer below 40 dB: 30.00 dB; 2 of 3 layers are"
    )
    assert verdict_text(comparison(layer("one", -inf, broken=7))) == (
        "failed: one is the first layer below 40 dB: -inf dB, 7 values not finite"
    )


def test_layers_json_has_no_infinity() -> None:
    told = layers_as_dict(comparison(layer("one", inf), layer("two", nan)))
    layers = told["layers"]
    assert isinstance(layers, list)
    assert [each["signal_to_noise"] for each in layers] == ["inf", "nan"]
    assert list(told)[:2] == ["format", "format_version"]
    assert told["verdict"] == "failed"
    assert layers[0]["shape"] == [1, None, 3]
