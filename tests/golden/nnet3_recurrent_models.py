"""Cases of nnet3: nodes that depend on earlier or later frames of themselves."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, WHOLE, Case, affine, layer, network

CUTS = (
    WHOLE,
    CHUNKS,
    (
        "--frames-per-chunk=6",
        "--extra-left-context=5",
        "--extra-left-context-initial=0",
        "--extra-right-context=4",
        "--extra-right-context-final=0",
    ),
)
THIRDS = (
    ("--frames-per-chunk=1000", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=3", "--extra-left-context=4"),
)
MORE = (
    *CUTS,
    ("--frames-per-chunk=5", "--extra-left-context=3", "--extra-right-context=2"),
    ("--frames-per-chunk=1000", "--extra-left-context-initial=4", "--extra-right-context-final=6"),
    *THIRDS,
)


def past(name: str, delay: int) -> str:
    """Another frame of a node, zero where there is none."""
    return f"IfDefined(Offset({name}, {delay}))"


def _rnn(name: str, delay: int, context: str = "input", dim: int = 4) -> tuple[str, ...]:
    """A layer of four units that reads ``context`` and itself."""
    return (
        affine(f"{name}.affine", f"Append({context}, {past(name, delay)})", dim + 4, 4),
        layer(name, "TanhComponent dim=4", f"{name}.affine"),
    )


_SIMPLE = (
    *(
        Case(
            f"rnn_{'past' if delay < 0 else 'future'}_{abs(delay)}",
            network(4, *_rnn("rnn", delay), affine("last", "rnn", 4, 3)),
            dim=4,
            runs=MORE,
        )
        for delay in (-1, -3, 2)
    ),
    Case(
        "rnn_with_context",
        network(
            4,
            *_rnn("rnn", -1, "Append(Offset(input, -2), Offset(input, 2))", 8),
            affine("last", "Append(Offset(rnn, -1), Offset(rnn, 2), IfDefined(Offset(rnn, -4)))", 12, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    # Begins before the first frame of features, of which it needs later ones only; what it reads begins later still.
    Case(
        "rnn_begins_early",
        network(
            4,
            affine("a", "IfDefined(Offset(input, -1))", 4, 4),
            *_rnn("rnn", -3, "Append(Offset(input, 2), Offset(a, 1))", 8),
            affine("last", "Append(rnn, input)", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "rnn_missing_input",
        network(
            4,
            affine("a", "Append(input, IfDefined(Offset(input, -2)))", 8, 4),
            *_rnn("rnn", -1, "Append(a, IfDefined(Offset(input, 3)))", 8),
            affine("last", "Append(rnn, a)", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "bidirectional",
        network(4, *_rnn("forward", -1), *_rnn("backward", 1), affine("last", "Append(forward, backward)", 8, 3)),
        dim=4,
        runs=MORE,
    ),
    Case(
        "bidirectional_twice",
        network(
            4,
            *_rnn("forward1", -3),
            *_rnn("backward1", 3),
            *_rnn("forward2", -3, "Append(forward1, backward1)", 8),
            *_rnn("backward2", 3, "Append(forward1, backward1)", 8),
            affine("last", "Append(forward2, backward2)", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
)

_MIXED = (
    *(
        Case(
            f"rnn_mixed_{'_'.join(str(abs(delay)) for delay in delays)}",
            network(
                4,
                affine("affine", f"Append(input, {', '.join(past('rnn', delay) for delay in delays)})", 12, 4),
                layer("rnn", "TanhComponent dim=4", "affine"),
                affine("last", "rnn", 4, 3),
            ),
            dim=4,
            runs=MORE,
        )
        for delays in ((-3, -6), (-1, -2), (-2, -3), (2, 4))
    ),
    Case(
        "rnn_two_nodes",
        network(
            4,
            affine("a", f"Append(input, {past('c', -1)})", 8, 4),
            layer("b", "SigmoidComponent dim=4", "a"),
            affine("d", f"Append(b, {past('b', -2)}, {past('d', -3)})", 12, 4),
            layer("c", "TanhComponent dim=4", "d"),
            affine("last", "Append(b, Offset(c, -1))", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "rnn_inside_rnn",
        network(
            4,
            *_rnn("inner", -1, f"Append(input, {past('outer', -3)})", 8),
            *_rnn("outer", -3, "Append(inner, input)", 8),
            affine("last", "Append(inner, outer)", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "rnn_stacked",
        network(
            4,
            *_rnn("first", -1),
            layer("tdnn", "TdnnComponent input-dim=4 output-dim=4 time-offsets=-3,0,3", "first"),
            layer("relu", "RectifiedLinearComponent dim=4", "tdnn"),
            *_rnn("second", -3, "relu", 4),
            affine("last", "second", 4, 3),
        ),
        dim=4,
        runs=MORE,
    ),
)

_DESCRIPTORS = (
    Case(
        "running_sum",
        network(
            4,
            affine("a", "input", 4, 3),
            layer("sum", "NoOpComponent dim=3", "Sum(a, IfDefined(Offset(half, -1)))"),
            layer("half", "BackpropTruncationComponent dim=3 scale=0.5", "sum"),
            affine("last", "sum", 3, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "failover_to_input",
        network(
            4,
            affine("a", "input", 4, 3),
            layer("kept", "SigmoidComponent dim=3", "Sum(a, Failover(Offset(kept, -2), a))"),
            affine("last", "kept", 3, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "const_in_loop",
        network(
            4,
            affine("affine", f"Append(input, Const(0.5, 2), {past('rnn', -1)})", 10, 4),
            layer("rnn", "TanhComponent dim=4", "affine"),
            affine("last", "rnn", 4, 3),
        ),
        dim=4,
        runs=CUTS,
    ),
    Case(
        "tdnn_in_loop",
        network(
            4,
            layer(
                "tdnn", "TdnnComponent input-dim=8 output-dim=4 time-offsets=0,-3", f"Append(input, {past('rnn', -3)})"
            ),
            layer("rnn", "TanhComponent dim=4", "tdnn"),
            affine("last", "rnn", 4, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "norms_in_loop",
        network(
            4,
            affine("affine", f"Append(input, {past('clipped', -1)})", 8, 4),
            layer("relu", "RectifiedLinearComponent dim=4", "affine"),
            layer("norm", "NormalizeComponent dim=4 target-rms=0.5", "relu"),
            layer("batch", "BatchNormComponent dim=4", "norm"),
            layer("clipped", "ClipGradientComponent dim=4", "batch"),
            affine("last", "Append(norm, Offset(batch, 1))", 8, 3),
        ),
        dim=4,
        runs=CUTS,
    ),
    Case(
        "loop_read_by_switch",
        network(
            4,
            *_rnn("rnn", -1),
            affine("last", "Append(Switch(rnn, Offset(rnn, 1)), Round(rnn, 3), Offset(rnn, 2))", 12, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "loop_with_ivector",
        network(
            4,
            "input-node name=ivector dim=3",
            *_rnn("rnn", -1, "Append(input, ReplaceIndex(ivector, t, 0))", 7),
            affine("last", "rnn", 4, 3),
        ),
        dim=4,
        ivector_dim=3,
        runs=tuple((*cut, "--ivectors=ark:ivector.ark") for cut in CUTS),
    ),
)

# Around the circle the delays add up to one direction, but one by one they go in both, or are rounded.
_BENT = (
    Case(
        "loop_both_ways",
        network(
            4,
            affine("a", f"Append(input, {past('b', -3)})", 7, 4),
            "dim-range-node name=part input-node=a dim=3 dim-offset=1",
            layer("b", "TanhComponent dim=3", "Sum(part, Offset(part, 2))"),
            affine("last", "Append(b, Offset(a, -1))", 7, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "loop_both_ways_backward",
        network(
            4,
            affine("a", f"Append(Offset(input, 1), {past('b', 4)})", 8, 4),
            affine("c", "Append(Offset(a, -1), a, IfDefined(Offset(a, 2)))", 12, 4),
            layer("b", "TanhComponent dim=4", "c"),
            affine("last", "Append(b, Offset(c, 1))", 8, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "loop_by_turns",
        network(
            4,
            affine("a", f"Append(input, {past('b', -1)})", 8, 4),
            layer("b", "TanhComponent dim=4", "Sum(a, IfDefined(Switch(Offset(b, -1), input, Offset(b, -2))))"),
            affine("last", "b", 4, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "loop_rounded",
        network(
            4,
            affine("a", f"Append(input, IfDefined(Round(Offset(b, -3), 3)), {past('b', -1)})", 12, 4),
            layer("b", "TanhComponent dim=4", "a"),
            affine("last", "b", 4, 3),
        ),
        dim=4,
        runs=MORE,
    ),
    Case(
        "loop_wide_edges",
        network(4, *_rnn("forward", -1), *_rnn("backward", 2), affine("last", "Append(forward, backward)", 8, 3)),
        dim=4,
        runs=(
            ("--frames-per-chunk=6", "--extra-left-context-initial=4", "--extra-right-context-final=5"),
            ("--frames-per-chunk=6", "--extra-left-context=1", "--extra-left-context-initial=3"),
        ),
    ),
)


CASES = (*_SIMPLE, *_MIXED, *_DESCRIPTORS, *_BENT)
