"""Command lines of the removed samples, put into the form that this command line takes."""

from __future__ import annotations

import re

from ov_asr_score.settings.gna import SampleSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import IVECTORS, Declared, parse_flag, settings_of

# Google's gflags (the C++ sample) takes one dash or two before any name, and a value after `=` as well as after a
# blank; argparse (the Python sample) takes `-m=x` too. These are the samples' names that have one dash here.
_ONE_DASH = {
    spelling[1:]: each.kind is bool
    for each in (*settings_of(ScoreJob), *settings_of(SampleSettings))
    for spelling in (each.setting.names if each.setting is not None else ())
    if not spelling.startswith("--")
}
_FLAGS = frozenset(name for name, is_flag in _ONE_DASH.items() if is_flag)
_WITH_VALUE = frozenset(_ONE_DASH) - _FLAGS
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_NO_COMMAND_NEEDED = ("-h", "--h", "-help", "--help", "--version", "--install-completion", "--show-completion")


def modern_arguments(arguments: list[str]) -> list[str]:
    """The arguments with the samples' spellings changed, and ``score`` put in front where it is missing.

    ``-pc=true`` becomes ``-pc``, ``-pc=false`` and ``-nopc`` vanish, ``--bs=8`` and ``-m=x`` become ``-bs 8`` and
    ``-m x``, so that ``alias speech_sample=ov-asr-score`` is enough for an old script. Options of Kaldi's programs are
    taken in their spelling, too (:mod:`ov_asr_score.cli.spellings`).
    """
    if arguments and arguments[0].startswith("-") and arguments[0] not in _NO_COMMAND_NEEDED:
        arguments = ["score", *arguments]
    if arguments and arguments[0] in ("score", *_NO_COMMAND_NEEDED):
        arguments = [modern for argument in arguments for modern in _modern(argument)]
    match arguments[:1]:
        case ["features" | "ivectors" | "transcribe"]:
            return spelled_flags(arguments)
        case ["decode"]:
            return spelled_flags(_renamed(arguments))
        case ["score"]:
            return plain_arguments(_renamed(arguments))
        case ["convert"]:
            return plain_arguments(arguments)
        case ["wer"]:
            return [each for each in arguments if not (_LOGGING.fullmatch(each) or _TEXT.fullmatch(each))]
        case _:
            return arguments


def _modern(argument: str) -> list[str]:
    match = re.fullmatch(r"--?([a-z_]+)(?:=(.*))?", argument, re.DOTALL)
    name, value = match.groups() if match else ("", None)
    if name in ("h", "help"):
        return ["--help"]
    if name in _FLAGS:
        return [f"-{name}"] if value is None or value.lower() in _TRUE else []
    if name.removeprefix("no") in _FLAGS:
        return []
    if name in _WITH_VALUE:
        return [f"-{name}"] if value is None else [f"-{name}", value]
    return [argument]


def _kaldi_name(declared: Declared) -> str:
    return declared.name.replace("_", "-")


# Names of Kaldi's options, with whether they are flags.
_KALDI = {_kaldi_name(each): each.kind is bool for each in settings_of(KaldiOptions)} | {
    _kaldi_name(each): False
    for each in settings_of(ScoreJob)
    if each.name == "utt2spk" or (each.setting is not None and each.setting.panel == IVECTORS)
}
_KALDI_TRUE = frozenset({"true", "t", "1", ""})
_KALDI_FALSE = frozenset({"false", "f", "0"})
# Scripts give it to every program; where there is no GPU in Kaldi's sense, these are what happens anyway.
_NO_GPU = frozenset({"no", "optional"})
# How many computations Kaldi's programs keep for others of the same size.
_NO_EFFECT = re.compile(r"--cache[_-]capacity=\d+", re.IGNORECASE)
# Options of all of Kaldi's programs that say how much is logged.
_LOGGING = re.compile(r"--(verbose=-?\d+|print[_-]args(=\w*)?)", re.IGNORECASE)
# What compute-wer has to be told of texts with words instead of numbers; here they need not be told apart.
_TEXT = re.compile(r"--text(=(true|t|1)?)?", re.IGNORECASE)
# Options of Kaldi's decoders that have another name here.
_WORDS = re.compile(r"--word[_-]symbol[_-]table(?==|$)", re.IGNORECASE)
_OPTION = re.compile(r"--([A-Za-z][A-Za-z_-]*)(?:=(.*))?", re.DOTALL)


def plain_arguments(arguments: list[str]) -> list[str]:
    """The arguments with ``--use-priors=true`` as ``--use-priors``, and ``--frames_per_chunk`` with hyphens.

    What is said last counts, as in Kaldi; a flag that is false by itself vanishes when it is said to be. So do
    ``--use-gpu=no`` and ``--cache-capacity=64``.
    """
    plain: list[str] = []
    for argument in arguments:
        match = _OPTION.fullmatch(argument)
        # Kaldi takes capitals and underscores in names of options.
        name = match[1].lower().replace("_", "-") if match else ""
        if (match is not None and name == "use-gpu" and match[2] in _NO_GPU) or _NO_EFFECT.fullmatch(argument):
            continue
        if match is None or name not in _KALDI:
            plain.append(argument)
        elif not _KALDI[name]:
            plain.append(f"--{name}" if match[2] is None else f"--{name}={match[2]}")
        elif match[2] is None or match[2].lower() in _KALDI_TRUE:
            plain.append(f"--{name}")
        elif match[2].lower() not in _KALDI_FALSE:
            plain.append(argument)
        elif name == "pad-input":
            plain.append("--no-pad-input")
        else:
            plain = [each for each in plain if each != f"--{name}"]
    return plain


def _renamed(arguments: list[str]) -> list[str]:
    return [_WORDS.sub("--words", argument) for argument in arguments]


def spelled_flags(arguments: list[str]) -> list[str]:
    """The arguments with ``--use-energy`` as ``--use-energy=true``, names in small letters with hyphens.

    Options that are true or false by Kaldi's words have a value here; without one they are true, as in Kaldi.
    ``--verbose=2`` and ``--print-args=false`` vanish from command lines of Kaldi's programs.
    """
    from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
    from ov_asr_score.settings.speech.feature_jobs import FeaturesJob, IvectorsJob
    from ov_asr_score.settings.words.decode_job import DecodeJob

    jobs = {"features": FeaturesJob, "ivectors": IvectorsJob, "decode": DecodeJob, "transcribe": TranscribeJob}
    declared = settings_of(jobs[arguments[0]])
    settings = [(each.name, each.setting) for each in declared if each.setting is not None]
    known = {setting.longest_name(name).removeprefix("--"): setting.parse is parse_flag for name, setting in settings}
    words = (_KALDI_TRUE | _KALDI_FALSE) - {""}
    spelled: list[str] = []
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if _LOGGING.fullmatch(argument) and arguments[0] != "transcribe":
            continue
        match = _OPTION.fullmatch(argument)
        name = match[1].lower().replace("_", "-") if match else ""
        if match is None or name not in known:
            spelled.append(argument)
            continue
        value = match[2]
        if known[name] and not value and (value is not None or following.lower() not in words):
            value = "true"
        spelled.append(f"--{name}" if value is None else f"--{name}={value}")
    return spelled
