"""Subtitles of vosk's results: numbers from 1, times cut to milliseconds."""

from __future__ import annotations

import json

from ov_asr_score.vosk.subtitles import subtitles


def result(*words: tuple[str, float, float]) -> str:
    timed = [{"word": word, "start": start, "end": end} for word, start, end in words]
    return json.dumps({"result": timed, "text": " ".join(word for word, _, _ in words)})


def test_results_begin_subtitles_of_so_many_words() -> None:
    first = result(("play", 0.66, 0.9), ("four", 0.9, 1.14), ("three", 1.14, 1.5))
    second = result(("four", 3.03, 3.33))
    assert subtitles([first, second], 2) == (
        "1\n00:00:00,660 --> 00:00:01,140\nplay four\n\n2\n00:00:01,140 --> 00:00:01,500\nthree\n\n"
        "3\n00:00:03,030 --> 00:00:03,330\nfour\n\n"
    )


def test_results_without_words_have_no_subtitle() -> None:
    assert subtitles(['{"text": ""}', result(("a", 3661.9999, 3662.5))], 7) == "1\n01:01:01,999 --> 01:01:02,500\na\n\n"
    assert subtitles([], 7) == ""
