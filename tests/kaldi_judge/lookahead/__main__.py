"""Has Kaldi judge the search in lookahead pairs, and prints how often both agree, by what was compared.

Run as ``python -m tests.kaldi_judge.lookahead --kaldi FOLDER --runs 300 --seed 7`` with Kaldi's programs in FOLDER and
OpenFst's on PATH; ``LD_LIBRARY_PATH`` must lead to its ``olabel_lookahead-fst.so`` and ``ngram-fst.so``. What differs
is printed with ``--show``, and written to ``--keep``.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from tests.kaldi_judge.lookahead.answers import write_passing_network
from tests.kaldi_judge.lookahead.judging import AGREE, VERDICTS, judge
from tests.kaldi_judge.lookahead.making import KINDS, Case, random_case

_THINGS = ("words", "alignment", "cost", "n best")


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.lookahead", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--runs", type=int, default=300, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="kinds of cases that match this pattern")
    parser.add_argument("--show", type=int, default=0, help="how many of each difference to print")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep cases without agreement")
    arguments = parser.parse_args()
    logging.getLogger("ov_asr_score").addHandler(logging.NullHandler())
    kinds = [kind for kind in KINDS if re.fullmatch(arguments.only or ".*", kind)]
    counts: Counter[tuple[str, str, str]] = Counter()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        passing = write_passing_network(Path(temporary), arguments.kaldi)
        for number in range(arguments.first, arguments.first + arguments.runs):
            folder = Path(temporary) / "case"
            shutil.rmtree(folder, ignore_errors=True)
            case = random_case(kinds, arguments.seed, number, folder)
            found = judge(case, arguments.kaldi, passing)
            counts.update((case.kind, finding.thing, finding.verdict) for finding in found)
            odd = [each for each in found if each.verdict not in AGREE]
            for finding in odd:
                general = f"{finding.verdict}: {case.kind}, {finding.thing}"
                seen[general] += 1
                if seen[general] <= arguments.show:
                    print(f"--- {number}: {finding}\n{shown(case)}", flush=True)
            if odd and arguments.keep is not None:
                kept = arguments.keep / f"{arguments.seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept)
                (kept / "findings").write_text(shown(case) + "".join(f"{each}\n" for each in odd))
    print(f"{'':32}", *(f"{verdict:>12}" for verdict in VERDICTS))
    for kind in kinds:
        for thing in _THINGS:
            row = [counts[kind, thing, verdict] for verdict in VERDICTS]
            if any(row):
                print(f"{kind + ', ' + thing:32}", *(f"{number:12}" for number in row))


def shown(case: Case) -> str:
    """The case as text, to repeat it by hand."""
    return f"{case.text}\nKaldi: {' '.join(case.kaldi_options)}; pieces of {case.piece}\n"


if __name__ == "__main__":
    main()
