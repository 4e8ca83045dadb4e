from __future__ import annotations

import pytest

from ov_asr_score.cli.app import commands
from ov_asr_score.cli.bundles import options_of
from ov_asr_score.cli.naming import full_name, in_option_names, short_name
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import Setting


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
