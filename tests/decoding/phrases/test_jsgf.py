from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.expressions import Alternatives, GrammarWord, Repeat, RuleName, Sequence
from ov_asr_score.decoding.phrases.jsgf import parse_jsgf
from ov_asr_score.errors import OvAsrScoreError, TableFormatError

HEADER = "#JSGF V1.0;\n"
WHOLE = """#JSGF V1.0 utf-8 en;
grammar com.example.home;
/* what lights
   understand */
public <command> = (turn | switch) <onoff> [the] light+ {tag "a\\}"}; // done
<onoff> = /3/ on | /1/ off;
"""


def parsed(rule: str) -> object:
    return parse_jsgf(f"{HEADER}public <a> = {rule};<b> = on;".encode(), "g").rules["a"]


def test_whole_grammar() -> None:
    grammar = parse_jsgf(WHOLE.encode(), "home.jsgf")
    assert grammar.public == ("command",)
    assert grammar.notes == ("home.jsgf: tags are passed over",)
    assert grammar.rules["command"] == Sequence(
        (
            Alternatives((GrammarWord("turn"), GrammarWord("switch")), (0.0, 0.0)),
            RuleName("onoff", "home.jsgf: line 5"),
            Repeat(GrammarWord("the"), 0, False),
            Repeat(GrammarWord("light"), 1, True),
        )
    )
    assert grammar.rules["onoff"] == Alternatives(
        (GrammarWord("on"), GrammarWord("off")), (-math.log(0.75), -math.log(0.25))
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('"turn  on" x', Sequence((Sequence((GrammarWord("turn"), GrammarWord("on"))), GrammarWord("x")))),
        ("<b>*", Repeat(RuleName("b", "g: line 2"), 0, True)),
        ("x+*", Repeat(GrammarWord("x"), 0, True)),
        ("<NULL>", Sequence(())),
        ("<VOID>", Alternatives((), ())),
        ("[unk]", GrammarWord("[unk]")),
        ("[unk | x]", Repeat(Alternatives((GrammarWord("unk"), GrammarWord("x")), (0.0, 0.0)), 0, False)),
        ("<GARBAGE>", GrammarWord("[unk]")),
        ("/0/ x | /2/ y", Alternatives((GrammarWord("y"),), (0.0,))),
        ("don't | naïve", Alternatives((GrammarWord("don't"), GrammarWord("naïve")), (0.0, 0.0))),
        ("((x))", GrammarWord("x")),
        ("x {a} {b} +", Repeat(GrammarWord("x"), 1, True)),
    ],
)
def test_rules(rule: str, expected: object) -> None:
    assert parsed(rule) == expected


def test_byte_order_mark_and_encoding() -> None:
    assert parse_jsgf(b"\xef\xbb\xbf#JSGF V1.0;public<a>=x;", "g").rules == {"a": GrammarWord("x")}
    latin = "#JSGF V1.0 ISO8859-1;public <a> = fünf;".encode("latin-1")
    assert parse_jsgf(latin, "g").rules == {"a": GrammarWord("fünf")}
    assert parse_jsgf(b"#JSGF V1.0;public <a> = \xff;", "g").rules == {"a": GrammarWord("\udcff")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected #JSGF V1.0;, found ''"),
        ("#JSGF V2.0;", "line 1: expected version V1.0 of JSGF, found 'V2.0'"),
        ("#JSGF V1.0\npublic <a> = b;", "line 1: expected ';' behind the version, found none"),
        ("#JSGF V1.0 klingon;", "line 1: expected a text in 'klingon', found other bytes"),
        ("#JSGF V1.0 rot13;a", "line 1: expected a text in 'rot13', found other bytes"),
        (HEADER, "line 2: expected a public rule, found none among 0 rules"),
        (f"{HEADER}<a> = b;", "line 2: expected a public rule, found none among 1 rules"),
        (f"{HEADER}import <x.*>;", "line 2: expected a rule, found an import of another grammar; put its rules into"),
        (f"{HEADER}public <a> = b;\n<a> = c;", "line 3: expected a new rule, found <a> a second time"),
        (f"{HEADER}public <NULL> = b;", "line 2: expected the name of a rule, found <NULL>"),
        (f"{HEADER}public <a> = <b>;", "line 2: expected one of the 1 rules, found 'b'"),
        (f"{HEADER}public <a> = (b;", "line 2: expected ')', found ';'"),
        (f"{HEADER}public <a> = b", "line 2: expected ';', found the end of the file"),
        (f"{HEADER}public <a> = b | ;", "line 2: expected words or a rule, found ';'"),
        (f"{HEADER}public <a> = *;", "line 2: expected words or a rule, found '*'"),
        (f"{HEADER}public <a> =\n/x/ b;", "line 3: expected a weight, such as /0.5/, found '/x/'"),
        (f"{HEADER}public <a> = /1/ b | c;", "line 2: expected a weight for each alternative, or for none, found 1 of"),
        (f"{HEADER}public <a> =\n\n b {{tag;", "line 4: expected words, rules and signs of JSGF, found '{tag;', which"),
        (
            f'{HEADER}public <a> = "b;',
            "line 2: expected words, rules and signs of JSGF, found '\"b;', which is not clos",
        ),
        (f"{HEADER}public <a> = {'(' * 60}b{')' * 60};", "line 2: expected at most 50 brackets in each other, found"),
        (f"{HEADER}public a = b;", "line 2: expected a rule, such as <command> = …;, found 'a'"),
        (f"{HEADER}public <a> = /0/ b;", ""),
    ],
)
def test_what_is_no_grammar(text: str, message: str) -> None:
    if not message:
        assert parse_jsgf(text.encode(), "g").public
        return
    with pytest.raises(TableFormatError) as raised:
        parse_jsgf(text.encode(), "g")
    assert str(raised.value).startswith(f"g: {message}")


def test_damaged_grammars_are_refused_in_one_line() -> None:
    rng = np.random.default_rng(0)
    content = WHOLE.encode()
    refused = 0
    for _ in range(2000):
        damaged = bytearray(content[: rng.integers(1, len(content) + 1)])
        for place in rng.integers(0, len(damaged), rng.integers(0, 4)):
            damaged[place] = rng.choice(np.frombuffer(b'()[]|*+;=<>{}/"\\\n\0\xff#a', np.uint8))
        try:
            parse_jsgf(bytes(damaged), "g")
        except OvAsrScoreError as error:
            refused += 1
            assert str(error).startswith("g: line ")
            assert "\n" not in str(error)
    assert refused > 1000
