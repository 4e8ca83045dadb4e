"""The table of supported components in docs/kaldi-models.md: each with the cases that prove it.

``python -m tests.golden.support_table`` writes it anew.
"""

from __future__ import annotations

import ast
from pathlib import Path

from ov_asr_score.kaldi_model.components.type_table import type_names
from ov_asr_score.kaldi_model.network import Generation

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "kaldi-models.md"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
DESCRIPTORS = (
    *("Append", "Sum", "Scale", "Const", "Offset", "IfDefined", "Failover", "Switch", "Round", "ReplaceIndex"),
)
_MOST_CASES = 4


def cases_of(folder: str, field: str) -> dict[str, list[str]]:
    """The cases in which each component (or descriptor) occurs, by its name."""
    found: dict[str, list[str]] = {}
    for path in sorted((HERE / folder).glob("*/case.toml")):
        for line in path.read_text().splitlines():
            if line.startswith(f"{field} = "):
                for name in ast.literal_eval(line.partition("=")[2].strip()):
                    found.setdefault(name, []).append(path.parent.name)
    return found


def render() -> str:
    """The tables of all generations, in Markdown."""
    lines: list[str] = []
    generations: tuple[Generation, ...] = (3, 2, 1)
    for generation in generations:
        folder, types = f"nnet{generation}", type_names(generation)
        cases = cases_of(folder, "components")
        lines += [f"**{folder}** ({len(types)} types; cases in `tests/golden/{folder}/`)", ""]
        lines += ["| component | proved by |", "|---|---|"]
        lines += [f"| `{name}` | {_listed(cases.get(name, []))} |" for name in types]
        lines.append("")
    cases = cases_of("nnet3", "descriptors")
    lines += ["**Descriptors of nnet3**", "", "| descriptor | proved by |", "|---|---|"]
    lines += [f"| `{name}` | {_listed(cases.get(name, []))} |" for name in DESCRIPTORS]
    return "\n".join([*lines, ""])


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - _MOST_CASES} more" if len(names) > _MOST_CASES else ""
    return ", ".join(names[:_MOST_CASES]) + rest


def document_with_table(text: str) -> str:
    """A document with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(document_with_table(DOCUMENT.read_text()))
