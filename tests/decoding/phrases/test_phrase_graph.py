from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.jsgf import parse_jsgf
from ov_asr_score.decoding.phrases.phrase_graph import boost_graph, phrase_graph, restrict_graph
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions, WordAcceptor
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.fst.reading import Fst
from tests.decoding.phrases.random_graphs import SYMBOLS, best_costs, graph_file, random_graph, sentence_graph, spoken

SENTENCES = graph_file(sentence_graph("turn on", "turn off", "on", "light off", "on light off"))
"""Costs are 0 to 4; nothing is no sentence."""


def acceptor(*arcs: tuple[int, int, int, float], finals: tuple[float, ...]) -> WordAcceptor:
    sources, words, targets, weights = (np.array(column) for column in zip(*arcs, strict=True))
    first = np.searchsorted(sources, np.arange(len(finals) + 1)).astype(np.int64)
    return WordAcceptor(
        "g.fst", Fst(0, np.array(finals, np.float32), first, words, words, weights.astype(np.float32), targets)
    )


def test_one_phrase() -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn off", "on", "on light off"]))
    assert spoken(made.graph.fst) == {"turn off": 1.0, "on": 2.0, "on light off": 4.0}
    assert (made.symbols, made.warnings) == (SYMBOLS, ())


def test_several_phrases() -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["on", "light off"], repeat=True))
    assert spoken(made.graph.fst) == {"on": 2.0, "light off": 3.0, "on light off": 4.0}


def test_other_words_at_a_cost() -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn off", "[unk]"], unknown_cost=10))
    assert spoken(made.graph.fst, made.symbols) == {
        "turn off": 1.0,
        "[unk] [unk]": 20.0,
        "[unk]": 12.0,
        "[unk] [unk] [unk]": 34.0,
    }
    assert made.symbols.texts == {**SYMBOLS.texts, 5: "[unk]"}


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        (["on", "[unk]"], {"on", "[unk]", "[unk] [unk]", "[unk] [unk] [unk]", "on [unk] [unk]"}),
        (["[unk] off"], {"[unk] off", "[unk] [unk] off"}),
        (["light [unk]", "on"], {"light [unk]", "on", "on light [unk]"}),
        (["[unk] on", "[unk]"], {"[unk] on", "[unk]", "[unk] [unk]", "[unk] [unk] [unk]"}),
    ],
)
def test_other_words_among_several_phrases(phrases: list[str], expected: set[str]) -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(phrases, repeat=True))
    found = set(spoken(made.graph.fst, made.symbols))
    assert found >= expected
    if phrases[-1] != "[unk]":
        assert found == expected


def test_a_word_of_the_table_for_other_words() -> None:
    symbols = replace(SYMBOLS, texts={**SYMBOLS.texts, 70: "[unk]"})
    made = restrict_graph(SENTENCES, symbols, PhraseOptions(["[unk]"]))
    assert made.symbols is symbols
    assert (70,) in best_costs(made.graph.fst)


def test_what_cannot_be_said_is_named() -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn lihgt", "off on", "turn on"]))
    assert spoken(made.graph.fst) == {"turn on": 0.0}
    assert made.warnings == (
        "phrase 'turn lihgt' is left out: 'lihgt' is not in words.txt; did you mean 'light'?",
        "phrase 'off on' cannot be said: the graph has no path with its words",
    )


def test_a_beginning_of_another_phrase_cannot_be_said() -> None:
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn", "turn on"]))
    assert made.warnings == ("phrase 'turn' cannot be said: the graph has no path with its words",)
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn", "turn on"], repeat=True))
    assert made.warnings == ("phrase 'turn' cannot be said: the graph has no path with its words",)


def test_many_warnings_are_counted() -> None:
    phrases = ["on", *(f"word{number}" for number in range(50))]
    warnings = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(phrases)).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "and 30 more of them"


def test_grammar() -> None:
    grammar = parse_jsgf(b"#JSGF V1.0; public <a> = turn (/3/ on | /1/ off | /4/ of) {x} | [on] light off;", "g")
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(grammar=grammar))
    expected = {"turn on": -np.log(3 / 8), "turn off": 1 - np.log(1 / 8), "light off": 3, "on light off": 4}
    assert spoken(made.graph.fst) == pytest.approx(expected)
    assert made.warnings[0] == "g: tags are passed over"
    assert made.warnings[1].startswith("g: alternatives are left out: 'of' is not in words.txt; did you mean 'off'")


def test_grammar_and_phrases() -> None:
    grammar = parse_jsgf(b"#JSGF V1.0; public <a> = light off | off light;", "g")
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["on"], grammar, repeat=True))
    assert spoken(made.graph.fst) == {"on": 2.0, "light off": 3.0, "on light off": 4.0}
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(["on"], grammar))
    assert spoken(made.graph.fst) == {"on": 2.0, "light off": 3.0}


def test_grammar_words_that_cannot_be_said() -> None:
    grammar = parse_jsgf(b"#JSGF V1.0; public <a> = on | turn light;", "g")
    warnings = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(grammar=grammar)).warnings
    assert warnings == (
        "grammar: 'light' cannot be said where it stands",
        "grammar: 'turn' cannot be said where it stands",
    )


def test_acceptor_of_openfst() -> None:
    # turn, nothing, on; or turn and a word that no graph has
    words = acceptor((0, 4, 1, 0.5), (1, 0, 2, 0.25), (1, 60, 3, 0.0), (2, 1, 3, 0.0), finals=(np.inf,) * 3 + (2.0,))
    made = restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(grammar=words))
    assert spoken(made.graph.fst) == {"turn on": 2.75}
    assert made.warnings == ("g.fst: words that the graph lacks are left out: 60",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (acceptor((0, 0, 1, -1.0), finals=(np.inf, 0.0)), "and of arcs without a word none below 0, found -1"),
        (acceptor((0, 1, 1, np.nan), finals=(np.inf, 0.0)), "expected finite weights, and of arcs.*found nan"),
        (acceptor((0, 1, 1, 0.0), finals=(np.inf, -2.0)), "final states of 0 or more, found -2 at state 1"),
    ],
)
def test_acceptors_with_weights_that_lead_astray(words: WordAcceptor, message: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"^g.fst: .*{message}"):
        restrict_graph(SENTENCES, SYMBOLS, PhraseOptions(grammar=words))


@pytest.mark.parametrize("repeat", [False, True])
def test_best_costs_are_those_of_the_graph(repeat: bool) -> None:
    options = PhraseOptions(["on", "on off", "off light", "light on off"], repeat=repeat)
    compared = 0
    for seed in range(40):
        graph = random_graph(seed)
        whole = {text: cost for text, cost in spoken(graph).items() if cost < np.inf}
        try:
            found = spoken(restrict_graph(graph_file(graph), SYMBOLS, options).graph.fst)
        except UsageError:
            found = {}
        found = {text: cost for text, cost in found.items() if cost < np.inf}
        assert found.items() <= whole.items()
        compared += len(found)
        if found and not repeat:
            assert set(found) == {text for text in whole if text in (*options.phrases, "")}
    assert compared > (100 if repeat else 40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            PhraseOptions(["onn", "off on"]),
            "phrases: expected a phrase that the graph can say, found none among 2; phrase 'onn' is left out: 'onn' is "
            "not in words.txt; did you mean 'on'?",
        ),
        (
            PhraseOptions(grammar=parse_jsgf(b"#JSGF V1.0; public <a> = <a> | off;", "g")),
            "grammar: expected what the graph can say, found nothing in g",
        ),
        (PhraseOptions(["on"], unknown_cost=np.nan), "unknown_cost: expected a number of at most 10000, found nan"),
    ],
)
def test_nothing_left(options: PhraseOptions, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        restrict_graph(SENTENCES, SYMBOLS, options)
    assert str(raised.value) == message
    assert all(field in message for field in raised.value.fields)


def test_boosts() -> None:
    made = boost_graph(SENTENCES, SYMBOLS, [("on", 1.0), ("turn off", 2.0), (" on  light ", 4.0), ("offf", 1.0)])
    assert spoken(made.graph.fst) == {
        "turn on": -1.0,
        "turn off": -1.0,
        "on": 1.0,
        "light off": 3.0,
        "on light off": -1.0,
    }
    assert made.warnings == ("boost of 'offf' is left out: 'offf' is not in words.txt; did you mean 'off'?",)


@pytest.mark.parametrize(
    ("boost", "message"),
    [
        ([("onn", 1.0)], "boost: expected words of the graph, found none; boost of 'onn' is left out: 'onn' is not in"),
        ([("", 1.0)], "boost: expected words of the graph, found none; boost of '' is left out: it has no words"),
        ([("on", np.inf)], "boost: expected a number of at most 10000 for 'on', found inf"),
    ],
)
def test_boosts_that_cannot_be(boost: list[tuple[str, float]], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        boost_graph(SENTENCES, SYMBOLS, boost)
    assert str(raised.value).startswith(message)


def test_a_graph_without_an_end_keeps_its_paths() -> None:
    fst = replace(SENTENCES.fst, final_weights=np.full_like(SENTENCES.fst.final_weights, np.inf))
    made = boost_graph(graph_file(fst), SYMBOLS, [("turn on", 1.0), ("on", 0.0)])
    assert made.graph.fst.num_states == fst.num_states
    assert made.warnings == ("boosts of phrases are left out: the graph has no final state",)


def test_a_boosted_word_that_no_phrase_has() -> None:
    made = phrase_graph(SENTENCES, SYMBOLS, PhraseOptions(["on"], boost=[("turn", 4.0)]))
    assert spoken(made.graph.fst) == {"on": 2.0}
    assert made.warnings == ("boost of 'turn' is left out: 'turn' is on no arc of the graph",)


def test_all_at_once() -> None:
    made = phrase_graph(SENTENCES, SYMBOLS, PhraseOptions(["turn on", "[unk]", "onn"], boost=[("[unk]", 4.0)]))
    assert spoken(made.graph.fst, made.symbols)["[unk]"] == 2.0 + 5 - 4
    assert len(made.warnings) == 1
    same = phrase_graph(SENTENCES, SYMBOLS, PhraseOptions())
    assert (same.graph, same.symbols, same.warnings) == (SENTENCES, SYMBOLS, ())
