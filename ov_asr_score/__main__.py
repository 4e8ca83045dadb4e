"""``python -m ov_asr_score`` and the console script."""

from __future__ import annotations

from ov_asr_score.cli.app import main

if __name__ == "__main__":
    main()
