from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import signature

import pytest

from ov_asr_score import pipeline
from ov_asr_score.cli.app import commands
from ov_asr_score.cli.bundles import options_of
from ov_asr_score.cli.naming import in_option_names
from ov_asr_score.errors import UsageError
from ov_asr_score.recognition.recognizer import Recognizer
from ov_asr_score.settings.setting import Setting, full_name, short_name
from tests.test_layering import MODULES, part_of


def options(command: str) -> dict[str, Setting]:
    return {each.name: each.setting for each in options_of(commands()[command]) if each.setting is not None}


@pytest.mark.parametrize(
    ("name", "full", "short"),
    [
        ("inputs", "-i/--input", "-i"),
        ("batch_size", "-bs/--batch-size", "-bs"),
        ("shard", "--shard", "--shard"),
        ("layout", "--layout", "-layout"),
        ("execution_target", "--exec-target", "-exec_target"),
        ("measures", "--no-measures", "--no-measures"),
        ("use_priors", "--use-priors", "--use-priors"),
    ],
)
def test_names_of_options(name: str, full: str, short: str) -> None:
    setting = options("score")[name]
    assert (full_name(name, setting), short_name(name, setting)) == (full, short)


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        ("inputs: the model has 2 inputs", ("inputs",), "-i/--input: the model has 2 inputs"),
        ("x.ark: a Kaldi model; give it as model", ("model",), "x.ark: a Kaldi model; give it as -m"),
        ("device 'device': no device", ("device",), "-d/--device 'device': no device"),
        ("shard 1/2: leave pair=position out", ("shard", "pair"), "--shard 1/2: leave --pair=position out"),
        ("ivectors, online_ivectors: both", ("ivectors", "online_ivectors"), "--ivectors, --online-ivectors: both"),
        ("/data/model/x: expected a model, give model", ("model",), "/data/model/x: expected a model, give -m"),
        ("scale_factors: inside; leave scale_factors out", ("scale_factors",) * 2,
         "-sf/--scale-factor: inside; leave -sf out"),
        ("elsewhere: no option of this command", ("elsewhere",), "--elsewhere: no option of this command"),
        ("inputs: names nothing", (), "inputs: names nothing"),
    ],
)  # fmt: skip
def test_messages_in_the_words_of_the_command_line(text: str, fields: tuple[str, ...], said: str) -> None:
    assert in_option_names(UsageError(text, fields=fields), options("score")) == said


def test_arguments_are_called_by_their_placeholders() -> None:
    message = "model x.xml: is the same file as that of output; give another name"
    error = UsageError(message, fields=("model", "output"))
    assert in_option_names(error, options("convert")) == (
        "MODEL x.xml: is the same file as that of -o; give another name"
    )


def named_settings(tree: ast.AST) -> Iterator[list[str]]:
    """The names of settings that each error is made with."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id.endswith("Error"):
            fields = [keyword.value for keyword in call.keywords if keyword.arg == "fields"]
            yield constants(fields)


def constants(expressions: list[ast.expr]) -> list[str]:
    nodes = (node for expression in expressions for node in ast.walk(expression))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("name", [name for name in MODULES if part_of(name) not in ("cli", "settings")])
def test_errors_of_the_library_name_settings_that_exist(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    known = {each.name for command in commands().values() for each in options_of(command)}
    if part_of(name) in ("pipelines", "recognition"):  # errors of these name arguments of Python callers, too
        known |= set(signature(pipeline).parameters) | set(signature(Recognizer.session).parameters)
    for fields in named_settings(tree):
        assert set(fields) <= known
