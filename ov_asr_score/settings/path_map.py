"""Where the files of a script are that was written on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ov_asr_score.errors import UsageError


@dataclass(frozen=True, slots=True)
class PathMap:
    """Beginnings of paths, in whole components, and what stands in their place; the longest that fits is taken.

    ``.`` is the beginning of every relative path.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def mapped(self, path: str) -> str:
        """``path`` with another beginning, or as it is; so are commands."""
        if not self.pairs or path in ("", "-") or path.endswith("|"):
            return path
        for old, new in self.pairs:
            if old == "." and not path.startswith("/"):
                return f"{new}/{path.removeprefix('./')}"
            if path == old or path.startswith(f"{old}/"):
                return new + path[len(old) :]
        return path


NO_PATH_MAP = PathMap()


def parse_path_map(texts: Sequence[str]) -> PathMap:
    """The map of texts ``OLD=NEW``. Raises UsageError (no ``=``, nothing beside it, one OLD twice)."""
    pairs: dict[str, str] = {}
    for text in texts:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise UsageError(f"path_map {text!r}: expected OLD=NEW, as in /old/exp=/data/exp", fields=("path_map",))
        old, new = old.rstrip("/"), new.rstrip("/")
        if pairs.setdefault(old, new) != new:
            raise UsageError(
                f"path_map {text!r}: {old or '/'} is mapped to {pairs[old] or '/'} already", fields=("path_map",)
            )
    # "." fits every relative path, and is the shortest
    return PathMap(tuple(sorted(pairs.items(), key=lambda pair: (pair[0] == ".", -len(pair[0])))))
