"""Has Kaldi judge decoding, and prints how often both agree, by what was compared.

Run as ``python -m tests.kaldi_judge.decoding --kaldi FOLDER --runs 300 --seed 7`` with Kaldi's programs in FOLDER;
``--graph``, ``--model``, ``--words`` and ``--scores`` name a decoding of yours in place of random graphs. What differs
is printed with ``--show``, and written to ``--keep`` with the options of both sides.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from tests.kaldi_judge.decoding.judging import VERDICTS, judge
from tests.kaldi_judge.decoding.making import KINDS, Case, Given, given_case, random_case

_AGREE = ("equal", "tie", "near", "both refuse")
_THINGS = ("words", "alignment", "cost", "times", "n best", "confidence", "consensus", "our lattice")


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.decoding", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--runs", type=int, default=300, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="kinds of cases that match this pattern")
    parser.add_argument("--show", type=int, default=0, help="how many of each difference to print")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep cases without agreement")
    for name in ("graph", "model", "words", "scores"):
        parser.add_argument(f"--{name}", type=Path, default=None, help="judge a decoding that is given; all four")
    arguments = parser.parse_args()
    files = (arguments.model, arguments.graph, arguments.words, arguments.scores)
    given = None if None in files else Given(*files)
    logging.getLogger("ov_asr_score").addHandler(logging.NullHandler())
    kinds = [kind for kind in KINDS if re.fullmatch(arguments.only or ".*", kind)]
    counts: Counter[tuple[str, str, str]] = Counter()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(arguments.first, arguments.first + arguments.runs):
            folder = Path(temporary) / "case"
            shutil.rmtree(folder, ignore_errors=True)
            if given is None:
                case = random_case(kinds, arguments.seed, number, folder)
            else:
                case = given_case(given, kinds[number % len(kinds)], arguments.seed, number, folder)
            found = judge(case, arguments.kaldi)
            counts.update((case.kind, finding.thing, finding.verdict) for finding in found)
            odd = [each for each in found if each.verdict not in _AGREE]
            for finding in odd:
                general = f"{finding.verdict}: {case.kind}, {finding.thing}: {_general(finding.text)}"
                seen[general] += 1
                if seen[general] <= arguments.show:
                    print(f"--- {number}: {finding}\n{shown(case)}", flush=True)
            if odd and arguments.keep is not None:
                kept = arguments.keep / f"{arguments.seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept)
                (kept / "findings").write_text(shown(case) + "".join(f"{each}\n" for each in odd))
    _print_table(counts)
    for general, count in seen.most_common():
        print(f"{count:5} {general}")


def shown(case: Case) -> str:
    """The options of both sides as text, to repeat the case by hand."""
    return f"{case.kind}: {case.text}\nKaldi: {' '.join(case.kaldi_options)}\nours: {' '.join(case.our_options)}\n"


def _print_table(counts: Counter[tuple[str, str, str]]) -> None:
    print(f"{'':32}", *(f"{verdict:>12}" for verdict in VERDICTS))
    for kind in KINDS:
        for thing in _THINGS:
            row = [counts[kind, thing, verdict] for verdict in VERDICTS]
            if any(row):
                print(f"{kind + ', ' + thing:32}", *(f"{number:12}" for number in row))


def _general(message: str) -> str:
    """A message without its numbers and names, so that equal ones can be counted."""
    message = re.sub(r"'[^']*'", "'…'", message)
    message = re.sub(r"^(ERROR|WARNING|ASSERTION_FAILED) \((.*?)\[.*?\]:(\w*).*?\)", r"\1 \3", message)
    message = re.sub(r"\bu\d+\b", "u#", message)
    return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "#", message)[:100]


if __name__ == "__main__":
    main()
