"""Print the section of CHANGELOG.md for a tag: ``python .github/release_notes.py v0.1.0``.

Exits with 1 and a message when the tag is not the version of the package or the changelog has no such section.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def package_version(pyproject: str) -> str:
    """The version in the text of pyproject.toml."""
    match = re.search(r'^version = "([^"]+)"$', pyproject, re.MULTILINE)
    if match is None:
        sys.exit('pyproject.toml: expected a line version = "…", found none')
    return match[1]


def release_notes(changelog: str, version: str) -> str:
    """The text under ``## [version]``, without the heading and without link definitions at its end."""
    match = re.search(rf"^## \[{re.escape(version)}\].*\n((?:(?!## |\[).*\n)*)", changelog, re.MULTILINE)
    if match is None or not match[1].strip():
        sys.exit(f"CHANGELOG.md: expected a section '## [{version}] - DATE' with text, found none")
    return match[1].strip() + "\n"


def main() -> None:
    """Print the notes of the tag given as the only argument."""
    tag = sys.argv[1]
    version = package_version((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if tag != f"v{version}":
        sys.exit(f"tag {tag}: expected v{version}, the version in pyproject.toml")
    print(release_notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version), end="")


if __name__ == "__main__":
    main()
