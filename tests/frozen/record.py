"""Record the present behaviour: ``python -m tests.frozen.record [help] [options] [reports]``.

Only for deliberate changes, which CHANGELOG.md lists. Records are made with the newest OpenVINO and Typer.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from tests.frozen.command_line import FROZEN
from tests.frozen.help_pages import pages
from tests.frozen.options import describe_options
from tests.frozen.reports import RECORDED, REPORTS

Option: TypeAlias = dict[str, Any]
"""What options.json has of a parameter."""


def main(parts: list[str]) -> None:
    """Write the records named by ``parts``, or all."""
    if not parts or "help" in parts:
        (FROZEN / "help").mkdir(exist_ok=True)
        for name, text in pages().items():
            (FROZEN / "help" / f"{name}.txt").write_text(text, encoding="utf-8")
    if not parts or "options" in parts:
        _write_options()
    if not parts or "reports" in parts:
        RECORDED.mkdir(exist_ok=True)
        for make in REPORTS.values():
            with tempfile.TemporaryDirectory() as folder:
                for name, text in make(Path(folder)).items():
                    (RECORDED / name).write_text(text, encoding="utf-8")


def _write_options() -> None:
    path = FROZEN / "options.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    lines = []
    for command, parameters in describe_options().items():
        merged = merged_options(recorded.get(command, []), parameters)
        rows = ",\n".join(f"  {json.dumps(parameter, ensure_ascii=False)}" for parameter in merged)
        lines.append(f"{json.dumps(command)}: [\n{rows}\n]")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def merged_options(recorded: Sequence[Option], today: Sequence[Option]) -> list[Option]:
    """The options of today in the order of the record, with all spellings that were ever recorded; then new ones.

    A recorded option that is there no longer stays: remove it by hand if it is gone on purpose.
    """
    merged, known = [], set[str]()
    for old in recorded:
        spellings = {*old["spellings"], *old["off"]}
        known |= spellings
        new = next((option for option in today if spellings & {*option["spellings"], *option["off"]}), old)
        merged.append(new | {"name": old["name"]} | {key: _joined(old, new, key) for key in ("spellings", "off")})
    known |= {old["name"] for old in recorded if old.get("positional")}
    return merged + [new for new in today if not known & {*(new["spellings"] or [new["name"]]), *new["off"]}]


def _joined(old: Option, new: Option, key: str) -> list[str]:
    return list(dict.fromkeys((*old[key], *new[key])))


if __name__ == "__main__":
    main(sys.argv[1:])
