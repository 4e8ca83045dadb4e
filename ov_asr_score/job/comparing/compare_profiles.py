"""Two profiles from their files.

Tests: tests/cli/commands/comparing/test_compare_profiles.py
"""

from __future__ import annotations

import io
import zlib

from ov_asr_score.kaldi_io.files.input import access_error, open_input
from ov_asr_score.report.console.profile_comparison import ProfileComparison, compare_profiles
from ov_asr_score.report.files.profile_reader import Profile, read_profile


def compare_profile_files(before: str, after: str) -> ProfileComparison:
    """What changed from the report ``before`` to ``after``. Raises FileAccessError, TableFormatError."""
    return compare_profiles(_read(before), _read(after))


def _read(path: str) -> Profile:
    try:
        with open_input(path) as file, io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
            return read_profile(text, path)
    except (OSError, EOFError, zlib.error) as error:  # a gzip file that ends early, a disk that fails
        raise access_error(path, error) from error
