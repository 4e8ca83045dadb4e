"""Build the API reference from docstrings: ``python docs/build_api_reference.py FOLDER`` (``make docs``).

Every warning of pdoc is an error, and so is a public name without a docstring. Needs the extra ``docs``.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pdoc

PAGES = (
    "ov_asr_score",
    "ov_asr_score.kaldi_io",
    "ov_asr_score.comparison",
    "ov_asr_score.errors",
    "ov_asr_score.report.run_report",
    "ov_asr_score.report.suite_report",
    "ov_asr_score.report.bench_report",
    "ov_asr_score.report.layer_report",
)
"""Modules with a page: the faces of the package, and the modules of what its functions return."""


def public_names(module: ModuleType) -> list[str]:
    """Names that ``module`` offers: those in ``__all__``, else the functions and classes that it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    ]


def undocumented_names(module: ModuleType) -> list[str]:
    """Public functions and classes of ``module`` that have no docstring of their own."""
    return [name for name in public_names(module) if not _is_documented(getattr(module, name))]


def _is_documented(value: object) -> bool:
    if inspect.isclass(value):
        # what dataclass writes for a class without a docstring begins with the name and a bracket
        return bool(value.__doc__) and not str(value.__doc__).startswith(f"{value.__name__}(")
    return not inspect.isroutine(value) or bool(inspect.getdoc(value))


def build(folder: Path) -> None:
    """Write the pages into ``folder``. Raises Warning (of pdoc) and ValueError (a name without a docstring)."""
    for page in PAGES:
        module = import_module(page)
        missing = undocumented_names(module)
        if missing:
            raise ValueError(f"{page}: expected a docstring for every public name, found none for {', '.join(missing)}")
        for name in public_names(module):  # pdoc sees names only once they are loaded
            setattr(module, name, getattr(module, name))
    pdoc.render.configure(docformat="restructuredtext", search=True, footer_text="ov-asr-score")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*PAGES, r"!ov_asr_score\..*", *PAGES[1:], output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
