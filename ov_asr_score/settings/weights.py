"""What to do about weights that cannot be right.

Tests: tests/ov_model/test_finite_weights.py, tests/cli/test_careful_use.py
"""

from typing import Annotated

from ov_asr_score.settings.setting import MODEL, Setting

AllowNonfinite = Annotated[
    bool,
    Setting(
        "Accept a model whose weights contain NaN or infinity; without it, such models are refused.",
        panel=MODEL,
        in_suite=True,
    ),
]
