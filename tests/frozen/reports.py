"""Reports with everything masked that is measured, or that another machine or runtime would have otherwise."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

from tests.frozen.command_line import FROZEN, ROOT, run_main, working_folder

# What holds on every machine, although it is a number.
_KEPT_NUMBERS = frozenset(
    ("format_version", "frames", "compared_frames", "utterances", "threshold", "count", "frame_shift_seconds", "port")
) | {"context_frames", "num_classes", "num_failures", "resumed_utterances", "resumed_frames", "skipped_frames", "shape"}
_KEPT_GROUPS = frozenset({"conversion", "scores", "counts"})
# What depends on the machine or the runtime, with all that is in it.
_MASKED = frozenset(
    ("versions", "tool_version", "command", "device_name", "place", "properties", "layers", "worst", "worst_classes")
) | {"histogram_edges", "histogram_counts", "plan", "from_cache", "version", "source_sha256", "names"}
# Texts that hold measured figures.
_MEASURED = frozenset({"reasons", "limit_messages"})
_NUMBER = re.compile(r'(?<!at most )(?<!at least )(?<![\w.&#/"-])\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?(?!\w)')
_HERE = re.compile(r"(?<=available: )[A-Z][\w.]*(?:, [A-Z][\w.]*)*")


def masked(value: object, key: str = "", group: str = "") -> object:
    """``value`` of a JSON report, its structure and texts kept."""
    if key in _MASKED:
        return f"<{key}>"
    if isinstance(value, dict):
        group = key if key in _KEPT_GROUPS else group
        return {name: masked(item, name, group) for name, item in value.items() if not _hidden(item, value)}
    if isinstance(value, list):
        items = [masked(item, key, group) for item in value]
        return [item for item in items if not (isinstance(item, str) and item.startswith("graph mended"))]
    if isinstance(value, str):
        return _masked_text(value) if key in _MEASURED else value.replace(str(ROOT), "<root>")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not (key in _KEPT_NUMBERS or group):
        return "<number>"
    return value


def _hidden(item: object, parent: dict[str, object]) -> bool:
    """Whether ``item`` tells of a run in bf16, which not every machine does, more than what it is."""
    return parent.get("precision") == "bf16" and isinstance(item, (int, float, type(None), dict, list))


def _masked_text(text: str) -> str:
    """``text`` without figures, but for limits, and without what the machine has."""
    return _NUMBER.sub("<number>", _HERE.sub("<devices>", text.replace(str(ROOT), "<root>")))


def _as_json(path: Path) -> str:
    report = json.loads(path.read_text(encoding="utf-8"))
    if "counts" in report:  # of runs, some of which are in bf16
        report["counts"] = dict.fromkeys(report["counts"], "<number>")
        for run in report["runs"]:
            if run["precision"] == "bf16":
                run["status"] = "<status>"
    report.get("device", {}).pop("name", None)
    if report.get("layers"):
        report["fields of layers"] = sorted(report["layers"][0])
    return json.dumps(masked(report), indent=1, ensure_ascii=False) + "\n"


def _as_junit(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'( *<testcase [^>]*bf16")[^>]*(?:/>|>.*?</testcase>)', r"\1>...", text, flags=re.DOTALL)
    text = re.sub(r'\b(time|skipped|value)="[^"]*"', r'\1="..."', text)
    return _masked_text("".join(f"{line}\n" for line in text.splitlines() if "graph mended" not in line))


def _as_markdown(path: Path) -> str:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split(" | ")
        if len(cells) > 2 and cells[2] == "bf16":
            cells[3:] = ["..."]
        elif "OpenVINO" in line:
            cells = ["<counts>"]
        lines.append(" | ".join(cells))
    return _masked_text("".join(f"{line}\n" for line in lines))


def _as_table(path: Path) -> str:
    """The header of a CSV report, and the number of fields of its rows."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    return f"{','.join(header)}\nfields of rows: {sorted({len(row) for row in rows})}\n"


def _run(code: int, *words: str) -> None:
    with working_folder(ROOT):
        finished = run_main(*words)
    assert finished.code == code, finished.stdout + finished.stderr


def check_reports(folder: Path) -> dict[str, str]:
    """The files that ``check`` writes of the suite of all models."""
    json_file, junit, markdown = (folder / name for name in ("suite.json", "suite.xml", "suite.md"))
    outputs = ["--json", str(json_file), "--junit", str(junit), "--markdown", str(markdown)]
    _run(0, "check", "data/suite.toml", "--quiet", *outputs)
    return {
        "suite.json": _as_json(json_file),
        "suite.xml": _as_junit(junit),
        "suite.md": _as_markdown(markdown),
    }


def failing_check_reports(folder: Path) -> dict[str, str]:
    """The same of a suite in which one case fails, one cannot be run and one has no model."""
    json_file, junit, markdown = (folder / name for name in ("failing.json", "failing.xml", "failing.md"))
    outputs = ["--json", str(json_file), "--junit", str(junit), "--markdown", str(markdown)]
    _run(1, "check", "tests/frozen/failing.toml", "--quiet", *outputs)
    return {
        "failing.json": _as_json(json_file),
        "failing.xml": _as_junit(junit),
        "failing.md": _as_markdown(markdown),
    }


def score_reports(folder: Path) -> dict[str, str]:
    """Reports of ``score`` with a profile, as JSON and CSV, and of a run that exceeds its limits."""
    chain = ["score", "-m", "models/nnet3_chain_tdnnf/final.mdl", "-i", "ark:data/kaldi/hires.ark", "--quiet"]
    reference = ["-r", "ark:data/kaldi/nnet3_chain_tdnnf.ark"]
    digits = ["score", "-m", "models/dnn_digits.xml", "-i", "data/dnn_digits/features.ark", "--quiet"]
    _run(0, *chain, *reference, "--max-error", "1e-3", "-pc", "--report", str(folder / "score.json"))
    _run(0, *digits, "-pc", "--report", str(folder / "score.csv"))
    _run(
        1, *digits, "-r", "data/kaldi/nnet3_tdnn.ark", "--max-error", "1e-3", "--report", str(folder / "exceeded.json")
    )
    return {
        "score.json": _as_json(folder / "score.json"),
        "score.csv": _as_table(folder / "score.csv"),
        "exceeded.json": _as_json(folder / "exceeded.json"),
    }


def compare_reports(folder: Path) -> dict[str, str]:
    """A report of ``compare``."""
    tables = ["data/two_inputs/score_online.ark", "data/two_inputs/score_speaker.ark"]
    _run(1, "compare", *tables, "--max-error", "1e-3", "--quiet", "--report", str(folder / "compare.json"))
    return {"compare.json": _as_json(folder / "compare.json")}


REPORTS: dict[str, Callable[[Path], dict[str, str]]] = {
    "check": check_reports,
    "failing check": failing_check_reports,
    "score": score_reports,
    "compare": compare_reports,
}
RECORDED = FROZEN / "reports"
