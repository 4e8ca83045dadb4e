"""Build the API reference from docstrings: ``python docs/build_api_reference.py FOLDER`` (``make docs``).

Every warning of pdoc is an error, and so is a public name without a docstring. Needs the extra ``docs``.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, get_args, get_origin

import pdoc
import pdoc.doc
import pdoc.render

from ov_asr_score.report.schemas import field_texts

PAGES = (
    "ov_asr_score",
    "ov_asr_score.kaldi_io",
    "ov_asr_score.comparison",
    "ov_asr_score.errors",
    "ov_asr_score.report.data.run",
    "ov_asr_score.report.data.suite",
    "ov_asr_score.report.console.bench",
    "ov_asr_score.report.console.layers",
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


def describe_fields(data: type) -> dict[str, str]:
    """What is said of the fields of a dataclass: in comments and docstrings, or in the help of a setting.

    From now on the types of settings are without the records that the help comes from.
    """
    texts = field_texts(data)
    for field in dataclasses.fields(data):
        kind, *records = get_args(field.type) if get_origin(field.type) is Annotated else (field.type,)
        help_text = next((str(record.help) for record in records if hasattr(record, "help")), "")
        if help_text:
            texts[field.name] = help_text
            data.__annotations__[field.name] = kind
            data.__init__.__annotations__[field.name] = kind  # type: ignore[misc]  # what its signature shows
    return texts


def page_of(name: str) -> pdoc.doc.Module:
    """What the page of a module shows. Raises ValueError (a public name without a docstring)."""
    module = import_module(name)
    missing = undocumented_names(module)
    if missing:
        raise ValueError(f"{name}: expected a docstring for every public name, found none for {', '.join(missing)}")
    for public in public_names(module):  # pdoc sees names only once they are loaded
        setattr(module, public, getattr(module, public))
    texts = {
        public: describe_fields(value)
        for public in public_names(module)
        if inspect.isclass(value := getattr(module, public)) and dataclasses.is_dataclass(value)
    }
    page = pdoc.doc.Module(module)
    for shown in page.classes:
        for variable in shown.instance_variables:
            variable.docstring = variable.docstring or texts.get(shown.name, {}).get(variable.name, "")
    return page


def build(folder: Path) -> None:
    """Write the pages into ``folder``. Raises Warning (of pdoc) and ValueError (a public name without a docstring)."""
    pdoc.render.configure(docformat="restructuredtext", footer_text="ov-asr-score")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pages = {name: page_of(name) for name in PAGES}
        for name, page in pages.items():
            path = folder / f"{name.replace('.', '/')}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pdoc.render.html_module(page, pages), encoding="utf-8")
        (folder / "index.html").write_text(pdoc.render.html_index(pages), encoding="utf-8")
        (folder / "search.js").write_text(pdoc.render.search_index(pages), encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
