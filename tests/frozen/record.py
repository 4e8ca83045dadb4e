"""Record the present behaviour: ``python -m tests.frozen.record [help] [options] [reports]``.

Only for deliberate changes, which CHANGELOG.md lists. Records are made with the newest OpenVINO and Typer.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.frozen.command_line import FROZEN
from tests.frozen.help_pages import pages
from tests.frozen.options import describe_options
from tests.frozen.reports import RECORDED, REPORTS


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
    lines = []
    for command, parameters in describe_options().items():
        rows = ",\n".join(f"  {json.dumps(parameter, ensure_ascii=False)}" for parameter in parameters)
        lines.append(f"{json.dumps(command)}: [\n{rows}\n]")
    (FROZEN / "options.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
