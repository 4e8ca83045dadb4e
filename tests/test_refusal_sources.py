"""Every refusal of nnet3 models says which assertion of Kaldi it stands for, or why there can be no score.

Our checks must not be stricter than Kaldi's. So the docstring of the function, or of its class or module, names them:
``Kaldi:`` what Kaldi refuses and where, ``Reason``: why a value cannot be computed, or what the danger is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.kaldi_model.components import field_checks
from ov_asr_score.kaldi_model.components.type_table import component_types

PACKAGE = Path(__file__).parent.parent / "ov_asr_score"
ROOMS = ("kaldi_model", "convert")
# Readers of single values and of all kinds of files, whose modules name Kaldi's functions; and what is of older models.
ELSEWHERE = (
    *(
        "token_reader",
        "double_arrays",
        "loading",
        "nonfinite_fields",
        "nonfinite_weights",
        "fields",
        "dims",
        "field_checks",
        "chain",
    ),
    "nested_networks",
)
OLDER = ("nnet1", "nnet2", "rare")
CHECKS = {name for name in vars(field_checks) if not name.startswith("_")}
OF_NNET3 = {part for kind in component_types(3) for part in (kind.checks, kind.read_rest)}
OLDER_CHECKS = {
    f"{part.__module__}.{part.__name__}"
    for generation in (1, 2)
    for kind in component_types(generation)
    for part in (kind.checks, kind.read_rest)
    if part not in OF_NNET3
}
NO_CHECKS = ("unreachable(", "access_error(", "type(error)(", "_located(")
# Of older models too: parts of checks, options of other programs.
OLDER_PARTS = ("_nnet1_problems", "_read_networks", "_check_direction", "log_priors_of_counts", "_divide_by_priors")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One statement that refuses a model, and the docstrings around it."""

    place: str
    function: str
    text: str
    docstrings: str

    @property
    def has_source(self) -> bool:
        """Whether one of the docstrings tells what it stands for."""
        return "Kaldi:" in self.docstrings or "Reason" in self.docstrings


def refusals(path: Path) -> Iterator[Refusal]:
    """The statements of a module that raise errors of models, or yield what does not fit."""
    tree = ast.parse(path.read_text())

    def visit(node: ast.AST, docstrings: str, function: str) -> Iterator[Refusal]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            docstrings += ast.get_docstring(node) or ""
            function = node.name
        text = _refused(node)
        if text:
            place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            yield Refusal(place, function, text, docstrings)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, docstrings, function)

    yield from visit(tree, ast.get_docstring(tree) or "", "")


def _refused(node: ast.AST) -> str:
    match node:
        # Errors of the file system, and those that go on with more words, are none of a check.
        case ast.Raise(exc=ast.expr() as error) if not ast.unparse(error).startswith(NO_CHECKS):
            return ast.unparse(error)
        case ast.YieldFrom(value=ast.Call(func=ast.Name(id=name))) if name in CHECKS:
            return ast.unparse(node)
        case ast.Yield(value=ast.JoinedStr() | ast.Constant()):
            return ast.unparse(node)
        case ast.Return(value=ast.JoinedStr()) if "expected" in ast.unparse(node):
            return ast.unparse(node)
    return ""


def _makers() -> set[str]:
    """The functions that make errors and say in their own docstrings what these stand for."""
    return {
        node.name
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns).endswith("Error")
        if "Kaldi:" in (text := ast.get_docstring(node) or "") or "Reason" in text
    }


def _modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]


def all_refusals() -> list[Refusal]:
    """All refusals of both rooms that nnet3 models may meet."""
    paths = [
        path for path in _modules() if path.stem not in ELSEWHERE and not set(OLDER) & {path.stem, path.parent.name}
    ]
    return [each for path in paths for each in refusals(path) if not _is_older(path, each.function)]


def _is_older(path: Path, function: str) -> bool:
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    is_named = any(older in function for older in OLDER) or function in OLDER_PARTS
    return is_named or f"{module}.{function}" in OLDER_CHECKS


def test_refusals_are_found() -> None:
    found = {refusal.place.partition(":")[0] for refusal in all_refusals()}
    assert {"kaldi_model/validation.py", "kaldi_model/descriptors.py", "convert/frames/utterance_plan.py"} <= found
    assert len(all_refusals()) > 150


def test_every_refusal_says_what_it_stands_for() -> None:
    makers = tuple(f"{before}{name}(" for name in _makers() for before in ("", "self."))
    without = [
        f"{each.place} {each.function}: {each.text[:80]}"
        for each in all_refusals()
        if not each.has_source and not each.text.startswith(makers)
    ]
    assert without == []
