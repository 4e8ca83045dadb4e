"""Streams against Kaldi's online decoding: best paths, and what is known after each piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.recognition.recognizer import Recognizer
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from tests.recognition.places import KEYS, RATE, SESSIONS, differs, kaldi_paths, path_of, pieces_of, samples_of, symbols

SILENCE = tuple(range(1, 11))


def found_by(recognizer: Recognizer, key: str, num_samples: int) -> Final:
    """What comes of an utterance in pieces of so many samples; the last one comes with the end, as in Kaldi."""
    session = recognizer.session(RATE, endpoints=False)
    *pieces, last = pieces_of(key, num_samples)
    for piece in pieces:
        session.accept(piece)
    (final,) = session.finish(last)
    return final


@pytest.mark.parametrize(
    ("mode", "num_samples"), [("utt-0.18", 2880), ("utt-1.0", 16000), ("utt-0.1", 1600), ("utt-whole", 1 << 30)]
)
def test_best_paths_are_those_of_kaldi(recognizer: Recognizer, mode: str, num_samples: int) -> None:
    expected = kaldi_paths(mode)
    assert {
        key: differs(path_of(found_by(recognizer, key, num_samples)), expected[key]) for key in KEYS
    } == dict.fromkeys(KEYS, "")


def test_costs_tell_the_modes_apart() -> None:
    """The comparison would notice i-vectors of other pieces: the words alone would not."""
    first, second = kaldi_paths("utt-0.18"), kaldi_paths("utt-1.0")
    assert sum(bool(differs(first[key], second[key])) for key in KEYS) == len(KEYS)


def test_speakers_carry_their_state_on(recognizer: Recognizer) -> None:
    expected = kaldi_paths("spk-0.18")
    state, compared = None, []
    for key in ("es_Annie-t0002", "es_Annie-t0024"):
        with recognizer.session(RATE, state=state, endpoints=False) as session:
            *pieces, last = pieces_of(key, 2880)
            for piece in pieces:
                session.accept(piece)
            (final,) = session.finish(last)
            state = type(session.state()).from_json(session.state().to_json())
        compared.append(differs(path_of(final), expected[key]))
    assert compared == ["", ""]


def test_silence_weighting(recognizer: Recognizer) -> None:
    weighting = SilenceWeightingOptions(SILENCE, 0.001, 40)
    expected = kaldi_paths("weighted-0.18")
    with Recognizer(replace(recognizer.directory, silence_weighting=weighting)) as weighted:
        assert [differs(path_of(found_by(weighted, key, 2880)), expected[key]) for key in KEYS] == [""] * len(KEYS)


def with_options(recognizer: Recognizer, options: str) -> Recognizer:
    directory = recognizer.directory
    if options == "weighted":
        directory = replace(directory, silence_weighting=SilenceWeightingOptions(SILENCE, 0.001))
    if options == "short-rules":
        rules = directory.endpoints
        rules = replace(rules, rule1=replace(rules.rule1, min_trailing_silence=1.0))
        rules = replace(rules, rule2=replace(rules.rule2, min_trailing_silence=0.3))
        rules = replace(rules, rule3=replace(rules.rule3, min_trailing_silence=0.6))
        directory = replace(directory, endpoints=replace(rules, rule5=replace(rules.rule5, min_utterance_length=3.0)))
    return Recognizer(directory)


def lines_of(file: str, options: str, chunk_seconds: str) -> list[list[str]]:
    lines = (line.split() for line in (SESSIONS / file).read_text().splitlines())
    found = [fields[2:] for fields in lines if fields[:2] == [options, chunk_seconds]]
    assert found
    return found


@pytest.mark.parametrize(
    ("options", "chunk_seconds"), [("rules", "0.18"), ("rules", "1.0"), ("short-rules", "0.18"), ("weighted", "0.18")]
)
def test_every_piece_gives_what_kaldi_knows_then(recognizer: Recognizer, options: str, chunk_seconds: str) -> None:
    trace = lines_of("traces.txt", options, chunk_seconds)
    pieces = pieces_of("pauses", round(float(chunk_seconds) * RATE))[: len(trace)]
    told: list[str] = []
    utterances = []
    with with_options(recognizer, options) as other:
        session = other.session(RATE)
        rows_per_second = 1 / other.row_seconds
        for piece, (_, _, _, rows, _, _, endpoint, *words) in zip(pieces, trace, strict=True):
            results = session.accept(piece)
            if endpoint == "1":
                (final,) = results
                assert isinstance(final, Final)
                first, last = final.segment.start, final.segment.end
                assert first is not None and last is not None
                utterances.append([round(first * rows_per_second), round(last * rows_per_second), final.text])
                assert session.partial is None
                told = []
                continue
            shown = session.partial
            texts = [] if shown is None else [word.text for word in shown.words]
            assert texts == [symbols()[word] for word in words]
            assert shown is None or round(shown.end * rows_per_second) == int(rows)
            assert results == ([] if texts == told else [shown])  # told when words change
            told = texts
    expected = lines_of("utterances.txt", options, chunk_seconds)
    assert utterances == [
        [int(first), int(last), " ".join(symbols()[word] for word in words)] for first, last, *words in expected
    ]


def test_utterances_follow_one_another(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, words=True, partial_words=True, key="call")
    finals = [each for piece in pieces_of("pauses", 2880) for each in session.accept(piece) if isinstance(each, Final)]
    rest = session.finish()
    assert [each.endpoint_rule for each in [*finals, *rest]] == [2, 2, 2, None]
    segments = [each.segment for each in [*finals, *rest]]
    assert [each.utterance for each in segments] == ["call-0", "call-1", "call-2", "call-3"]
    assert [each.start for each in segments[1:]] == [each.end for each in segments[:-1]]
    assert segments[-1].end == pytest.approx(len(samples_of("pauses")) / RATE, abs=0.05)
    times = [(word.start, word.end) for segment in segments for word in segment.alternatives[0].words]
    assert times and all(start is not None and end is not None and start < end for start, end in times)
    assert times == sorted(times)
    for segment in segments:
        assert segment.start is not None and segment.end is not None
        for word in segment.alternatives[0].words:
            assert word.start is not None and word.end is not None
            assert segment.start - 1e-9 <= word.start and word.end <= segment.end + 1e-9


def test_partial_words_have_times_of_the_stream(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE, partial_words=True)
    found = [each for piece in pieces_of("pauses", 2880) for each in session.accept(piece)]
    partials = [each for each in found if isinstance(each, Partial) and each.words and each.start > 0]
    assert partials
    for each in partials:
        for word in each.words:
            assert word.start is not None and word.end is not None
            assert each.start - 1e-9 <= word.start < word.end <= each.end + 1e-9


def test_without_a_frame_there_is_no_result(recognizer: Recognizer) -> None:
    session = recognizer.session(RATE)
    assert session.accept(np.zeros(100, np.int16)) == []
    assert session.finish() == []
    assert recognizer.session(RATE).finish() == []
