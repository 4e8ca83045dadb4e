"""Cases of nnet3: nodes that depend on earlier or later frames of themselves."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, WHOLE, Case, affine, layer, network, node

_CUTS = (
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
_THIRDS = (
    ("--frames-per-chunk=1000", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=3", "--extra-left-context=4"),
)
_MORE = (
    *_CUTS,
    ("--frames-per-chunk=5", "--extra-left-context=3", "--extra-right-context=2"),
    ("--frames-per-chunk=1000", "--extra-left-context-initial=4", "--extra-right-context-final=6"),
    *_THIRDS,
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
            runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
    ),
    Case(
        "bidirectional",
        network(4, *_rnn("forward", -1), *_rnn("backward", 1), affine("last", "Append(forward, backward)", 8, 3)),
        dim=4,
        runs=_MORE,
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
        runs=_MORE,
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
            runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_CUTS,
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
        runs=_MORE,
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
        runs=_CUTS,
    ),
    Case(
        "loop_read_by_switch",
        network(
            4,
            *_rnn("rnn", -1),
            affine("last", "Append(Switch(rnn, Offset(rnn, 1)), Round(rnn, 3), Offset(rnn, 2))", 12, 3),
        ),
        dim=4,
        runs=_MORE,
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
        runs=tuple((*cut, "--ivectors=ark:ivector.ark") for cut in _CUTS),
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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
        runs=_MORE,
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


def _old_lstm(delay: int, dim: int, projected: int = 0) -> tuple[str, ...]:
    """A layer of cells with a component for each gate, as the scripts of 2015 write it."""
    cell, out = 3, projected or 3

    def gate(letter: str, peephole: str) -> tuple[str, ...]:
        return (
            affine(f"W_{letter}", f"Append(input, {past('r_trunc', delay)})", dim + out, cell),
            layer(f"w_{letter}c", f"NaturalGradientPerElementScaleComponent dim={cell} param-stddev=1", peephole),
            layer(letter, f"SigmoidComponent dim={cell}", f"Sum(W_{letter}, w_{letter}c)"),
        )

    recurrent = affine("r", "m", 3, out) if projected else layer("r", "NoOpComponent dim=3", "m")
    return (
        *gate("i", past("c_trunc", delay)),
        *gate("f", past("c_trunc", delay)),
        *gate("o", "c"),
        affine("W_c", f"Append(input, {past('r_trunc', delay)})", dim + out, cell),
        layer("g", f"TanhComponent dim={cell}", "W_c"),
        layer(
            "c1",
            f"ElementwiseProductComponent input-dim={2 * cell} output-dim={cell}",
            f"Append(f, {past('c_trunc', delay)})",
        ),
        layer("c2", f"ElementwiseProductComponent input-dim={2 * cell} output-dim={cell}", "Append(i, g)"),
        layer("c", f"NoOpComponent dim={cell}", "Sum(c1, c2)"),
        layer("c_trunc", f"BackpropTruncationComponent dim={cell} scale=0.9", "c"),
        layer("h", f"TanhComponent dim={cell}", "c"),
        layer("m", f"ElementwiseProductComponent input-dim={2 * cell} output-dim={cell}", "Append(o, h)"),
        recurrent,
        layer("r_trunc", f"ClipGradientComponent dim={out} clipping-threshold=30", "r"),
        affine("last", "Append(r, Offset(m, -1))", out + 3, 3),
    )


def _fast_lstm(
    prefix: str, source: str, dim: int, delay: int, *, projected: int = 0, masks: bool = False
) -> tuple[str, ...]:
    """A layer of cells whose gates are one component, as the scripts of 2017 write it."""
    cell, recurrent = 3, projected or 3
    mask = f", {prefix}.mask" if masks else ""
    lines = [
        affine(f"{prefix}.W", f"Append({source}, {past(f'{prefix}.r_trunc', delay)})", dim + recurrent, 4 * cell),
        layer(
            f"{prefix}.nonlin",
            f"LstmNonlinearityComponent cell-dim={cell} use-dropout={'true' if masks else 'false'}",
            f"Append({prefix}.W, {past(f'{prefix}.c_trunc', delay)}{mask})",
        ),
        f"dim-range-node name={prefix}.c input-node={prefix}.nonlin dim-offset=0 dim={cell}",
        f"dim-range-node name={prefix}.m input-node={prefix}.nonlin dim-offset={cell} dim={cell}",
    ]
    if masks:
        lines.append(
            layer(f"{prefix}.mask", "DropoutMaskComponent output-dim=3 dropout-proportion=0.3", f"{prefix}.first")
        )
        lines.append(f"dim-range-node name={prefix}.first input-node=input dim-offset=0 dim=3")
    if projected:
        lines.append(affine(f"{prefix}.rp", f"{prefix}.m", cell, 4))
        lines.append(f"dim-range-node name={prefix}.r input-node={prefix}.rp dim-offset=0 dim={projected}")
    r = f"{prefix}.r" if projected else f"{prefix}.m"
    lines += [
        layer(
            f"{prefix}.trunc",
            f"BackpropTruncationComponent dim={cell + recurrent} scale=0.95",
            f"Append({prefix}.c, {r})",
        ),
        f"dim-range-node name={prefix}.c_trunc input-node={prefix}.trunc dim-offset=0 dim={cell}",
        f"dim-range-node name={prefix}.r_trunc input-node={prefix}.trunc dim-offset={cell} dim={recurrent}",
    ]
    return tuple(lines)


_LSTM = (
    Case("lstm_of_parts", network(4, *_old_lstm(-1, 4)), dim=4, runs=_CUTS),
    Case("lstm_of_parts_projected", network(4, *_old_lstm(-3, 4, 2)), dim=4, runs=_MORE),
    Case("lstm_of_parts_backward", network(4, *_old_lstm(2, 4)), dim=4, runs=_CUTS),
    Case(
        "fast_lstm", network(4, *_fast_lstm("lstm", "input", 4, -1), affine("last", "lstm.m", 3, 3)), dim=4, runs=_CUTS
    ),
    Case(
        "fast_lstm_projected",
        network(4, *_fast_lstm("lstm", "input", 4, -3, projected=2), affine("last", "lstm.rp", 4, 3)),
        dim=4,
        runs=_MORE,
    ),
    Case(
        "fast_lstm_dropout",
        network(4, *_fast_lstm("lstm", "input", 4, -1, projected=2, masks=True), affine("last", "lstm.rp", 4, 3)),
        dim=4,
        runs=_CUTS,
    ),
    Case(
        "fast_blstm",
        network(
            4,
            *_fast_lstm("forward", "Append(Offset(input, -1), input)", 8, -3, projected=2),
            *_fast_lstm("backward", "Append(Offset(input, -1), input)", 8, 3),
            affine("last", "Append(forward.rp, backward.m)", 7, 3),
        ),
        dim=4,
        runs=_MORE,
    ),
)


def _gru(kind: str, delay: int) -> tuple[str, ...]:
    """Layers with gates: ``gru``, with a projection ``pgru``, with gates at the output ``opgru``."""
    cell, recurrent = 3, 3 if kind == "gru" else 2
    c, s = past("c_trunc", delay), past("s_trunc", delay)
    lines = [
        affine("W_z", f"Append(input, {s})", 4 + recurrent, cell),
        layer("z", f"SigmoidComponent dim={cell}", "W_z"),
        affine(
            "hpart",
            f"Append(input, {s})" if kind == "opgru" else "input",
            4 + (recurrent if kind == "opgru" else 0),
            cell,
        ),
    ]
    if kind == "opgru":
        lines += [
            layer("nonlin", f"OutputGruNonlinearityComponent cell-dim={cell}", f"Append(z, hpart, {c})"),
            affine("W_o", f"Append(input, {s})", 4 + recurrent, cell),
            layer("o", f"SigmoidComponent dim={cell}", "W_o"),
        ]
    else:
        tail = f"Append(z, r, hpart, {c}, {s})" if kind == "pgru" else f"Append(z, r, hpart, {c})"
        lines += [
            affine("W_r", f"Append(input, {s})", 4 + recurrent, recurrent),
            layer("r", f"SigmoidComponent dim={recurrent}", "W_r"),
            layer("nonlin", f"GruNonlinearityComponent cell-dim={cell} recurrent-dim={recurrent}", tail),
        ]
    lines += [
        f"dim-range-node name=h input-node=nonlin dim-offset=0 dim={cell}",
        f"dim-range-node name=c input-node=nonlin dim-offset={cell} dim={cell}",
        layer("c_trunc", f"BackpropTruncationComponent dim={cell}", "c"),
    ]
    if kind == "gru":
        lines += [node("s_trunc", "c_trunc", "c"), affine("last", "Append(c, h)", 6, 3)]
    elif kind == "pgru":
        lines += [
            affine("s", "c", cell, recurrent),
            layer("s_trunc", f"BackpropTruncationComponent dim={recurrent} scale=0.9", "s"),
            affine("last", "s", recurrent, 3),
        ]
    else:
        lines += [
            layer("y", f"ElementwiseProductComponent input-dim={2 * cell} output-dim={cell}", "Append(o, c)"),
            affine("s", "y", cell, recurrent),
            layer("s_trunc", f"BackpropTruncationComponent dim={recurrent} scale=0.9", "s"),
            affine("last", "s", recurrent, 3),
        ]
    return tuple(lines)


_GRU = (
    Case("gru", network(4, *_gru("gru", -1)), dim=4, runs=_CUTS),
    Case("gru_delay", network(4, *_gru("gru", -3)), dim=4, runs=_MORE),
    Case("pgru", network(4, *_gru("pgru", -1)), dim=4, runs=_CUTS),
    Case("pgru_backward", network(4, *_gru("pgru", 3)), dim=4, runs=_MORE),
    Case("opgru", network(4, *_gru("opgru", -1)), dim=4, runs=_CUTS),
    Case("opgru_delay", network(4, *_gru("opgru", -3)), dim=4, runs=_MORE),
)

CASES = (*_SIMPLE, *_MIXED, *_DESCRIPTORS, *_BENT, *_LSTM, *_GRU)
