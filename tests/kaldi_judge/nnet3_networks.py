"""Random small networks of nnet3, as lines for nnet3-init: layers of all types that read earlier and later nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_SIMPLE = ("SigmoidComponent", "TanhComponent", "RectifiedLinearComponent", "LogSoftmaxComponent", "SoftmaxComponent")


@dataclass(slots=True)
class _Network:
    numbers: np.random.Generator
    lines: list[str] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)
    """Nodes so far, and columns of their output."""

    def pick(self, *items: int) -> int:
        return items[int(self.numbers.integers(len(items)))]

    def word(self, *items: str) -> str:
        return items[int(self.numbers.integers(len(items)))]

    def node(self) -> str:
        return self.word(*self.widths)


def random_network(numbers: np.random.Generator, dim: int) -> str:
    """The lines of a network that reads ``dim`` columns."""
    network = _Network(numbers, [f"input-node name=input dim={dim}"], {"input": dim})
    for index in range(int(numbers.integers(2, 6))):
        (_add_loop if numbers.random() < 0.15 else _add_layer)(network, f"n{index}")
    last = list(network.widths)[-1]
    if numbers.random() < 0.3:
        network.lines.append(f"output-node name=other input={_source(network, network.node())[0]}")
    output = last if numbers.random() < 0.6 else _source(network, last)[0]
    network.lines.append(f"output-node name=output input={output}")
    return "\n".join([*network.lines, ""])


def _source(network: _Network, start: str) -> tuple[str, int]:
    """A descriptor that reads earlier nodes, and its columns."""
    pick, word, widths = network.pick, network.word, network.widths
    width = widths[start]
    match pick(0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        case 1:
            offsets = sorted({pick(-6, -3, -2, -1, 0, 1, 2, 3, 6) for _ in range(pick(1, 2, 3, 3))})
            return f"Append({', '.join(f'Offset({start}, {t})' if t else start for t in offsets)})", width * len(
                offsets
            )
        case 2:
            more = network.node()
            return f"Append({start}, {more})", width + widths[more]
        case 3:
            same = [name for name in widths if widths[name] == width]
            return f"Sum({start}, {word(*same)})", width
        case 4:
            return f"Sum({start}, Offset({start}, {pick(-3, -1, 2)}))", width
        case 5:
            return f"Append(IfDefined(Offset({start}, {pick(-3, -1, 1, 2)})), {start})", 2 * width
        case 6:
            return f"Round({start}, {pick(2, 3)})", width
        case 7:
            same = [name for name in widths if widths[name] == width]
            return f"Switch({start}, {word(*same)})", width
        case 8:
            return f"Failover(Offset({start}, {pick(-4, 3)}), {start})", width
        case 9:
            return f"Scale({word('0.5', '-1', '2')}, {start})", width
        case 10:
            return f"Sum(Scale(0.5, {start}), Const({word('1', '-0.5')}, {width}))", width
        case 11:
            return f"Offset({start}, {pick(-2, -1, 1, 3)})", width
    return start, width


def _add_layer(network: _Network, name: str) -> None:
    pick, numbers = network.pick, network.numbers
    start = list(network.widths)[-1] if numbers.random() < 0.75 else network.node()
    source, width = _source(network, start)
    kind, width_out = _component(network, width)
    if numbers.random() < 0.12 and "Statistics" not in kind:
        # A recurrence: the node reads itself some frames earlier or later.
        back = pick(-1, -1, -2, -3, 1)
        source = f"Append({source}, IfDefined(Offset({name}, {back})))"
        width_out = pick(2, 3, 4)
        kind = f"AffineComponent input-dim={width + width_out} output-dim={width_out}"
    network.lines.append(f"component name={name}.c type={kind}")
    network.lines.append(f"component-node name={name} component={name}.c input={source}")
    network.widths[name] = width_out
    if "StatisticsExtraction" in kind:
        right, left = pick(0, 3, 6, 12), pick(0, 3, 6, 12)
        more = f"output-stddevs={'true' if width_out % 2 and 'include-variance=true' in kind else 'false'}"
        period = kind.split("output-period=")[1].split()[0]
        counts = pick(0, 1, 2)
        network.lines.append(
            f"component name={name}.p type=StatisticsPoolingComponent input-dim={width_out} input-period={period} "
            f"left-context={left * int(period)} right-context={(right or 3) * int(period)} "
            f"num-log-count-features={counts} {more}"
        )
        network.lines.append(f"component-node name={name}p component={name}.p input={name}")
        network.widths[f"{name}p"] = width_out - 1 + counts
        if int(period) > 1:
            network.lines.append(
                f"dim-range-node name={name}r input-node={name}p dim-offset=0 dim={width_out - 1 + counts}"
            )
            network.lines.append(f"component name={name}.n type=NoOpComponent dim={width_out - 1 + counts}")
            network.lines.append(f"component-node name={name}n component={name}.n input=Round({name}p, {period})")
            network.widths.pop(f"{name}p")
            network.widths.pop(name)
            network.widths[f"{name}n"] = width_out - 1 + counts


def _add_loop(network: _Network, name: str) -> None:
    """An affine layer and two or three other nodes that read each other, and the affine layer some frames earlier."""
    pick, word = network.pick, network.word
    source, width = _source(network, network.node())
    inner = pick(2, 3, 4, 6)
    delay = pick(-1, -1, -2, -3, -6, 1, 2)
    kinds = [
        *(f"{kind} dim={inner}" for kind in _SIMPLE),
        f"NormalizeComponent dim={inner} target-rms=0.5",
        f"BatchNormComponent dim={inner}",
        f"NoOpComponent dim={inner}",
        f"BackpropTruncationComponent dim={inner} scale=0.9",
        f"TdnnComponent input-dim={inner} output-dim={inner} time-offsets={word('0', '-1,0', '-2,-1')}",
    ]
    nodes = [f"{name}{letter}" for letter in "abc"[: pick(1, 2, 3)]]
    back = word(
        "IfDefined(Offset({x}, {t}))",
        "IfDefined(Offset({x}, {t}))",
        "IfDefined(Offset(Scale(0.5, {x}), {t}))",
        "Failover(Offset({x}, {t}), Offset({s}, -20))" if width == inner else "IfDefined(Offset({x}, {t}))",
        "IfDefined(Sum(Offset({x}, {t}), Offset({y}, {t})))",
        "IfDefined(Round(Offset({x}, {t}), 2))",
        "IfDefined(Switch(Offset({x}, {t}), Offset({y}, {t})))",
        "Sum(IfDefined(Offset({x}, {t})), IfDefined(Offset({y}, {t})))",
    ).format(x=nodes[-1], y=name, t=delay, s=source)
    network.lines.append(f"component name={name}.c type=AffineComponent input-dim={width + inner} output-dim={inner}")
    network.lines.append(f"component-node name={name} component={name}.c input=Append({source}, {back})")
    before = name
    for index, node in enumerate(nodes):
        reads = word("{b}", "{b}", "Sum({b}, {n})", "Sum({b}, IfDefined(Offset({n}, {t})))").format(
            b=before, n=name, t=delay
        )
        network.lines.append(f"component name={node}.c type={kinds[int(network.numbers.integers(len(kinds)))]}")
        network.lines.append(f"component-node name={node} component={node}.c input={reads}")
        before = node
        if index == len(nodes) - 1:
            network.widths[node] = inner
    network.widths[name] = inner


def _component(network: _Network, width: int) -> tuple[str, int]:
    """A component for that many columns, and the columns that it gives."""
    pick, word = network.pick, network.word
    out = pick(2, 3, 4, 6)
    divisors = [n for n in (2, 3, 4) if width % n == 0]
    choices: list[tuple[str, int]] = [
        *((f"{kind}Component input-dim={width} output-dim={out}", out) for kind in ("Affine", "NaturalGradientAffine")),
        (f"LinearComponent input-dim={width} output-dim={out}", out),
        (f"TdnnComponent input-dim={width} output-dim={out} time-offsets={word('-1,0,2', '0', '-3,3', '1,2')}", out),
        (f"TdnnComponent input-dim={width} output-dim={out} time-offsets=-1,1 use-bias=false", out),
        (f"{word(*_SIMPLE)} dim={width}", width),
        (f"{word(*_SIMPLE)} dim={width}", width),
        (f"NormalizeComponent dim={width} target-rms=0.5", width),
        (f"NormalizeComponent input-dim={width} add-log-stddev=true", width + 1),
        (f"BatchNormComponent dim={width} target-rms=0.7", width),
        (f"NoOpComponent dim={width}", width),
        (f"PermuteComponent column-map={','.join(map(str, network.numbers.permutation(width)))}", width),
        (f"DropoutComponent dim={width} dropout-proportion=0.3", width),
        (f"GeneralDropoutComponent dim={width} dropout-proportion=0.3 time-period=0", width),
        (f"SpecAugmentTimeMaskComponent dim={width} zeroed-proportion=0.2 time-mask-max-frames=10", width),
        (f"PerElementScaleComponent dim={width}", width),
        (f"NaturalGradientPerElementScaleComponent dim={width}", width),
        (f"PerElementOffsetComponent dim={width}", width),
        (f"ScaleAndOffsetComponent dim={width}", width),
        (f"ClipGradientComponent dim={width}", width),
        (f"BackpropTruncationComponent dim={width} scale=0.9", width),
        (f"ConstantFunctionComponent input-dim={width} output-dim={out} output-mean=1 output-stddev=1", out),
        (
            f"StatisticsExtractionComponent input-dim={width} input-period={pick(1, 1, 2)} "
            f"output-period={pick(2, 4)} include-variance={word('true', 'false')}",
            0,
        ),
    ]
    for part in divisors:
        choices += [
            (f"PnormComponent input-dim={width} output-dim={width // part}", width // part),
            (f"SumGroupComponent input-dim={width} output-dim={width // part}", width // part),
            (f"SumBlockComponent input-dim={width} output-dim={width // part} scale=0.5", width // part),
            (f"ElementwiseProductComponent input-dim={width} output-dim={width // part}", width // part),
            (f"BatchNormComponent dim={width} block-dim={width // part}", width),
            (f"NormalizeComponent input-dim={width} block-dim={width // part} add-log-stddev=true", width + part),
            (f"BlockAffineComponent input-dim={width} output-dim={part * 2} num-blocks={part}", part * 2),
            (f"RepeatedAffineComponent input-dim={width} output-dim={part * 2} num-repeats={part}", part * 2),
            (f"PerElementOffsetComponent dim={width} block-dim={width // part}", width),
            (f"ScaleAndOffsetComponent dim={width} block-dim={width // part}", width),
            (
                f"TimeHeightConvolutionComponent num-filters-in={part} num-filters-out=2 height-in={width // part} "
                f"height-out={width // part} height-offsets=-1,0,1 time-offsets={word('-1,0,1', '0', '-3,0')} "
                f"required-time-offsets=0",
                2 * (width // part),
            ),
        ]
    if width % 5 == 0:
        choices.append((f"LstmNonlinearityComponent cell-dim={width // 5}", width // 5 * 2))
    if width % 3 == 0:
        choices.append((f"OutputGruNonlinearityComponent cell-dim={width // 3}", width // 3 * 2))
    if width % 4 == 0:
        choices.append((f"GruNonlinearityComponent cell-dim={width // 4}", width // 4 * 2))
    if width in (7, 9, 11):  # 2 keys of one column, a value and the weights of 3 or more frames
        value = width - 2 - 4
        choices.append(
            (
                f"RestrictedAttentionComponent num-heads=1 key-dim=1 value-dim={value} num-left-inputs=2 "
                f"num-right-inputs=1 time-stride={pick(1, 2, 3)} num-left-inputs-required={pick(0, 1)} "
                f"num-right-inputs-required=0 output-context={word('true', 'false')}",
                0,
            )
        )
    kind, width_out = choices[int(network.numbers.integers(len(choices)))]
    if "StatisticsExtraction" in kind:
        input_period, output_period = (int(kind.split(f"{side}-period=")[1].split()[0]) for side in ("input", "output"))
        kind = kind.replace(
            f"output-period={output_period}", f"output-period={output_period // input_period * input_period}"
        )
        width_out = 1 + width * (2 if "include-variance=true" in kind else 1)
    elif "Attention" in kind:
        value = int(kind.split("value-dim=")[1].split()[0])
        width_out = value + (4 if "output-context=true" in kind else 0)
    return kind, width_out
