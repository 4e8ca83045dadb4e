"""Import rules: a module imports lower levels and its own room only."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "ov_asr_score"

LEVELS: dict[str, int] = {
    name: level
    for level, names in enumerate(
        [
            ["errors", "finite", "blas_threads", "lazy_names", "text", "ports", "sizes", "openvino_api", "user_cache"],
            ["settings"],
            ["kaldi_io", "comparison", "profiling", "transcript", "word_errors", "toml"],
            ["device", "report", "kaldi_model", "gna", "audio", "features", "fst"],
            ["convert", "egs", "ivector", "lattice"],
            ["ov_model", "frontend", "decoding"],
            ["scoring", "model_directory"],
            ["recognition"],
            ["job", "library"],
            ["cli", "pipelines", "vosk"],
            ["__main__"],
        ]
    )
    for name in names
}

# What stands on each floor of a room. A module knows lower floors of its room, and the sub-room that it is in; what
# stands beside it on the same floor it knows only within a sub-room. Rooms without an entry are small enough.
FLOORS: dict[str, list[str]] = {
    "kaldi_io": ["specifier foreign", "files", "matrices", "tables", "__init__"],
    "kaldi_model": [
        "dependency",
        "network",
        "descriptors token_reader component_fields",
        "components.fields double_arrays",
        "components.component_type",
        "components.field_checks components.nested_networks",
        "components",
        "components.type_table",
        "dims info_settings parameter_counts nonfinite_fields",
        "chain component_checks",
        "reading frames",
        "validation priors",
        "loading transitions",
        "network_summary",
    ],
    "gna": [
        "model execution",
        "format",
        "exact graphs.float_graph",
        "graphs.simplifying",
        "graphs.reading",
        "graphs",
        "compiler.segments",
        "compiler",
        "layer_errors gna_runner",
    ],
    "egs": [
        "chain",
        "example",
        "example_values objective",
        "nnet2_example nnet3_example",
        "chain_example",
        "example_table",
    ],
    "report": ["data progress trace", "files", "console", "html schemas", "transcript_views"],
    "convert": [
        "tensors convert_options facts",
        "frames rt_info",
        "layers.layer",
        "layers",
        "layers.registry",
        "layers.linear_forms",
        "graph",
        "rewriting option_checks saving static_shapes wanted_outputs",
        "nnet1",
        "support scores_per nonfinite_weights source_file",
        "converter",
        "from_file request_graph",
        "looped_conversion",
    ],
    "scoring": [
        "utterances scorer_options model_streams",
        "plan input_fit integer_inputs",
        "requests",
        "plans trials axes",
        "lockstep looped",
        "gna",
        "engine model_loading job_tables kaldi_nodes check_utterances given_inputs",
        "filling settled_model static",
        "scorer",
        "session",
        "recording examples",
    ],
    "model_directory": ["model_directory", "parts", "layouts part_checks", "reading"],
    "job": [
        "outputs",
        "inspection",
        "inspect_model",
        "words",
        "resume",
        "run",
        "layers",
        "egs_objectives",
        "score convert copy_table table_info merge comparing bench quantize egs_prob "
        "features ivectors decode listen wer",
        "transcribe suite",
        "__init__",
    ],
    "job.transcribe": [
        "sound_sources",
        "scoring_job long_recordings window_scores",
        "window_words",
        "piecewise",
        "transcription",
    ],
    "frontend": [
        "sources named_files frontend live_state stage_times",
        "sound_features opening",
        "live_sound",
        "reading live",
    ],
    "cli": [
        "naming flags report_console",
        "failures",
        "counting presenting spellings caching gna_notes bundles",
        "commands",
        "app",
    ],
}

# These are of use without the runtime, and start fast.
WITHOUT_OPENVINO = (
    "__init__",
    "errors",
    "text",
    "ports",
    "sizes",
    "kaldi_io",
    "comparison",
    "profiling",
    "egs",
    "audio",
    "features",
    "ivector",
    "frontend",
    "report",
    "settings",
    "word_errors",
    "job.wer",
    "gna.format.blob",
    "gna.format.model_checks",
    "gna.format.blob_description",
    "scoring.plan",
    "scoring.input_fit",
    "scoring.plans.plan_text",
    "scoring.requests.fill",
    "scoring.requests.cut",
    "scoring.engine",
    "scoring.utterances",
    "scoring.requests.runner",
    "scoring.utterances.table_specs",
    "scoring.trials.row_independence",
    "scoring.scorer_options",
)

ONLY_IN = {
    "openvino": ("openvino_api",),
    "typer": ("cli",),
    "click": ("cli",),
    "rich": ("cli", "report"),
    "nncf": ("ov_model",),
    "matplotlib": ("report",),
    "soundfile": ("audio",),
    "soxr": ("audio",),
    "av": ("audio",),
    "sounddevice": ("audio",),
    "kaldi_native_fbank": ("features",),
    "kaldialign": ("word_errors",),
}


def module_name(path: Path) -> str:
    """``scoring.engine`` for ov_asr_score/scoring/engine.py, ``scoring`` for its __init__.py, ``__init__`` on top."""
    parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


def part_of(name: str) -> str:
    return name.partition(".")[0]


def imported(nodes: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[str]:
    """Full names of modules, and of what is taken from them: ``a.b`` and ``a.b.c`` for ``from a.b import c``."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def all_imports(name: str) -> set[str]:
    """Everything that a module imports, also inside of its functions."""
    return set(imported(ast.walk(ast.parse(MODULES[name].read_text()))))


def own(names: set[str]) -> set[str]:
    """The modules of this package among ``names``, without its name in front."""
    inner = {name.removeprefix(f"{PACKAGE}.") for name in names if name.startswith(f"{PACKAGE}.")}
    return {name for name in inner if name in MODULES}


def loaded_with(name: str) -> set[str]:
    """Everything that is loaded when the module is imported, by itself or through what it imports."""
    pending, seen, loaded = [name], set(), set()
    while pending:
        current = pending.pop()
        seen.add(current)
        names = set(imported(ast.parse(MODULES[current].read_text()).body))
        loaded |= names
        packages = {module.rpartition(".")[0] for module in [current, *own(names)]}
        pending += [found for found in own(names) | (packages & set(MODULES)) if found not in seen]
    return loaded


def test_every_room_has_a_level() -> None:
    assert {part_of(name) for name in MODULES} - {"__init__"} <= set(LEVELS)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down(name: str) -> None:
    here = part_of(name)
    if here == "__init__":
        return
    for target in own(all_imports(name)):
        there = part_of(target)
        assert there in (here, "__init__") or LEVELS[there] < LEVELS[here], f"{name} imports {target}"


def floor_of(name: str, floors: list[str]) -> tuple[int, str]:
    """Number of the floor and the entry on it, for a module named without its room."""
    entries = {entry: number for number, floor in enumerate(floors) for entry in floor.split()}
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (entry := ".".join(parts[:length])) in entries:
            return entries[entry], entry
    raise AssertionError(f"{name} stands on no floor")


@pytest.mark.parametrize("name", [name for name in MODULES if part_of(name) in FLOORS])
def test_imports_go_down_within_a_room(name: str) -> None:
    room = part_of(name)
    floors = FLOORS[room]
    if name == room and "__init__" not in floors:
        return
    here, entry = floor_of("__init__" if name == room else name.removeprefix(f"{room}."), floors)
    for target in own(all_imports(name)):
        if part_of(target) != room or target == room:
            continue
        there, other = floor_of(target.removeprefix(f"{room}."), floors)
        assert other == entry or there < here, f"{name} imports {target}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_rooms(library: str) -> None:
    users = {name for name in MODULES if any(part_of(found) == library for found in all_imports(name))}
    assert {part_of(name) for name in users} <= set(ONLY_IN[library])


@pytest.mark.parametrize("name", WITHOUT_OPENVINO)
def test_modules_that_work_without_openvino(name: str) -> None:
    modules = [module for module in MODULES if module == name or module.startswith(f"{name}.")]
    assert modules
    for module in modules:
        loaded = loaded_with(module)
        assert f"{PACKAGE}.openvino_api" not in loaded, module
        assert "openvino" not in {part_of(found) for found in loaded}, module


def test_reports_do_not_import_models() -> None:
    for name in MODULES:
        if part_of(name) in ("report", "comparison", "profiling"):
            assert not any(part_of(found) in ("ov_model", "device", "scoring") for found in own(all_imports(name)))
        if part_of(name) == "kaldi_io":
            assert {part_of(found) for found in own(all_imports(name))} <= {
                "kaldi_io",
                "settings",
                "errors",
                "text",
                "lazy_names",
            }


@pytest.mark.parametrize("name", [name for name in MODULES if part_of(name) == "settings"])
def test_settings_are_plain_data(name: str) -> None:
    names = all_imports(name)
    assert {part_of(found) for found in names} <= {*sys.stdlib_module_names, PACKAGE}
    assert {part_of(found) for found in own(names)} <= {"settings", "errors", "sizes", "text"}
