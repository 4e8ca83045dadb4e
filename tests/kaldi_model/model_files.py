"""The models of the folder ``models``, which Kaldi's programs wrote (models/make.sh), and what Kaldi says of them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "models"

TEXT_OF = {
    path: path.with_suffix(".txt") for path in sorted(FOLDER.iterdir()) if path.suffix in (".mdl", ".raw", ".nnet")
}
"""The text form of every binary model."""

BINARY, TEXT = list(TEXT_OF), list(TEXT_OF.values())
ALL = [*BINARY, *TEXT]


def info_of(path: Path) -> str:
    """What Kaldi's info program prints of the model."""
    return path.with_suffix(".info").read_text()


def name_of(path: Path) -> str:
    """Name for the test's own name."""
    return path.name
