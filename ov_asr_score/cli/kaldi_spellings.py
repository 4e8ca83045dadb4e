"""Options as Kaldi's programs take them, put into the form that this command line takes.

Source: util/parse-options.cc.
"""

from __future__ import annotations

import re

from ov_asr_score.cli.kaldi_options import IVECTOR_VALUES, KALDI_FLAGS, KALDI_VALUES

_TRUE = frozenset({"true", "t", "1", ""})
_FALSE = frozenset({"false", "f", "0"})
# Scripts give it to every program; where there is no GPU in Kaldi's sense, these are what happens anyway.
_NO_GPU = frozenset({"no", "optional"})
_OPTION = re.compile(r"--([A-Za-z][A-Za-z_-]*)(?:=(.*))?", re.DOTALL)


def plain_arguments(arguments: list[str]) -> list[str]:
    """The arguments with ``--use-priors=true`` as ``--use-priors``, and ``--frames_per_chunk`` with hyphens.

    What is said last counts, as in Kaldi; a flag that is false by itself vanishes when it is said to be. So does
    ``--use-gpu=no``.
    """
    plain: list[str] = []
    for argument in arguments:
        match = _OPTION.fullmatch(argument)
        # Kaldi takes capitals and underscores in names of options.
        name = match[1].lower().replace("_", "-") if match else ""
        if match is not None and name == "use-gpu" and match[2] in _NO_GPU:
            continue
        if match is None or name not in (*KALDI_FLAGS, *KALDI_VALUES, *IVECTOR_VALUES):
            plain.append(argument)
        elif name not in KALDI_FLAGS:
            plain.append(f"--{name}" if match[2] is None else f"--{name}={match[2]}")
        elif match[2] is None or match[2].lower() in _TRUE:
            plain.append(f"--{name}")
        elif match[2].lower() not in _FALSE:
            plain.append(argument)
        elif name == "pad-input":
            plain.append("--no-pad-input")
        else:
            plain = [each for each in plain if each != f"--{name}"]
    return plain
