"""Has Kaldi judge features and i-vectors, and prints how often both agree, by what was computed.

Run as ``python -m tests.kaldi_judge.features --kaldi FOLDER --runs 300 --seed 7`` with Kaldi's programs in FOLDER.
Cases of which both do not think the same are printed with ``--show``, and written to ``--keep`` with their commands.
"""

from __future__ import annotations

import argparse
import logging
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.kaldi_judge.features.making import KINDS, random_case
from tests.kaldi_judge.features.running import VERDICTS, Finding, judge, shown

_AGREE = ("equal", "near", "both refuse", "Kaldi ended")


def main() -> None:
    """Judge, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kaldi_judge.features", description=__doc__)
    parser.add_argument("--kaldi", type=Path, required=True, help="the folder with Kaldi's programs")
    parser.add_argument("--runs", type=int, default=300, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="kinds of cases that match this pattern")
    parser.add_argument("--show", type=int, default=0, help="how many utterances to print of each difference")
    parser.add_argument("--keep", type=Path, default=None, help="where to keep cases without agreement")
    arguments = parser.parse_args()
    logging.getLogger("ov_asr_score").addHandler(logging.NullHandler())
    kinds = [kind for kind in KINDS if re.search(arguments.only, kind)]
    counts: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(arguments.first, arguments.first + arguments.runs):
            folder = Path(temporary) / "case"
            shutil.rmtree(folder, ignore_errors=True)
            case = random_case(kinds, arguments.seed, number, folder)
            found = judge(case, arguments.kaldi)
            counts.update((case.kind, finding.verdict) for finding in found)
            odd = [each for each in found if each.verdict not in _AGREE]
            for finding in odd:
                general = f"{finding.verdict}: {case.kind}: {_general(finding.text)}"
                seen[general] += 1
                if seen[general] <= arguments.show:
                    print(
                        f"--- {number}: {finding.verdict} {finding.key}: {finding.text[:300]}\n{shown(case)}",
                        flush=True,
                    )
            if odd and arguments.keep is not None:
                _keep(arguments.keep / f"{arguments.seed}-{number}", folder, shown(case), odd)
    _print_table(counts)
    for general, count in seen.most_common():
        print(f"{count:5} {general}")


def _print_table(counts: Counter[tuple[str, str]]) -> None:
    print(f"{'':14}", *(f"{verdict:>12}" for verdict in VERDICTS))
    for kind in (*KINDS, "all"):
        row = [
            sum(count for (of, verdict), count in counts.items() if verdict == wanted and kind in (of, "all"))
            for wanted in VERDICTS
        ]
        if any(row):
            print(f"{kind:14}", *(f"{number:12}" for number in row))


def _keep(kept: Path, folder: Path, commands: str, findings: Sequence[Finding]) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(folder, kept)
    lines = [f"# {each.verdict} {each.key}: {each.text}\n" for each in findings]
    (kept / "commands").write_text(commands + "".join(lines))


def _general(message: str) -> str:
    """A message without its numbers and names, so that equal ones can be counted."""
    message = re.sub(r"'[^']*'", "'…'", message)
    message = re.sub(r"^(ERROR|WARNING|ASSERTION_FAILED) \((.*?)\[.*?\]:(\w*).*?\)", r"\1 \3", message)
    return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", "#", message)[:150]


if __name__ == "__main__":
    main()
