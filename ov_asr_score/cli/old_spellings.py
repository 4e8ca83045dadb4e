"""Command lines of the removed samples, put into the form that this command line takes."""

from __future__ import annotations

import re

_FLAGS = ("pc", "memory_reuse_off", "v", "quiet")
# gflags takes one dash or two before any name; these are names of the C++ sample that would not parse with two
_ONE_DASH = frozenset(
    ("m", "i", "o", "r", "d", "h", "a", "q", "bs", "rg", "wg", "we", "qb", "sf", "pc", "cw_l", "cw_r", "iname", "oname")
    + ("exec_target", "compile_target", "memory_reuse_off", "pwl_me", "log", "nthreads", "layout", "we_gen")
)
_COMMANDS_OWN_HELP = ("--help", "-h", "--version", "--install-completion", "--show-completion")


def modern_arguments(arguments: list[str]) -> list[str]:
    """The arguments with the C++ sample's spellings changed, and ``score`` put in front where it is missing.

    ``-pc=true`` becomes ``-pc``, ``-pc=false`` and ``-nopc`` vanish, ``--bs=8`` becomes ``-bs=8``, so that
    ``alias speech_sample=ov-asr-score`` is enough for an old script.
    """
    if arguments and arguments[0].startswith("-") and arguments[0] not in _COMMANDS_OWN_HELP:
        arguments = ["score", *arguments]
    if not arguments or arguments[0] != "score":
        return arguments
    changed = []
    for argument in arguments:
        match = re.fullmatch(r"--?([a-z_]+)(=.*)?", argument, re.DOTALL)
        name, value = (match[1], match[2]) if match else ("", None)
        if name.startswith("no") and name[2:] in _FLAGS:
            continue
        if name in _FLAGS and value is not None:
            if value[1:].lower() in ("true", "1", "yes", "t", "y"):
                changed.append(f"-{name}" if name in _ONE_DASH else f"--{name}")
            continue
        changed.append(argument.removeprefix("-") if name in _ONE_DASH and argument.startswith("--") else argument)
    return changed
