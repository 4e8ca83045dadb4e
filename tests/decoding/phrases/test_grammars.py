from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ov_asr_score.decoding.phrases import automaton_building
from ov_asr_score.decoding.phrases.grammars import UnknownWord, grammar_arcs
from ov_asr_score.decoding.phrases.jsgf import parse_jsgf
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc
from ov_asr_score.errors import UnsupportedModelError
from tests.decoding.phrases.random_graphs import SYMBOLS, WORDS


def compiled(rules: str) -> tuple[list[WordArc], dict[int, float]]:
    grammar = parse_jsgf(f"#JSGF V1.0;\n{rules}".encode(), "g")
    return grammar_arcs(grammar, Vocabulary(SYMBOLS, np.arange(len(WORDS))), UnknownWord(9, 3.0))


def language(rules: str, longest: int = 3) -> dict[str, float]:
    """All word sequences up to a length, with their least costs."""
    arcs, finals = compiled(rules)
    found = {}
    for words in itertools.chain.from_iterable(itertools.product(range(1, 5), repeat=n) for n in range(longest + 1)):
        reached = {0: 0.0}
        for word in words:
            following: dict[int, float] = {}
            for arc in arcs:
                if arc.source in reached and arc.word in (word, ANY_WORD):
                    cost = reached[arc.source] + arc.cost
                    following[arc.target] = min(cost, following.get(arc.target, math.inf))
            reached = following
        costs = [cost + finals[state] for state, cost in reached.items() if state in finals]
        if costs:
            found[" ".join(WORDS[word] for word in words)] = round(min(costs), 3)
    return found


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("public <a> = turn (on | off) [light];", {"turn on", "turn off", "turn on light", "turn off light"}),
        ("public <a> = on*;", {"", "on", "on on", "on on on"}),
        ("public <a> = on+ off;", {"on off", "on on off"}),
        ("public <a> = turn <b>; <b> = on | off;", {"turn on", "turn off"}),
        ("public <a> = on; public <b> = off;", {"on", "off"}),
        ("public <a> = on <a> | off;", {"off", "on off", "on on off"}),
        ("public <a> = turn <b>; <b> = on [<b>];", {"turn on", "turn on on"}),
        ("public <a> = on <b> | off; <b> = light <a>;", {"off", "on light off"}),
        ("public <a> = on <VOID> | off;", {"off"}),
        ("public <a> = on <NULL> off;", {"on off"}),
        ("public <a> = on [onn] off | lihgt;", {"on off"}),
        ("public <a> = (on off)+ ;", {"on off"}),
        ("public <a> = (on | off on)* light;", {"light", "on light", "off on light", "on on light"}),
        (
            "public <a> = [on] [off] [on] light;",
            {"light", "on light", "off light", "on off light", "on on light"} | {"off on light"},
        ),
    ],
)
def test_languages(rules: str, expected: set[str]) -> None:
    assert set(language(rules)) == expected


def test_weights() -> None:
    found = language("public <a> = (/3/ on | /1/ off) (/1/ light | /1/ <NULL>);")
    half, on, off = -math.log(0.5), -math.log(0.75), -math.log(0.25)
    assert found == {
        "on light": round(on + half, 3),
        "on": round(on + half, 3),
        "off light": round(off + half, 3),
        "off": round(off + half, 3),
    }
    assert language("public <a> = /1/ on | /3/ on;") == {"on": round(on, 3)}


def test_other_words() -> None:
    found = language("public <a> = on <GARBAGE>;")
    assert found["on off"] == 3.0
    assert found["on off on"] == 6.0
    assert len(found) == 4 + 16


def test_states_with_the_same_future_are_one() -> None:
    arcs, finals = compiled("public <a> = (on | off) turn light | light turn light;")
    assert len(arcs) == 5
    assert len({state for arc in arcs for state in (arc.source, arc.target)}) == 4
    assert list(finals.values()) == [0.0]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            "public <a> =\n on <a> off;",
            "g: line 3: expected a rule that names itself at its end only, found <a> with more behind it; use * and +",
        ),
        ("public <a> = <a>+;", "g: line 2: expected a rule that names itself at its end only"),
        ("public <a> = on <b> off; <b> = on <a>;", "g: line 2: expected a rule that names itself at its end only"),
    ],
)
def test_recursion_that_no_automaton_has(rules: str, message: str) -> None:
    with pytest.raises(UnsupportedModelError) as raised:
        compiled(rules)
    assert str(raised.value).startswith(message)


def test_rules_that_mean_nothing_but_themselves() -> None:
    assert compiled("public <a> = <a>;") == ([], {})


def test_rules_that_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton_building, "MOST_PARTS", 10_000)
    rules = "".join(f"<r{n}> = <r{n - 1}> <r{n - 1}>;" for n in range(1, 40))
    with pytest.raises(UnsupportedModelError, match=r"^g: expected a grammar of at most 10000 states and arcs, found"):
        compiled(f"public <a> = <r39>; <r0> = on; {rules}")


def test_rules_in_rules_in_rules() -> None:
    rules = "".join(f"<r{n}> = on <r{n - 1}>;" for n in range(1, 300))
    with pytest.raises(
        UnsupportedModelError, match=r"^g: expected brackets and rules in at most 200 others, found more"
    ):
        compiled(f"public <a> = <r299>; <r0> = on; {rules}")
