"""Cases of nnet3: recurrent layers with gates, of single components and of one for all gates."""

from __future__ import annotations

from tests.golden.golden_case import Case, affine, layer, network, node
from tests.golden.nnet3_recurrent_models import CUTS, MORE, past


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
    Case("lstm_of_parts", network(4, *_old_lstm(-1, 4)), dim=4, runs=CUTS),
    Case("lstm_of_parts_projected", network(4, *_old_lstm(-3, 4, 2)), dim=4, runs=MORE),
    Case("lstm_of_parts_backward", network(4, *_old_lstm(2, 4)), dim=4, runs=CUTS),
    Case(
        "fast_lstm", network(4, *_fast_lstm("lstm", "input", 4, -1), affine("last", "lstm.m", 3, 3)), dim=4, runs=CUTS
    ),
    Case(
        "fast_lstm_projected",
        network(4, *_fast_lstm("lstm", "input", 4, -3, projected=2), affine("last", "lstm.rp", 4, 3)),
        dim=4,
        runs=MORE,
    ),
    Case(
        "fast_lstm_dropout",
        network(4, *_fast_lstm("lstm", "input", 4, -1, projected=2, masks=True), affine("last", "lstm.rp", 4, 3)),
        dim=4,
        runs=CUTS,
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
        runs=MORE,
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
    Case("gru", network(4, *_gru("gru", -1)), dim=4, runs=CUTS),
    Case("gru_delay", network(4, *_gru("gru", -3)), dim=4, runs=MORE),
    Case("pgru", network(4, *_gru("pgru", -1)), dim=4, runs=CUTS),
    Case("pgru_backward", network(4, *_gru("pgru", 3)), dim=4, runs=MORE),
    Case("opgru", network(4, *_gru("opgru", -1)), dim=4, runs=CUTS),
    Case("opgru_delay", network(4, *_gru("opgru", -3)), dim=4, runs=MORE),
)

CASES = (*_LSTM, *_GRU)
