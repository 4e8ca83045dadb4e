"""Has Kaldi judge changed models, and prints how often both agree.

Run as ``python -m tests.kaldi_judge --kaldi FOLDER --generation nnet1 --models 500 --seed 1`` with Kaldi's programs in
FOLDER. Models of which Kaldi and we do not think the same are written to ``--keep``, with ``verdicts.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.kaldi_judge.judging import VERDICTS, ChangedModel, Judgement, changed_model, judge
from tests.kaldi_judge.nnet3_models import changed_nnet3_model, nnet3_starts
from tests.kaldi_judge.start_models import GENERATIONS, start_models


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--generation", choices=GENERATIONS, required=True)
    parser.add_argument("--models", type=int, default=500, help="how many changed models")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first model")
    parser.add_argument("--only", default="", help="start models whose names match this pattern")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep models without agreement")
    arguments = parser.parse_args()
    starts = [model for model in start_models(arguments.generation) if re.search(arguments.only, model.name)]
    networks = nnet3_starts() if arguments.generation == "nnet3" and not arguments.only else []
    counts: Counter[str] = Counter()
    kinds: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        for number in range(arguments.first, arguments.first + arguments.models):
            if networks and number % 4:
                # Lines of the configuration and random networks, which other generations do not have.
                model = changed_nnet3_model(networks, arguments.seed, number, arguments.kaldi)
            else:
                model = changed_model(starts, arguments.seed, number)
            found = judge(model, arguments.generation, arguments.kaldi, folder)
            counts[found.verdict] += 1
            if found.verdict not in ("equal", "both refuse"):
                kinds[found.verdict, general(found.kaldi if found.ours == "scores" else found.ours or found.kaldi)] += 1
                _keep(arguments.keep, folder, model, found, f"{arguments.generation}-{arguments.seed}-{number}")
    print(f"{arguments.generation}, seed {arguments.seed}, {arguments.models} models of {len(starts)}:")
    for name in VERDICTS:
        print(f"  {name:16} {counts[name]:6}")
    for (verdict, message), count in kinds.most_common():
        print(f"{count:5} {verdict}: {message}")


def _keep(kept: Path | None, folder: Path, model: ChangedModel, found: Judgement, name: str) -> None:
    if kept is None:
        return
    kept.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept / name, ignore_errors=True)
    shutil.copytree(folder, kept / name)
    facts = {
        **{"name": name, "start": model.start.name, "program": model.start.program, "options": model.start.options},
        **{"model": model.start.model, "changed": model.start.changed, "binary": model.binary},
        **{"changes": model.changes, **asdict(found)},
    }
    with (kept / "verdicts.jsonl").open("a") as file:
        file.write(json.dumps(facts) + "\n")


def general(message: str) -> str:
    """A message without its numbers and names, so that equal ones can be counted."""
    message = re.sub(r"'[^']*'", "'…'", message)
    return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "#", message)[:150]


if __name__ == "__main__":
    main()
