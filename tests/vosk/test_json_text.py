"""JSON as vosk spells it: the texts were written by vosk 0.3.45."""

from __future__ import annotations

import json

from ov_asr_score.vosk.json_text import JsonValue, json_text


def test_empty_and_plain_texts() -> None:
    assert json_text({"partial": ""}) == '{\n  "partial" : ""\n}'
    assert json_text({"text": "two one"}) == '{\n  "text" : "two one"\n}'


def test_words_are_indented_and_their_keys_sorted() -> None:
    words: list[JsonValue] = [
        {"word": "two", "conf": 1.0, "start": 0.003125, "end": 0.543125},
        {"word": "one", "conf": 1.0, "start": 0.543125, "end": 1.683125},
    ]
    assert json_text({"text": "two one", "result": words}) == (
        '{\n  "result" : [{\n      "conf" : 1.000000,\n      "end" : 0.543125,\n      "start" : 0.003125,\n'
        '      "word" : "two"\n    }, {\n      "conf" : 1.000000,\n      "end" : 1.683125,\n'
        '      "start" : 0.543125,\n      "word" : "one"\n    }],\n  "text" : "two one"\n}'
    )


def test_alternatives_with_words() -> None:
    entry: dict[str, JsonValue] = {
        "confidence": 110.870071,
        "result": [{"end": 0.543125, "start": 0.003125, "word": "two"}],
        "text": "two",
    }
    assert json_text({"alternatives": [entry]}) == (
        '{\n  "alternatives" : [{\n      "confidence" : 110.870071,\n      "result" : [{\n          "end" : 0.543125,\n'
        '          "start" : 0.003125,\n          "word" : "two"\n        }],\n      "text" : "two"\n    }]\n}'
    )


def test_whatever_a_word_holds_is_json() -> None:
    for text in ('"', "\\", "a\tb", "яблоко", "\n", "/"):
        assert json.loads(json_text({"text": text})) == {"text": text}
