"""Table specifiers (``ark,scp,t:a.ark,a.scp``) and row/column ranges (``[0:9,0:3]``) as plain data.

The grammar is that of Kaldi (util/kaldi-table.cc, ``ClassifyRspecifier`` and ``ClassifyWspecifier``; ranges as in
util/kaldi-holder.cc). On top of it: ``npz:x.npz``, ``npy:x.npy``, bare file names, and a blank after a comma
(``b, ark:x``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.text import near_names

TABLE_FORMS = ("ark", "scp", "npz", "npy")
READ_OPTIONS = ("b", "t", "o", "no", "s", "ns", "cs", "ncs", "p", "np", "bg")
WRITE_OPTIONS = ("b", "t", "f", "nf", "p")

Form = Literal["ark", "scp", "npz", "npy"]

_MOST_INDEX = 2**31 - 1  # of Kaldi's int32

ROW_OVERRUN = 3
"""Rows that a range may exceed the matrix by: two frames at the edges and one for rounding (Kaldi's rule)."""


@dataclass(frozen=True, slots=True)
class ReadSpecifier:
    """Where a table is read from, and what its options promise about the keys.

    ``filename`` is an rxfilename (path, ``path:offset``, ``-``, ``command |``). ``once``: no key is requested twice;
    ``sorted``: keys are in byte order; ``called_sorted``: they are also requested in that order; ``permissive``: what
    cannot be read is skipped; ``background`` (read ahead) is accepted without effect. ``original`` is the text;
    ``path_map`` says where the files of a script are that was written on another machine.
    """

    form: Form
    filename: str
    once: bool = False
    sorted: bool = False
    called_sorted: bool = False
    permissive: bool = False
    background: bool = False
    original: str = ""
    path_map: PathMap = NO_PATH_MAP


@dataclass(frozen=True, slots=True)
class WriteSpecifier:
    """Where a table is written to, and how.

    ``archive`` and ``script`` are wxfilenames (path, ``-``, ``| command``). With ``script`` alone, that file exists and
    says which file each key goes to. ``flush``: pipes and devices get every entry at once (``nf`` turns it off).
    ``permissive``: keys that the script lacks are dropped. ``original`` is the text it was parsed from.
    """

    archive: str | None
    script: str | None
    form: Literal["kaldi", "npz"] = "kaldi"
    text: bool = False
    flush: bool = True
    permissive: bool = False
    original: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """A block of a matrix: first and last row, first and last column, all inclusive; ``None`` stands for all."""

    rows: tuple[int, int] | None
    columns: tuple[int, int] | None


def parse_read_specifier(text: str | ReadSpecifier, path_map: PathMap = NO_PATH_MAP) -> ReadSpecifier:
    """The rspecifier in ``text``, or a bare file name: a script, NPZ or NPY by its ending, all else an archive.

    A parsed one is returned unchanged. Raises SpecifierError (unknown or contradictory options, blanks at the ends,
    line breaks).
    """
    if isinstance(text, ReadSpecifier):
        return text
    _check_ends(text)
    options, filename = _split(text, READ_OPTIONS)
    forms = [option for option in options if option in TABLE_FORMS]
    if not options:
        return ReadSpecifier(_form_of_name(filename), filename, original=text, path_map=path_map)
    if len(forms) != 1:
        raise SpecifierError(
            f"{text!r}: expected exactly one of ark, scp, npz or npy before the colon, found {len(forms)}"
        )
    return ReadSpecifier(
        form=_form(forms[0]),
        filename=filename,
        once=_last_option(options, "o", "no", default=False),
        sorted=_last_option(options, "s", "ns", default=False),
        called_sorted=_last_option(options, "cs", "ncs", default=False),
        permissive=_last_option(options, "p", "np", default=False),
        background="bg" in options,
        original=text,
        path_map=path_map,
    )


def is_table(text: str) -> bool:
    """Whether a text that may be an rspecifier or the name of a file with one object is an rspecifier.

    So is a bare name that ends with ``.scp`` or ``.npz``. Raises SpecifierError (unknown or contradictory options).
    Kaldi: ``ClassifyRspecifier``.
    """
    options, filename = _split(text, READ_OPTIONS)
    return bool(options) or _form_of_name(filename) in ("scp", "npz")


def parse_write_specifier(text: str | WriteSpecifier) -> WriteSpecifier:
    """The wspecifier in ``text``, or a bare file name: ``x.npz`` is an NPZ file, all else an archive.

    A parsed one is returned unchanged. Raises SpecifierError (unknown or contradictory options, ``scp,ark``, a missing
    second name, line breaks).
    """
    if isinstance(text, WriteSpecifier):
        return text
    _check_ends(text)
    options, filename = _split(text, WRITE_OPTIONS)
    forms = [option for option in options if option in TABLE_FORMS]
    if not options:
        form = _form_of_name(filename)
        if form == "scp":
            archive = filename[: -len("scp")] + "ark"
            raise SpecifierError(f"{text!r}: a script needs an archive to point into; use ark,scp:{archive},{filename}")
        if form == "npy":
            raise SpecifierError(f"{text!r}: NPY holds one utterance; write NPZ, as in {filename[:-3]}npz")
        return WriteSpecifier(filename, None, form="npz" if form == "npz" else "kaldi", original=text)

    archive_name: str | None = filename
    script_name: str | None = None
    if forms == ["ark", "scp"]:
        if "," not in filename:
            raise SpecifierError(f"{text!r}: expected two names with a comma between them, as in ark,scp:x.ark,x.scp")
        archive_name, script_name = filename.split(",", 1)
    elif forms == ["scp"]:
        archive_name, script_name = None, filename
    elif forms not in (["ark"], ["npz"]):
        raise SpecifierError(f"{text!r}: expected ark, ark,scp (in this order), scp or npz before the colon")
    return WriteSpecifier(
        archive=archive_name,
        script=script_name,
        form="npz" if forms == ["npz"] else "kaldi",
        text=_last_option(options, "t", "b", default=False),
        flush=_last_option(options, "f", "nf", default=True),
        permissive="p" in options,
        original=text,
    )


def parse_range(text: str) -> Range:
    """The range in a text such as ``0:9``, ``[0:9,0:3]`` or ``:,2:2``. Raises SpecifierError."""
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    parts = inner.split(",")
    spans = [re.fullmatch(r":|\s*\+?(\d{1,18}):\s*\+?(\d{1,18})", part, re.ASCII) for part in parts]
    numbers = [int(number) for span in spans if span for number in span.groups() if number]
    if len(parts) > 2 or None in spans or max(numbers, default=0) > _MOST_INDEX:
        raise SpecifierError(f"range {text[:20]!r}: expected first:last rows, then perhaps columns, as in [0:9,0:3]")
    limits = [(int(span[1]), int(span[2])) if span and span[1] else None for span in spans]
    for span in limits:
        if span and span[0] > span[1]:
            raise SpecifierError(f"range {text[:20]!r}: expected first <= last, found {span[0]}:{span[1]}")
    return Range(rows=limits[0], columns=limits[1] if len(limits) == 2 else None)


def apply_range(matrix: NDArray[Any], part: Range) -> NDArray[Any]:
    """Contiguous copy of the rows and columns of ``matrix`` [T, D] (or of the elements of a vector [D]).

    The last row may exceed the matrix by ``ROW_OVERRUN`` rows, and the range is cut there; columns must exist. Raises
    TableFormatError.
    """
    return np.array(matrix[range_slices(matrix.shape, part)], order="C", copy=True)


def range_slices(shape: Sequence[int], part: Range) -> tuple[slice, ...]:
    """The slices of an array of this shape that ``part`` means. Raises TableFormatError, see ``apply_range``."""
    if len(shape) == 1 and part.columns:
        raise TableFormatError("a range of columns cannot be taken from a vector")
    limits = (("rows", part.rows, ROW_OVERRUN), ("columns", part.columns, 0))
    slices = []
    for (name, span, overrun), size in zip(limits, shape, strict=False):
        first, last = span or (0, size - 1)
        # Kaldi makes an empty vector at the end of a vector
        begins_behind = first > size if len(shape) == 1 or 0 in shape else first >= size
        if span and (begins_behind or last >= size + overrun):
            raise TableFormatError(f"range {first}:{last} of {name}: expected to lie within 0:{size - 1}")
        slices.append(slice(first, last + 1))
    return tuple(slices)


def _check_ends(text: str) -> None:
    if not text:
        raise SpecifierError(
            "an empty table specifier; expected ark:<file>, scp:<file>, npz:<file>, npy:<file> or a file name"
        )
    if text != text.strip():
        raise SpecifierError(f"{text!r}: a table specifier must not begin or end with a blank")
    if "\n" in text or "\0" in text:
        raise SpecifierError(f"{text!r}: a table specifier must not hold line breaks or NUL")


def _split(text: str, known: tuple[str, ...]) -> tuple[list[str], str]:
    """Options before the first colon and the rest; no options at all if the text is a bare file name or command."""
    head, colon, rest = text.partition(":")
    options = [option for option in re.split("[, ]", head) if option]
    unknown = [option for option in options if option not in known and option not in TABLE_FORMS]
    is_command = text.endswith("|") or text.startswith("|")
    named_form = any(option.lower() in TABLE_FORMS for option in options)
    if text.lower() in TABLE_FORMS:
        raise SpecifierError(f"{text!r}: expected a colon and a file name after it, as in {text.lower()}:feats.ark")
    if not colon or not options or (unknown and (is_command or not named_form)):
        return [], text
    if unknown:
        option = unknown[0]
        near = near_names(option.lower(), (*TABLE_FORMS, *known), most=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join((*TABLE_FORMS, *known))}"
        raise SpecifierError(f"{text!r}: unknown option {option[:20]!r} before the colon; {hint}")
    return options, rest


def _form_of_name(filename: str) -> Form:
    return _form(filename[-3:]) if filename.endswith((".scp", ".npz", ".npy")) else "ark"


def _form(word: str) -> Form:
    forms: dict[str, Form] = {"scp": "scp", "npz": "npz", "npy": "npy"}
    return forms.get(word, "ark")


def _last_option(options: list[str], yes: str, no: str, *, default: bool) -> bool:
    spelled = [option for option in options if option in (yes, no)]
    return spelled[-1] == yes if spelled else default
