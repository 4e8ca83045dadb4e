from __future__ import annotations

import subprocess

import pytest

from ov_asr_score.audio.lists.shell_words import split_pipeline
from ov_asr_score.errors import SpecifierError

UNDERSTOOD = [
    "flac -c -d -s a.flac",
    "  sox\t'a b.wav'   -t wav -  ",
    'sox "a b\'c.wav" -t wav -',
    r"""cat "a\"b\\c\d" 'e\f' g\ h\'i""",
    "cat a'b'\"c\"d ''",
    "cat a#b c~d e!f g=h i:j k,l m%n o+p",
    r"cat \~a \#b \$c '$d' '`e`' '*'",
    "cat ä.wav 日本.wav",
]


@pytest.mark.parametrize("command", UNDERSTOOD)
def test_words_as_a_shell_splits_them(command: str) -> None:
    shown = subprocess.run(
        ["/bin/sh", "-c", "printf '%s\\n' " + command], stdout=subprocess.PIPE, check=True, text=True
    ).stdout
    assert split_pipeline(command) == [shown.split("\n")[:-1]]


def test_pipes_separate_commands() -> None:
    assert split_pipeline("cat a|sox - -t wav -") == [["cat", "a"], ["sox", "-", "-t", "wav", "-"]]
    assert split_pipeline("cat 'a|b' | cat") == [["cat", "a|b"], ["cat"]]


def test_discarded_messages_are_no_output() -> None:
    assert split_pipeline("sox a -t wav - 2>/dev/null") == [["sox", "a", "-t", "wav", "-"]]
    assert split_pipeline("cat a 2> /dev/null| cat 2>/dev/null") == [["cat", "a"], ["cat"]]
    for command in ("cat a2>/dev/null", "cat a 2>/dev/nullx", "cat a 2>&1", "cat a >/dev/null"):
        with pytest.raises(SpecifierError):
            split_pipeline(command)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("cat $HOME/a", r"^\$ means variables to a shell"),
        ('cat "$a"', '^" means a variable, or a quote without its end'),
        ('cat "`a`"', '^" means'),
        ("cat `a`", "^` means commands in commands"),
        ("cat a; rm b", "^; means several commands"),
        ("cat a & rm b", "^& means several commands"),
        ("cat a && rm b", "^& means several commands"),
        ("cat a || rm b", r"^\| means"),
        ("cat < a", "^< means redirection"),
        ("cat a > b", "^> means redirection"),
        ("cat a*", r"^\* means patterns or groups"),
        ("cat a?.wav", r"^\? means"),
        ("cat [ab].wav", r"^\[ means"),
        ("cat {a,b}", r"^\{ means"),
        ("(cat a)", r"^\( means"),
        ("cat ~/a", "^~ means home folders"),
        ("cat a #b", "^# means comments"),
        ("cat a |#b", "^# means comments"),
        ("! cat a", "^! means"),
        ("cat 'a", "^' means a quote without its end"),
        ("cat a\\", r"^\\ means a line break"),
        ("", r"^\| has no command"),
        ("cat a |", r"^\| has no command"),
        ("| cat a", r"^\| has no command"),
        ("cat a | | cat", r"^\| has no command"),
    ],
)
def test_what_needs_a_shell_is_refused(command: str, reason: str) -> None:
    with pytest.raises(SpecifierError, match=reason):
        split_pipeline(command)
