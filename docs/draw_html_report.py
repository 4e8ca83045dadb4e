"""Draw docs/html-report.png: the top of a page that a real run on the bundled model wrote, in a headless Chromium.

PYTHONPATH=. python docs/draw_html_report.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ov_asr_score import ScoreJob, run_job
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings
from tests.chromium import Browser, find_chromium

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run a job whose weights have 8 bits, and photograph its page."""
    os.chdir(ROOT)
    page = Path("out/report.html")
    page.parent.mkdir(exist_ok=True)
    run_job(
        ScoreJob(
            model="models/dnn_digits.xml",
            device=DeviceSettings("GNA_SW_EXACT", gna=GnaSettings(weight_bits=8)),
            inputs=["ark:data/dnn_digits/features.ark"],
            references=["ark:data/dnn_digits/kaldi_loglik.ark"],
            report=str(page),
            report_scores=True,
        )
    )
    program = find_chromium()
    if program is None:
        raise SystemExit("no Chromium here (apt install chromium, or name one with CHROMIUM=)")
    with tempfile.TemporaryDirectory() as profile, Browser(program, Path(profile)) as browser:
        browser.look(width=1000, height=1220)
        browser.open(page)
        (ROOT / "docs" / "html-report.png").write_bytes(browser.screenshot(whole=False))


if __name__ == "__main__":
    main()
