"""The words of a simple shell command, read without a shell; whatever would need one is refused."""

from __future__ import annotations

import re

from ov_asr_score.errors import SpecifierError

# What is quoted, one letter with a backslash, or a run of letters that mean themselves.
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'"""
    r'''|"(?P<double>(?:[^"\\$`]|\\.)*)"'''
    r"""|\\(?P<escaped>.)"""
    r"""|(?P<plain>[^\s'"\\$`|&;<>(){}*?\[\]!~#]+|(?<=[^\s|])[!~#])"""
)
_BLANKS = re.compile(r"\s+")
_DISCARDED_MESSAGES = re.compile(r"2>\s*/dev/null(?=\s|\||$)")
_NEEDS_SHELL = {
    "$": "variables",
    "`": "commands in commands",
    "&": "several commands",
    ";": "several commands",
    "<": "redirection",
    ">": "redirection",
    "'": "a quote without its end",
    '"': "a variable, or a quote without its end",
    "~": "home folders",
    "#": "comments",
    "!": "the contrary of a result",
    "\\": "a line break",
}


def split_pipeline(command: str) -> list[list[str]]:
    """The words of each command between ``|``, quotes and backslashes resolved as a shell does.

    ``2>/dev/null`` is left out: what is discarded there is no output. Raises SpecifierError, whose message begins with
    the letter that only a shell understands.
    """
    commands: list[list[str]] = [[]]
    word: str | None = None
    at = 0
    while at < len(command):
        if word is None and (discarded := _DISCARDED_MESSAGES.match(command, at)):
            at = discarded.end()
        elif blanks := _BLANKS.match(command, at):
            if word is not None:
                commands[-1].append(word)
            word, at = None, blanks.end()
        elif command[at] == "|" and command[at : at + 2] != "||":
            if word is not None:
                commands[-1].append(word)
            commands.append([])
            word, at = None, at + 1
        elif piece := _PIECE.match(command, at):
            word = (word or "") + _resolved(piece)
            at = piece.end()
        else:
            letter = command[at]
            raise SpecifierError(f"{letter} means {_NEEDS_SHELL.get(letter, 'patterns or groups')} to a shell")
    if word is not None:
        commands[-1].append(word)
    if not all(commands):
        raise SpecifierError("| has no command on one of its sides")
    return commands


def _resolved(piece: re.Match[str]) -> str:
    if piece["double"] is not None:
        return re.sub(r'\\([$`"\\])', r"\1", piece["double"])
    return next(text for text in (piece["single"], piece["escaped"], piece["plain"]) if text is not None)
