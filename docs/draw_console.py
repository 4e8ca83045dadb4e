"""Draw docs/console.svg: the console of a real run on the bundled model.

python docs/draw_console.py
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from rich.console import Console

from ov_asr_score import ScoreJob, run_job
from ov_asr_score.report.console.run import render_run_report

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the demo's job and export what the console shows."""
    os.chdir(ROOT)
    Path("out").mkdir(exist_ok=True)
    job = ScoreJob(
        model="models/dnn_digits.xml",
        inputs=["ark:data/dnn_digits/features.ark"],
        outputs=["ark,scp:out/loglik.ark,out/loglik.scp"],
        references=["ark:data/dnn_digits/kaldi_loglik.ark"],
        profile=True,
    )
    console = Console(record=True, force_terminal=True, width=104, file=io.StringIO(), highlight=False)
    console.print(
        "$ ov-asr-score score -m models/dnn_digits.xml -i ark:data/dnn_digits/features.ark \\\n"
        "    -o ark,scp:out/loglik.ark,out/loglik.scp -r ark:data/dnn_digits/kaldi_loglik.ark -pc",
        markup=False,
    )
    render_run_report(run_job(job), console)
    console.save_svg(str(ROOT / "docs" / "console.svg"), title="ov-asr-score")


if __name__ == "__main__":
    main()
