"""Command lines of the removed samples, put into the form that this command line takes."""

from __future__ import annotations

import re

from ov_asr_score.cli.kaldi_spellings import plain_arguments

# Google's gflags (the C++ sample) takes one dash or two before any name, and a value after `=` as well as after a
# blank; argparse (the Python sample) takes `-m=x` too. These are the samples' names that have one dash here.
_FLAGS = frozenset({"pc", "memory_reuse_off"})
_WITH_VALUE = frozenset(
    ("m", "i", "o", "r", "d", "a", "q", "bs", "rg", "wg", "we", "we_gen", "qb", "sf", "cw_l", "cw_r", "iname", "oname")
) | {"layout", "exec_target", "compile_target", "pwl_me", "log", "nthreads"}
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_NO_COMMAND_NEEDED = ("-h", "--h", "-help", "--help", "--version", "--install-completion", "--show-completion")


def modern_arguments(arguments: list[str]) -> list[str]:
    """The arguments with the samples' spellings changed, and ``score`` put in front where it is missing.

    ``-pc=true`` becomes ``-pc``, ``-pc=false`` and ``-nopc`` vanish, ``--bs=8`` and ``-m=x`` become ``-bs 8`` and
    ``-m x``, so that ``alias speech_sample=ov-asr-score`` is enough for an old script. Options of Kaldi's programs are
    taken in their spelling, too (:mod:`ov_asr_score.cli.kaldi_spellings`).
    """
    if arguments and arguments[0].startswith("-") and arguments[0] not in _NO_COMMAND_NEEDED:
        arguments = ["score", *arguments]
    if arguments and arguments[0] in ("score", *_NO_COMMAND_NEEDED):
        arguments = [modern for argument in arguments for modern in _modern(argument)]
    return plain_arguments(arguments) if arguments and arguments[0] in ("score", "convert") else arguments


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
