"""Changes of the configuration of nnet3 models: descriptors, numbers, names, layout and order of lines."""

from __future__ import annotations

import re

from tests.kaldi_judge.nnet3_chance import INTEGERS, SPELLINGS, Change, Numbers, pick
from tests.kaldi_judge.nnet3_chance import index as some
from tests.kaldi_judge.nnet3_text import TextModel

_OFFSETS = (-1000, -350, -20, -4, -3, -2, -1, 0, 1, 2, 3, 5, 20, 350, 1000)
_WRAPPERS = (
    "Offset({x}, {t})",
    "Offset({x}, {t}, {i})",
    "Offset({x}, {t}, 0)",
    "IfDefined({x})",
    "IfDefined(Offset({x}, {t}))",
    "Offset(IfDefined({x}), {t})",
    "Failover({x}, {y})",
    "Failover(Offset({x}, {t}), {x})",
    "Failover(Offset({x}, {t}), Offset({x}, {u}))",
    "Failover({x}, Scale({s}, {y}))",
    "Failover({x}, Const({s}, {d}))",
    "IfDefined(Failover(Offset({x}, {t}), Offset({x}, {u})))",
    "Sum({x}, {x})",
    "Sum({x}, {y})",
    "Sum({x}, {y}, Offset({x}, {t}))",
    "Sum({x})",
    "Sum({x}, Const({s}, {d}))",
    "Sum(Const({s}, {d}), {x}, Const({s}, {d}))",
    "Sum({x}, IfDefined(Offset({x}, {t})))",
    "Sum(Scale({s}, {x}), Scale({s}, Offset({x}, {t})))",
    "Sum(Scale({s}, {x}), Scale({s}, {y}))",
    "Sum({x}, Scale({s}, {x}))",
    "Scale({s}, {x})",
    "Scale({s}, Sum({x}, {y}))",
    "Scale({s}, Scale({s}, {x}))",
    "Scale({s}, IfDefined({x}))",
    "Scale({s}, Switch({x}, {y}))",
    "Switch({x}, {y})",
    "Switch({x})",
    "Switch({x}, Offset({x}, {t}), {y})",
    "Switch(Sum({x}, {y}))",
    "Round({x}, {m})",
    "Round(Offset({x}, {t}), {m})",
    "Offset(Round({x}, {m}), {t})",
    "Round(Sum({x}, {y}), {m})",
    "Round(Switch({x}, {y}), {m})",
    "ReplaceIndex({x}, t, {t})",
    "ReplaceIndex({x}, x, {i})",
    "ReplaceIndex(Sum({x}, {y}), t, {t})",
    "IfDefined(ReplaceIndex({x}, t, {t}))",
    "Append({x})",
    "Append({x}, {y})",
    "Append({x}, Const({s}, {d}))",
    "IfDefined(Append({x}, {y}))",
    "Append(Append({x}), {y})",
    "Const({s}, {d})",
    "{y}",
    "( {x} )",
    "{x} ",
    "  {x}",
)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def _descriptors(line: str) -> list[tuple[int, int]]:
    """Where the descriptors inside of a line are, the largest first: begin and end."""
    begin = line.find("input=")
    if begin < 0:
        raise ValueError("a line without descriptor")
    found = []
    for word in _WORD.finditer(line, begin + 6):
        end = word.end()
        if line[end : end + 1] == "(":
            depth = 0
            while end < len(line):
                depth += (line[end] == "(") - (line[end] == ")")
                end += 1
                if not depth:
                    break
        elif word[0] in "tx" or word[0] in ("objective", "quadratic", "linear"):
            continue
        found.append((word.start(), end))
    return found


def _nodes(model: TextModel) -> list[str]:
    found = (re.search(r"\bname=(\S+)", line) for line in model.lines if "output-node" not in line)
    return [match[1] for match in found if match]


def _descriptor(model: TextModel, numbers: Numbers) -> str:
    """Something around a descriptor, or in its place."""
    index = some(numbers, model.lines)
    line = model.lines[index]
    spans = _descriptors(line)
    begin, end = spans[some(numbers, spans)]
    text = pick(numbers, _WRAPPERS).format(
        x=line[begin:end],
        y=pick(numbers, _nodes(model)),
        t=pick(numbers, _OFFSETS),
        u=pick(numbers, _OFFSETS[3:12]),
        i=pick(numbers, (0, 1, 2, -1)),
        s=pick(numbers, ("0.5", "2", "-1", "0", "1.5e0", "-.5")),
        d=pick(numbers, (1, 2, 3, 4, 5, 6, 8)),
        m=pick(numbers, (1, 2, 3, 4, 10, 0, -2)),
    )
    model.lines[index] = line[:begin] + text + line[end:]
    return f"{line[begin:end]} -> {text}"


def _number_in_line(model: TextModel, numbers: Numbers) -> str:
    """Another number in a line."""
    index = some(numbers, model.lines)
    found = list(re.finditer(r"(?<=[(, =])-?[0-9][0-9.]*(?=[), ]|$)", model.lines[index]))
    match = found[some(numbers, found)]
    value = pick(numbers, (*INTEGERS, *SPELLINGS, "-2", "-3", "5", "20"))
    model.lines[index] = model.lines[index][: match.start()] + value + model.lines[index][match.end() :]
    return f"{match[0]} -> {value} in {model.lines[index]}"


def _layout_of_line(model: TextModel, numbers: Numbers) -> str:
    """Other blanks, comments, quotes, settings in another order."""
    index = some(numbers, model.lines)
    line = model.lines[index]
    head, *settings = re.split(r" (?=[a-z\-]+=)", line)
    ways = (
        f"  {line}",
        f"{line}  ",
        f"\t{line}",
        f"{line} # a comment",
        f"{line}#comment",
        f"# a comment\n{line}",
        f"   \n{line}",
        f"{line}\r",
        line.replace(" ", "\t"),
        line.replace(" ", "  "),
        line.replace("(", " ( ").replace(",", " , "),
        " ".join([head, *reversed(settings)]),
        " ".join([head, *settings, settings[-1]]),
        " ".join([head, *settings, settings[0].split("=")[0] + "=other"]),
        " ".join([head, *settings, "more=1"]),
        " ".join([head, *settings, "more"]),
        re.sub(r"input=(.*)", r"input='\1'", line),
        re.sub(r"input=(.*)", r'input="\1"', line),
        re.sub(r"name=(\S+)", r"name='\1'", line),
        line.replace("=", " = ", 1),
        line.replace("-node", "-nod", 1),
        line.replace("component-node ", "component ", 1),
        f"{line} objective=quadratic",
        f"{line} objective=linear",
        f"{line} objective=other",
        f"{line}\n{line}",
        line.upper(),
        "",
    )
    model.lines[index] = pick(numbers, ways)
    return repr(model.lines[index])


def _other_name(model: TextModel, numbers: Numbers) -> str:
    """A node with another name, everywhere."""
    # Tables are given for this name.
    old = pick(numbers, [name for name in _nodes(model) if name != "ivector"])
    new = pick(
        numbers,
        ("a.b-c", "_a", "a_input", "Sum", "Offset", "t", "x", "1a", "a b", "é", "a" * 190, "a" * 300, "output", "input",
         f"{old}_input", "ivector", "a/b", "a:b", "nan", "inf", "end", "<a>"),
    )  # fmt: skip
    pattern = rf"(?<![\w.\-]){re.escape(old)}(?![\w.\-])"
    model.lines = [re.sub(pattern, lambda _: new, line) for line in model.lines]
    if numbers.random() < 0.5:
        for component in model.components:
            if component[0].value.strip() == old:
                component[0].value = f"{new} "
    return f"{old} -> {new[:20]}"


def _more_nodes(model: TextModel, numbers: Numbers) -> str:
    """A node more: unused, an output, an input, columns of a node."""
    source, dim = pick(numbers, _nodes(model)), pick(numbers, (1, 2, 3, 4, 5, 6))
    components = [component[0].value.strip() for component in model.components]
    component, other = (pick(numbers, components or [""]) for _ in range(2))
    line = pick(
        numbers,
        (
            f"output-node name=output-xent input={source}",
            f"output-node name=more input=Append({source}, Offset({source}, -400))",
            f"input-node name=ivector dim={dim}",
            f"input-node name=other dim={dim}",
            f"dim-range-node name=part input-node={source} dim-offset=0 dim={dim}",
            f"dim-range-node name=part input-node={source} dim-offset=1 dim={dim}",
            f"dim-range-node name=part input-node={source} dim={dim} dim-offset=-1",
            f"component-node name=unused component={component} input={source}",
            f"component-node name=unused component={component} input=IfDefined(Offset(unused, -1))",
            f"component-node name=unused component={other} input=Sum({source}, unused)",
            f"component-node name=unused component={other} input=Switch({source}, {source})",
        ),
    )
    place = int(numbers.integers(len(model.lines) + 1))
    model.lines.insert(place, line)
    if "part" in line and numbers.random() < 0.7:
        index = some(numbers, model.lines)
        spans = _descriptors(model.lines[index])
        begin, end = spans[some(numbers, spans)]
        model.lines[index] = model.lines[index][:begin] + "part" + model.lines[index][end:]
    return line


def _lines(model: TextModel, numbers: Numbers) -> str:
    """Lines in another order, or one less."""
    if numbers.random() < 0.6:
        numbers.shuffle(model.lines)
        return "another order"
    return model.lines.pop(some(numbers, model.lines))


def _settings_of_output(model: TextModel, numbers: Numbers) -> str:
    """Another node, with something around it, as output."""
    index = next((n for n, line in enumerate(model.lines) if line.startswith("output-node")), -1)
    if index < 0:
        raise ValueError("no output")
    source = pick(numbers, _nodes(model))
    text = pick(numbers, _WRAPPERS[:40]).format(
        x=source, y=pick(numbers, _nodes(model)), t=pick(numbers, _OFFSETS), u=pick(numbers, _OFFSETS[3:12]), i=0,
        s="0.5", d=pick(numbers, (1, 2, 3, 4, 5)), m=pick(numbers, (1, 2, 3)),
    )  # fmt: skip
    model.lines[index] = f"output-node name=output input={text}"
    return model.lines[index]


CONFIG: tuple[Change, ...] = (
    *((_descriptor,) * 10),
    *((_number_in_line,) * 3),
    *((_layout_of_line,) * 3),
    _other_name,
    *((_more_nodes,) * 2),
    _lines,
    *((_settings_of_output,) * 2),
)
