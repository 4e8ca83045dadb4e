"""One name means one thing: classes are unique, and modules of one name treat the same subject in their rooms."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "ov_asr_score"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.name.startswith("__"))

# Families of component types: how they are read, and how they are converted.
FAMILIES = (
    *("activation", "affine", "attention", "composite", "constant", "convolution", "elementwise", "grouping"),
    *("normalization", "pooling", "rare", "recurrent", "splicing", "statistics"),
)
# A subject that several rooms treat, and the rooms.
COMMANDS = {"cli/commands", "job"}
SHARED_SUBJECTS: dict[str, set[str]] = {
    **{family: {"kaldi_model/components", "convert/layers"} for family in FAMILIES},
    **{f"compare{what}": {"cli/commands/comparing", "job/comparing"} for what in ("", "_layers", "_profiles")},
    **dict.fromkeys(("convert", "copy_table"), COMMANDS),
    **dict.fromkeys(("inspect_model", "merge", "quantize", "score"), COMMANDS),
    **{subject: {"features", "features/pitch"} for subject in ("computing", "live", "options")},
    "archive": {"kaldi_io/tables", "lattice"},
    "bench": COMMANDS | {"report/console"},
    "caching": {"cli", "settings"},
    "decoding": {"audio", "settings/words"},
    "decode": COMMANDS,
    "listen": COMMANDS,
    "egs_prob": COMMANDS | {"settings", "report/console", "report/data"},
    "endpointing": {"decoding", "settings/recognition"},
    "engine": {"scoring", "recognition"},
    "error_detail": {"job/run", "report/data"},
    "features": COMMANDS | {"settings/speech"},
    "frontend": {"frontend", "settings/speech"},
    "gna": {"report/data", "settings"},
    "ivectors": COMMANDS | {"settings/speech"},
    "layers": {"ov_model", "report/console", "report/html"},
    "limits": {"comparison", "settings"},
    "measures": {"comparison", "report/console"},
    "reading": {"frontend", "fst", "model_directory"},
    "run": {"job/suite", "report/console", "report/data", "report/html"},
    "table": {"report/console", "report/data"},
    "table_info": COMMANDS,
    "wer": COMMANDS,
    "wer_sweep": {"job/words", "settings/words"},
    "words": {"report/console", "report/data"},
    "word_errors": {"report/console", "report/data", "report/files", "report/html"},
    "wave_input": {"features", "settings/speech"},
    "silence_weighting": {"decoding", "settings/recognition"},
    "suite": {"job/suite", "report/console", "report/data", "report/files", "report/html"},
}
SHARED_SUBJECTS["live"] = SHARED_SUBJECTS["live"] | {"frontend", "ivector", "settings/recognition"}
SHARED_SUBJECTS["convolution"] = SHARED_SUBJECTS["convolution"] | {"gna/exact", "gna/graphs/reading"}


def test_modules_of_one_name_share_a_subject() -> None:
    rooms = defaultdict(set)
    for path in MODULES:
        rooms[path.stem].add(path.parent.relative_to(PACKAGE).as_posix())
    repeated = {name: places for name, places in rooms.items() if len(places) > 1}
    assert repeated == {name: SHARED_SUBJECTS.get(name, set()) for name in repeated}


def test_shared_subjects_are_shared() -> None:
    names = [path.stem for path in MODULES]
    assert [name for name in SHARED_SUBJECTS if names.count(name) < 2] == []


def test_class_names_are_unique() -> None:
    homes = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(path.relative_to(PACKAGE).as_posix())
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
