"""Changes of the components of nnet3 models: fields, tokens, types, order, and what stands behind the network."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.kaldi_judge.nnet3_chance import FLOATS, INTEGERS, SPELLINGS, Change, Numbers, pick
from tests.kaldi_judge.nnet3_chance import index as some
from tests.kaldi_judge.nnet3_text import Field, TextModel


def _component(model: TextModel, numbers: Numbers) -> list[Field]:
    return model.components[some(numbers, model.components)]


def _place(component: list[Field], numbers: Numbers) -> int:
    """A field between the opening and the closing token."""
    if len(component) < 4:
        raise ValueError("no fields")
    return int(numbers.integers(2, len(component) - 1))


def _drop_field(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    return f"{component[1].token} {component.pop(_place(component, numbers)).token}"


def _repeat_token(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    place = int(numbers.integers(1, len(component)))
    component.insert(place, Field(component[place].token, component[place].value if place > 1 else ""))
    return component[place].token


def _swap_fields(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    place = _place(component, numbers)
    component[place - 1], component[place] = component[place], component[place - 1]
    return f"{component[place - 1].token} before {component[place].token}"


_OLD_FIELDS = (
    ("<IsGradient>", "F "),
    ("<IsGradient>", "T "),
    ("<MaxChange>", "0.75 "),
    ("<L2Regularize>", "0.1 "),
    ("<LearningRateFactor>", "0 "),
    ("<LearningRate>", "0.1 "),
    ("<BlockDim>", "1 "),
    ("<BlockDim>", "2 "),
    ("<BlockDim>", "3 "),
    ("<TestMode>", "T "),
    ("<TestMode>", "F "),
    ("<TestMode>", ""),
    ("<Continuous>", ""),
    ("<DropoutPerFrame>", "T "),
    ("<SelfRepairScale>", "0.1 "),
    ("<SelfRepairLowerThreshold>", "0.1 "),
    ("<OrthonormalConstraint>", "1 "),
    ("<MaxChangePerSample>", "0.1 "),
    ("<UseDropout>", "T "),
    ("<UseDropout>", "F "),
    ("<AddLogStddev>", "T "),
    ("<TargetRms>", "0.5 "),
    ("<Scale>", "0.5 "),
    ("<Junk>", ""),
    ("<ValueAvg>", "[ ]\n"),
    ("<BackpropScale>", "1 "),
)


def _old_field(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    place = int(numbers.integers(2, len(component)))
    token, value = _OLD_FIELDS[some(numbers, _OLD_FIELDS)]
    component.insert(place, Field(token, value))
    return f"{component[1].token}: {token} before {component[place + 1].token}"


def _places(component: list[Field], *, arrays: bool) -> list[int]:
    places = [n for n, each in enumerate(component) if n > 1 and each.value.strip() and ("[" in each.value) == arrays]
    if not places:
        raise ValueError("no such fields")
    return places


def _scalar(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    places = _places(component, arrays=False)
    each = component[places[some(numbers, places)]]
    words = each.value.split()
    choices = ["T", "F"] if words[0] in "TF" else [*INTEGERS, *FLOATS, *SPELLINGS]
    if words[0].lstrip("-").isdigit() and numbers.random() < 0.6:
        choices = [*(str(int(words[0]) + step) for step in (-2, -1, 1, 2)), str(2 * int(words[0]))]
    words[0] = pick(numbers, choices)
    each.value = f"{' '.join(words)} "
    return f"{component[1].token}: {each.token} {words[0]}"


_WAYS_OF_ARRAYS = (
    *("empty", "drop", "more", "twice", "value", "value", "shuffle", "one", "row", "row more", "column"),
)


def _array(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    places = _places(component, arrays=True)
    each = component[places[some(numbers, places)]]
    inside = each.value.strip()[1:-1]
    is_matrix = "\n" in inside
    rows = [row.split() for row in inside.split("\n") if row.split()]
    row = rows[some(numbers, rows)] if rows else []
    way = pick(numbers, _WAYS_OF_ARRAYS)
    match way:
        case "empty":
            rows = []
        case "drop":
            row[-1:] = []
        case "more":
            row.append("1")
        case "twice":
            row += row
        case "value" if row:
            row[some(numbers, row)] = pick(numbers, (*FLOATS, *INTEGERS))
        case "shuffle":
            numbers.shuffle(row)
        case "one":
            rows = [row[:1]]
        case "row":
            rows = rows[1:]
        case "row more":
            rows += rows[:1]
        case "column":
            rows = [row[1:] for row in rows]
    text = "\n".join(" ".join(row) for row in rows)
    each.value = f" [\n{text} ]\n" if is_matrix else f" [ {text} ]\n"
    return f"{component[1].token}: {each.token} {way}"


def _end_token(model: TextModel, numbers: Numbers) -> str:
    component = _component(model, numbers)
    opening = component[1].token
    component[-1].token = pick(numbers, (opening, "</Component>", f"x{opening[1:]}", f"</{opening[1:]}", opening[1:]))
    return component[-1].token


def _other_type(model: TextModel, numbers: Numbers) -> str:
    """The type, and the closing token, of another component."""
    component = _component(model, numbers)
    opening = component[1].token
    similar = (
        ("<SigmoidComponent>", "<TanhComponent>", "<RectifiedLinearComponent>", "<SoftmaxComponent>",
         "<LogSoftmaxComponent>", "<NoOpComponent>"),
        ("<RepeatedAffineComponent>", "<NaturalGradientRepeatedAffineComponent>", "<BlockAffineComponent>"),
        ("<AffineComponent>", "<FixedAffineComponent>", "<NaturalGradientAffineComponent>", "<TdnnComponent>"),
        ("<PnormComponent>", "<ElementwiseProductComponent>", "<SumBlockComponent>", "<DistributeComponent>"),
    )  # fmt: skip
    family = next((group for group in similar if opening in group), (opening, "<Component>"))
    component[1].token = pick(numbers, family)
    component[-1].token = f"</{component[1].token[1:]}"
    return f"{opening} -> {component[1].token}"


def _components(model: TextModel, numbers: Numbers) -> str:
    """Another number of components, another order, one less, one more that nothing uses."""
    way = pick(numbers, ("count", "order", "drop", "more"))
    if way == "order":
        numbers.shuffle(model.components)
    elif way == "count":
        model.count = str(int(model.count) + int(numbers.integers(-2, 3)))
    elif way == "drop":
        model.components.pop(some(numbers, model.components))
        model.count = str(len(model.components))
    else:
        name = pick(numbers, ("unused", "input", model.components[0][0].value.strip() if model.components else ""))
        copied = [Field(each.token, each.value) for each in _component(model, numbers)]
        copied[0].value = f"{name} "
        model.components.append(copied)
        model.count = str(len(model.components))
        if numbers.random() < 0.7:
            place = some(numbers, copied)
            copied[place].value = pick(numbers, ("[ ]\n", "0 ", "", "-1 ", "[ 1 2 3 ]\n"))
            return f"{way} {name}: {copied[1].token}: {copied[place].token} {copied[place].value.strip()}"
        return f"{way} {name}"
    return way


def _behind(model: TextModel, numbers: Numbers) -> str:
    """What follows the network: priors, contexts, more bytes."""
    if not model.behind.strip():
        model.behind = pick(numbers, (" \n", "junk", "<Nnet3> ", "\0\1\2", "<LeftContext> 3 "))
        return repr(model.behind)
    ways: tuple[Callable[[str], str], ...] = (
        lambda text: re.sub(r"<Priors>.*", "", text, flags=re.DOTALL),
        lambda text: re.sub(r"\[[^\]]*\]", "[ ]", text),
        lambda text: re.sub(r"\[\s*\S+", "[", text),
        lambda text: re.sub(r"\]", "0.1 ]", text),
        lambda text: re.sub(r"\[\s*\S+", "[ 0", text),
        lambda text: re.sub(r"\[\s*\S+", "[ -0.5", text),
        lambda text: re.sub(r"\[\s*\S+", "[ nan", text),
        lambda text: re.sub(r"<LeftContext> \d+", "<LeftContext> -5", text),
        lambda text: re.sub(r"<RightContext> \d+", "<RightContext> 500", text),
        lambda text: re.sub(r"<RightContext> \d+", "", text),
        lambda text: text + "junk",
    )
    way = ways[some(numbers, ways)]
    model.behind = way(model.behind)
    return model.behind[-60:]


FIELDS: tuple[Change, ...] = (
    *((_drop_field,) * 2),
    _repeat_token,
    _swap_fields,
    *((_old_field,) * 4),
    *((_scalar,) * 6),
    *((_array,) * 4),
    _end_token,
    _other_type,
    *((_components,) * 2),
    _behind,
)
