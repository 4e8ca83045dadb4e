"""Every recorded spelling is accepted by its command, with the same kind of value and the same default."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.frozen.command_line import FROZEN, Parsed, Refused, commands, parse, run_main
from tests.frozen.options import EXAMPLES, describe_options

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((FROZEN / "options.json").read_text(encoding="utf-8"))
OPTIONS = [
    pytest.param(command, option, id=f"{command} {option['spellings'][0]}")
    for command, options in RECORDED.items()
    for option in options
    if option["spellings"] and option["spellings"][0] != "--help"
]


# Flags of the old samples, which took any text as a truth value.
OLD_FLAGS = {"-pc", "-memory_reuse_off"}
# What stands for the value of Kaldi's flags.
TRUTH = "true|false"


def test_commands_are_those_that_were() -> None:
    assert list(commands()) == list(RECORDED)


@pytest.mark.parametrize("command", RECORDED)
def test_every_option_is_recorded(command: str) -> None:
    recorded = {spelling for option in RECORDED[command] for spelling in (*option["spellings"], *option["off"])}
    described: list[dict[str, Any]] = describe_options()[command]
    today = {spelling for option in described for spelling in (*option["spellings"], *option["off"])}
    assert today - recorded == set()


@pytest.mark.parametrize("command", RECORDED)
def test_unknown_options_are_refused(command: str) -> None:
    with pytest.raises(Refused):
        parse([command, *needed(command), "--no-such-option-as-this"])


def needed(command: str, besides: str = "") -> list[str]:
    """What ``command`` cannot do without, but for the option ``besides``."""
    words: list[str] = []
    for option in RECORDED[command]:
        if option["positional"] and option["required"]:
            words.append("x")
        elif option["required"] and option["spellings"][0] != besides:
            words += [option["spellings"][0], "y"]
    return words


def examples(option: dict[str, Any]) -> list[tuple[list[str], object]]:
    """Words that give the option a value, and the value."""
    default = option["default"]
    match option["kind"]:
        case "flag":
            return [([], True)]
        case "choice":
            return [([choice], choice) for choice in option["choices"]]
        case "int" | "float":
            value = option["least"] if option["least"] is not None and option["least"] != default else 3
            if value == default:
                value = 4
            return [([str(value)], float(value) if option["kind"] == "float" else value)]
        case _ if option["metavar"] == TRUTH:
            return [(["true"], "true"), (["false"], "false")]
        case _:
            text = EXAMPLES.get(option["spellings"][0], "some text")
            return [([text], text)]


def value_of(before: Parsed, after: Parsed) -> tuple[str, object]:
    """The parameter that ``after`` was given more than ``before``, and its value."""
    more = after.given - before.given
    assert len(more) == 1, more
    name = next(iter(more))
    return name, after.values[name]


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_spellings_values_and_default(command: str, option: dict[str, Any]) -> None:
    words = [command, *needed(command, besides=option["spellings"][0])]
    if option["required"]:
        with pytest.raises(Refused):
            parse(words)
        before = Parsed(command, {}, parse([command, *needed(command)]).given - {option["name"]})
        names = {name for name in parse([command, *needed(command)]).given if name not in before.given}
        assert len(names) == 1
    else:
        before = parse(words)
        names = set()
    for spelling in option["spellings"]:
        for value_words, expected in examples(option):
            name, found = value_of(before, parse([*words, spelling, *value_words]))
            names.add(name)
            assert found == ([expected] if option["multiple"] else expected), spelling
            assert type(found) is type([expected] if option["multiple"] else expected), spelling
            if option["multiple"]:
                assert parse([*words, *2 * [spelling, *value_words]]).values[name] == 2 * [expected]
    for spelling in option["off"]:
        assert value_of(before, parse([*words, spelling])) == (next(iter(names)), False)
    assert len(names) == 1, f"spellings of one option are different options: {names}"
    if not option["required"]:
        default = before.values[next(iter(names))]
        assert default == ([] if option["multiple"] and option["default"] is None else option["default"])


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_values_of_another_kind_are_refused(command: str, option: dict[str, Any]) -> None:
    words = [command, *needed(command, besides=option["spellings"][0])]
    refused = {"int": ["x", "1.5"], "float": ["x"], "choice": ["no such choice"]}.get(option["kind"], [])
    if option["least"] is not None:
        refused.append(str(option["least"] - 1))
    if option["most"] is not None:
        refused.append(str(option["most"] + 1))
    for spelling in option["spellings"]:
        for value in refused:
            with pytest.raises(Refused):
                parse([*words, spelling, value])
        if option["metavar"] == TRUTH and command in ("features", "ivectors", "decode", "transcribe"):
            assert parse([*words, spelling]).given == parse([*words, spelling, "true"]).given  # as in Kaldi
        elif option["kind"] != "flag":
            with pytest.raises(Refused):
                parse([*words, spelling])
        elif spelling not in OLD_FLAGS:
            with pytest.raises(Refused):
                parse([*words, f"{spelling}=3"])


@pytest.mark.parametrize("command", RECORDED)
def test_positional_arguments(command: str) -> None:
    arguments = [option for option in RECORDED[command] if option["positional"]]
    required = [option for option in arguments if option["required"]]
    options = [word for word in needed(command) if word != "x"]
    for count in range(len(required)):
        with pytest.raises(Refused):
            parse([command, *count * ["x"], *options])
    parsed = parse([command, *len(arguments) * ["x"], *options])
    if all(option["nargs"] == 1 for option in arguments):
        with pytest.raises(Refused):
            parse([command, *(len(arguments) + 1) * ["x"], *options])
    else:
        others = (len(arguments) - 1) * ["x"]
        assert ["x", "x"] in parse([command, *others, "x", "x", *options]).values.values()
    assert len(parsed.given) >= len(arguments)


@pytest.mark.parametrize("command", RECORDED)
@pytest.mark.parametrize("spelling", ["--help", "-h"])
def test_help_is_there_under_both_names(command: str, spelling: str) -> None:
    finished = run_main(command, spelling)
    assert (finished.code, finished.stderr) == (0, "")
    assert "Usage: ov-asr-score " + command in finished.stdout
