"""Text models with something changed in one component."""

from __future__ import annotations

from pathlib import Path


def changed(folder: Path, source: Path, start: str, old: str, new: str) -> tuple[Path, int]:
    """The model with the first ``old`` behind ``start`` replaced, and the byte at which ``start`` ends."""
    text = source.read_text()
    begin = text.index(start) + len(start)
    place = text.index(old, begin)
    path = folder / "x.raw"
    path.write_text(text[:place] + new + text[place + len(old) :])
    return path, begin
