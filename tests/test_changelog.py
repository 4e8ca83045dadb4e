"""CHANGELOG.md keeps to https://keepachangelog.com, and knows the version of the package."""

from __future__ import annotations

import re
from pathlib import Path

from ov_asr_score import __version__

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def sections() -> list[tuple[str, str]]:
    parts = re.split(r"^## (.*)$", TEXT, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_versions_are_dated_and_in_order() -> None:
    titles = [title for title, _ in sections()]
    assert titles[0] == "[Unreleased]"
    dates = [re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)", title) for title in titles[1:]]
    found = [match[1] for match in dates if match]
    assert len(found) == len(titles) - 1, titles
    assert found == sorted(found, reverse=True)


def test_package_version_is_listed() -> None:
    assert any(title.startswith(f"[{__version__}] - ") for title, _ in sections())


def test_entries_have_known_kinds() -> None:
    for title, body in sections():
        kinds = re.findall(r"^### (.*)$", body, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds], title
        before_first_kind = body.partition("### ")[0]
        assert "\n- " not in before_first_kind, title


def test_links_of_versions_are_defined() -> None:
    for title, _ in sections():
        name = title.partition("]")[0].removeprefix("[")
        assert re.search(rf"^\[{re.escape(name)}\]: https://", TEXT, re.MULTILINE), title


def test_links_resolve() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_lines_are_short() -> None:
    assert max(map(len, TEXT.splitlines())) <= 120
