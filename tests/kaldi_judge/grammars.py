"""Random grammars of vosk on a lookahead pair, judged by vosk itself.

Run as ``python -m tests.kaldi_judge.grammars --vosk PYTHON --runs 60 --seed 7``, where PYTHON has the package vosk:
final results must have the same words, and most of them the same times and confidences; partial results are compared.
Both prune what is far from the best path, and not the same: where the sound is nothing of the grammar, results may
differ now and then.
"""

from __future__ import annotations

import argparse
import inspect
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.vosk import KaldiRecognizer, Model
from tests.model_directory.layouts.pairs import lay_out_vosk_2_packed_pair
from tests.recognition.places import KEYS, RATE, samples_of

_VOSK = """
import json, sys
import vosk
vosk.SetLogLevel(-2)
model = vosk.Model(sys.argv[1])
for line in sys.stdin:
    case = json.loads(line)
    recognizer = vosk.KaldiRecognizer(model, 16000, case["grammar"])
    print(json.dumps(results(recognizer, open(case["sound"], "rb").read(), case)))
"""


def results(recognizer: Any, sound: bytes, case: dict[str, Any]) -> list[dict[str, Any]]:
    """All results of a recognizer, ours or vosk's, as it gets the sound in pieces."""
    recognizer.SetWords(True)
    recognizer.SetMaxAlternatives(case["alternatives"])
    found = []
    for first in range(0, len(sound), case["bytes"]):
        ended = recognizer.AcceptWaveform(sound[first : first + case["bytes"]])
        found.append(json.loads(recognizer.Result() if ended else recognizer.PartialResult()))
    return [*found, json.loads(recognizer.FinalResult())]


def main() -> int:
    """Judge, and print what differs; exit code 1 if words of more than one in twenty runs do."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.grammars", description=__doc__)
    parser.add_argument("--vosk", required=True, help="a Python that has vosk")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = lay_out_vosk_2_packed_pair(folder / "model")
        words = [line.split()[0] for line in (model / "graph/words.txt").read_text().splitlines()[1:]]
        chances = [random.Random(f"{arguments.seed} {run}") for run in range(arguments.runs)]
        cases = [_case(folder / f"{run}.raw", words, chance) for run, chance in enumerate(chances)]
        expected = _by_vosk(arguments.vosk, model, cases)
        equal, equal_partials, distances = 0, 0, list[float]()
        ours = Model(str(model))
        for run, (case, theirs) in enumerate(zip(cases, expected, strict=True)):
            recognizer = KaldiRecognizer(ours, RATE, case["grammar"])
            found = results(recognizer, Path(case["sound"]).read_bytes(), case)
            said = [[_text(each) for each in both if "partial" not in each] for both in (found, theirs)]
            if said[0] != said[1]:
                print(f"run {run}: {case['grammar']}: {said[0]}, vosk {said[1]}")
                continue
            equal += 1
            equal_partials += list(map(_text, found)) == list(map(_text, theirs))
            distances += [_distance(*both) for both in zip(found, theirs, strict=True)]
    print(f"{equal} of {arguments.runs} grammars have the words of vosk, {equal_partials} all partial results, too")
    print(f"{sum(each < 0.05 for each in distances)} of {len(distances)} results have its times and confidences")
    return int(20 * (arguments.runs - equal) > arguments.runs)


def _case(sound: Path, words: list[str], chance: random.Random) -> dict[str, Any]:
    np.concatenate([samples_of(chance.choice(KEYS)) for _ in range(chance.randint(1, 3))]).astype("<i2").tofile(sound)
    phrases = [
        [chance.choice([*words, "zzqx", "[unk]"]) for _ in range(chance.choice((1, 1, 2, 3)))]
        for _ in range(chance.choice((1, 2, 4, 10, 40)))
    ]
    phrases += [[chance.choice(words)], *chance.choices(phrases, k=chance.choice((0, 0, 2)))]
    return {
        "sound": str(sound),
        "grammar": json.dumps([" ".join(phrase) for phrase in phrases]),
        "bytes": 2 * chance.choice((1600, 4000, 8000)),
        "alternatives": chance.choice((0, 0, 3)),
    }


def _by_vosk(python: str, model: Path, cases: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    program = f"from __future__ import annotations\n{inspect.getsource(results)}{_VOSK}"
    asked = "\n".join(map(json.dumps, cases))
    command = [python, "-c", program, str(model)]
    outcome = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def _text(result: dict[str, Any]) -> str:
    if "alternatives" in result:
        return str(result["alternatives"][0]["text"])
    return str(result.get("text", result.get("partial")))


def _distance(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """How far times and confidences are apart at most."""
    pairs = zip(ours.get("result", ()), theirs.get("result", ()), strict=True)
    return max((abs(a[name] - b[name]) for a, b in pairs for name in ("start", "end", "conf")), default=0.0)


if __name__ == "__main__":
    sys.exit(main())
