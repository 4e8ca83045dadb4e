"""How many generated models are scored, asked about, and wrong: `python -m tests.axes_proof.figures --models 5000`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.axes_proof.judging import Judgement, judge
from tests.axes_proof.strategies import sample_models
from tests.axes_proof.truth import Naming, TrueModel

Mode = Literal["nothing", "names", "layout"]
"""What is said about the axes: nothing, names of axes in the model, or a layout."""
NAMINGS: dict[Mode, tuple[Naming, ...]] = {
    "nothing": ("none", "unhelpful"),
    "names": ("helpful",),
    "layout": ("none", "unhelpful", "helpful"),
}


@dataclass(slots=True)
class Tally:
    """Counts of judgements, and every model that was scored wrongly, or could not be scored with what was asked for."""

    mode: Mode
    scored: int = 0
    asked: int = 0
    dead_ends: list[tuple[TrueModel, str]] = field(default_factory=list)
    wrong: list[tuple[TrueModel, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Models that were judged."""
        return self.scored + self.asked + len(self.dead_ends) + len(self.wrong)

    @property
    def share_scored(self) -> float:
        """The part of the models that were scored, and rightly, at once."""
        return self.scored / max(1, self.total)

    def add(self, true: TrueModel, judgement: Judgement) -> None:
        """Count one judgement; where all was said, a question is a dead end unless it is about something else.

        A head has to be chosen by the user, and so has what a mask means if a trial does not tell.
        """
        kind, reason = judgement.kind, judgement.reason
        about_heads = any(output.heads > 1 for output in true.outputs)
        about_masks = "whether ones in it mark valid frames" in judgement.first.refusal
        if kind == "asked" and self.mode != "nothing" and not about_heads and not about_masks:
            kind, reason = "dead end", f"asked although {self.mode} say it: {judgement.first.refusal}"
        if kind == "wrong":
            self.wrong.append((true, reason))
        elif kind == "dead end":
            self.dead_ends.append((true, reason))
        elif kind == "asked":
            self.asked += 1
        else:
            self.scored += 1

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.mode} said: {self.scored} scored, {self.asked} asked, {len(self.dead_ends)} dead ends, "
            f"{len(self.wrong)} wrong of {self.total} models; {self.share_scored:.1%} scored unasked"
        )


def tally_models(mode: Mode, count: int, seed: int, folder: Path) -> Tally:
    """Judgements on ``count`` models, the same ones for the same seed."""
    tally = Tally(mode)
    for true in sample_models(count, seed, NAMINGS[mode]):
        tally.add(true, judge(true, folder, true.layout() if mode == "layout" else ""))
    return tally


def main() -> int:
    """Print the figures, and every model that was wrong; 1 if there is any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000, help="models for each mode")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mode", choices=[*NAMINGS], action="append")
    arguments = parser.parse_args()
    failed = False
    for mode in arguments.mode or NAMINGS:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            tally = tally_models(mode, arguments.models, arguments.seed, Path(folder))
        for true, reason in (*tally.dead_ends, *tally.wrong):
            print(f"{reason}\n  {true}")
        print(f"{tally}; {time.perf_counter() - started:.0f} s", flush=True)
        failed = failed or bool(tally.wrong or tally.dead_ends)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
