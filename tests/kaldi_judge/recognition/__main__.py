"""Has Kaldi judge recognition, and prints how often both agree.

Run as ``python -m tests.kaldi_judge.recognition --kaldi FOLDER --runs 100 --seed 7`` with Kaldi's programs in FOLDER.
What differs is printed with ``--show``, and kept with ``--keep``.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from tests.kaldi_judge.recognition.judging import AGREE, VERDICTS, judge
from tests.kaldi_judge.recognition.making import KINDS, random_case


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.recognition", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--runs", type=int, default=100, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="kinds of cases that match this pattern")
    parser.add_argument("--show", type=int, default=5, help="how many differences to print")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep cases without agreement")
    arguments = parser.parse_args()
    logging.getLogger("ov_asr_score").addHandler(logging.NullHandler())
    kinds = [kind for kind in KINDS if re.fullmatch(arguments.only or ".*", kind)]
    counts: Counter[tuple[str, str]] = Counter()
    shown = 0
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(arguments.first, arguments.first + arguments.runs):
            folder = Path(temporary) / "case"
            shutil.rmtree(folder, ignore_errors=True)
            case = random_case(kinds[number % len(kinds)], arguments.seed, number, folder)
            found = judge(case, arguments.kaldi)
            counts.update((case.kind, each.verdict) for each in found)
            odd = [each for each in found if each.verdict not in AGREE]
            for finding in odd:
                shown += 1
                if shown <= arguments.show:
                    print(f"--- {number}: {finding}\n{case.text}", flush=True)
            if odd and arguments.keep is not None:
                kept = arguments.keep / f"{arguments.seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(folder, kept)
    print(f"{'utterances':16}", *(f"{verdict:>12}" for verdict in VERDICTS))
    for kind in kinds:
        print(f"{kind:16}", *(f"{counts[kind, verdict]:12}" for verdict in VERDICTS))


if __name__ == "__main__":
    main()
