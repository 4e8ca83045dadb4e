"""What a model directory says: which layout it has, what each file is for, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ov_asr_score.errors import FileAccessError, OvAsrScoreError
from ov_asr_score.model_directory.layouts.kaldi_online import CONFIGS, read_kaldi_online
from ov_asr_score.model_directory.layouts.vosk_layouts import read_vosk_1, read_vosk_2
from ov_asr_score.model_directory.model_directory import DirectoryFile, Layout, ModelDirectory
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.inventory import Inventory

_Reader: TypeAlias = Callable[[Inventory, Choices], ModelDirectory]


@dataclass(frozen=True, slots=True)
class LayoutSigns:
    """How a layout is told: of each group of ``signs`` a file must be there. ``reader`` then says what is missing."""

    name: Layout
    signs: tuple[tuple[str, ...], ...]
    reader: _Reader


LAYOUTS = (
    LayoutSigns("vosk 2", (("am/final.mdl",), ("conf/model.conf",)), read_vosk_2),
    LayoutSigns("kaldi online", (CONFIGS,), read_kaldi_online),
    LayoutSigns("vosk 1", (("final.mdl",), ("mfcc.conf",), ("HCLG.fst", "HCLr.fst")), read_vosk_1),
)
"""In the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class DirectorySurvey:
    """What was found in a folder, whether it is of use or not: ``problem`` says why not, ``directory`` is None then."""

    folder: Path
    layout: str
    files: tuple[DirectoryFile, ...]
    notes: tuple[str, ...]
    directory: ModelDirectory | None = None
    problem: OvAsrScoreError | None = None


def read_model_directory(folder: str | Path) -> ModelDirectory:
    """Everything that is needed to go from sound to words with the model in a folder.

    Raises FileAccessError (no layout of these, files that are missing, or what several candidates are for),
    UnsupportedModelError (a lookahead graph), ShapeMismatchError (files that do not belong together), and what reading
    its small files raises.
    """
    survey = survey_model_directory(folder)
    if survey.directory is None:
        raise survey.problem or FileAccessError(f"{folder}: expected a model")
    return survey.directory


def survey_model_directory(folder: str | Path) -> DirectorySurvey:
    """What every file of a folder is for, whether it is complete or not. Raises FileAccessError for what is none."""
    inventory = Inventory(folder)
    try:
        found = _read(inventory)
    except OvAsrScoreError as error:
        notes = tuple(inventory.notes)
        return DirectorySurvey(inventory.folder, inventory.layout, inventory.files(), notes, problem=error)
    return DirectorySurvey(inventory.folder, found.layout, found.files, found.notes, found)


def _read(inventory: Inventory) -> ModelDirectory:
    layout = _layout(inventory)
    inventory.layout = layout.name
    found = layout.reader(inventory, NO_CHOICES)
    return replace(found, files=inventory.finish(), notes=(*found.notes, *inventory.notes))


def _layout(inventory: Inventory) -> LayoutSigns:
    """The layout of the folder. Raises FileAccessError that tells of all, and what the nearest one lacks."""
    for layout in LAYOUTS:
        if all(inventory.first(*group) for group in layout.signs):
            return layout
    texts = "; ".join(f"{each.name}: {_signs_text(each.signs)}" for each in LAYOUTS)
    nearest = max(
        LAYOUTS, key=lambda each: sum(bool(inventory.first(*group)) for group in each.signs) / len(each.signs)
    )
    lacking = next(group for group in nearest.signs if not inventory.first(*group))
    raise FileAccessError(
        f"{inventory.shown}: expected a model directory ({texts}); the nearest is {nearest.name}, for which "
        f"{' or '.join(lacking)} is missing"
    )


def _signs_text(signs: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(" or ".join(group) for group in signs)
