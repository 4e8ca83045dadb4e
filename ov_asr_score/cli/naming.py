"""Messages in the words of the command line: where they name settings, its own spellings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.settings.setting import Setting, full_name, short_name


def in_option_names(error: OvAsrScoreError, options: Mapping[str, Setting]) -> str:
    """The text of ``error`` with options in the place of the settings that it names.

    Where the text begins with a name, the full name of the option; else the short one, in the last places where the
    name is, as many as the error lists it. What stands in quotes or paths is left alone.
    """
    text = str(error)
    if not error.fields:
        return text
    left = Counter(error.fields)
    found = re.finditer(rf"'[^']*'|(?<![\w./-])({'|'.join(left)})(?![\w/-])", text)
    chosen = []
    # the beginning comes first, then what advice says at the end
    for match in sorted((each for each in found if each[1]), key=lambda match: (match.start() > 0, -match.start())):
        if left[match[1]]:
            left[match[1]] -= 1
            chosen.append(match)
    for match in sorted(chosen, key=lambda match: -match.start()):
        name, spelled = match[1], full_name if match.start() == 0 else short_name
        option = spelled(name, options[name]) if name in options else f"--{name.replace('_', '-')}"
        text = text[: match.start()] + option + text[match.end() :]
    return text
