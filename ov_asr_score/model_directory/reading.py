"""What a model directory says: which layout it has, what each file is for, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, UnsupportedModelError
from ov_asr_score.model_directory.layouts.experiment import read_experiment
from ov_asr_score.model_directory.layouts.kaldi_online import CONFIGS, read_kaldi_online
from ov_asr_score.model_directory.layouts.kaldi_serve import SPECIFICATION, read_kaldi_serve
from ov_asr_score.model_directory.layouts.model_toml import (
    MODEL_TOML,
    completed,
    read_described,
    read_description,
)
from ov_asr_score.model_directory.layouts.vosk_layouts import read_vosk_1, read_vosk_2
from ov_asr_score.model_directory.layouts.zamia import FEATURE_CONFIGS, read_zamia
from ov_asr_score.model_directory.model_directory import DirectoryFile, Layout, ModelDirectory
from ov_asr_score.model_directory.part_checks import PartNotes, check_parts
from ov_asr_score.model_directory.parts.choices import NO_CHOICES, Choices
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.model_directory.parts.other_models import other_model
from ov_asr_score.model_directory.parts.second_passes import note_second_passes
from ov_asr_score.text import printable_name

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
    LayoutSigns("kaldi-serve", ((SPECIFICATION,),), read_kaldi_serve),
    LayoutSigns("vosk 1", (("final.mdl",), ("mfcc.conf",), ("HCLG.fst", "HCLr.fst")), read_vosk_1),
    LayoutSigns("kaldi-serve", (("final.mdl",), ("HCLG.fst", "HCLr.fst"), ("conf/mfcc.conf",)), read_kaldi_serve),
    LayoutSigns("zamia", (("model/final.mdl",), FEATURE_CONFIGS), read_zamia),
    LayoutSigns("kaldi experiment", (("final.mdl",),), read_experiment),
)
"""In the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class DirectorySurvey:
    """What was found in a folder, whether it is of use or not: ``problem`` says why not, ``directory`` is None then.

    ``notes`` are those of the directory, and what its parts say by themselves when they are opened.
    """

    folder: Path
    layout: str
    files: tuple[DirectoryFile, ...]
    notes: tuple[str, ...]
    directory: ModelDirectory | None = None
    problem: OvAsrScoreError | None = None


def read_model_directory(folder: str | Path, *, checks: bool = True) -> ModelDirectory:
    """Everything that is needed to go from sound to words with the model in a folder.

    Without ``checks`` only small files are read; ``check_frontend`` and ``check_words`` (part_checks.py) are for those
    who open the parts anyway.

    Raises FileAccessError (no layout of these, files that are missing, or what several candidates are for),
    UnsupportedModelError (half of a lookahead graph), ShapeMismatchError (files that do not belong together), and what
    reading its small files raises.
    """
    survey = survey_model_directory(folder, checks=checks)
    if survey.directory is None:
        raise survey.problem or FileAccessError(f"{folder}: expected a model")
    return survey.directory


def survey_model_directory(folder: str | Path, *, checks: bool = True) -> DirectorySurvey:
    """What every file of a folder is for, whether it is complete or not. Raises FileAccessError for what is none."""
    inventory = Inventory(folder)
    try:
        found = _read(inventory)
        parts = check_parts(found) if checks else PartNotes()
    except OvAsrScoreError as error:
        problem = inventory.placeholder() or error
        files = inventory.files()
        return DirectorySurvey(inventory.folder, inventory.layout, files, tuple(inventory.notes), problem=problem)
    found = replace(found, notes=(*found.notes, *parts.together))
    notes = (*found.notes, *parts.of_parts)
    return DirectorySurvey(inventory.folder, found.layout, found.files, notes, found)


def _read(inventory: Inventory) -> ModelDirectory:
    if inventory.has(MODEL_TOML):
        inventory.layout = "model.toml"
        found = _read_described(inventory)
    else:
        layout = _layout(inventory)
        inventory.layout = layout.name
        found = layout.reader(inventory, NO_CHOICES)
    note_second_passes(inventory)
    return replace(found, files=inventory.finish(), notes=(*found.notes, *inventory.notes))


def _read_described(inventory: Inventory) -> ModelDirectory:
    """What ``model.toml`` says, over what the layout says that it names, if any."""
    description = read_description(inventory)
    if description.layout is None:
        return read_described(inventory, description)
    layout = next(each for each in LAYOUTS if each.name == description.layout)
    inventory.layout = layout.name
    return completed(layout.reader(inventory, description.choices), inventory, description)


def _layout(inventory: Inventory) -> LayoutSigns:
    """The layout of the folder.

    Raises UnsupportedModelError for models of other kinds, and FileAccessError with the model inside, or with what all
    layouts are told by and what the nearest one lacks.
    """
    for layout in LAYOUTS:
        if all(inventory.first(*group) for group in layout.signs):
            return layout
    if what := other_model(inventory):
        raise UnsupportedModelError(f"{inventory.shown}: {what}")
    nearest = max(LAYOUTS, key=lambda each: _share(inventory, each))
    if _share(inventory, nearest):
        lacking = next(group for group in nearest.signs if not inventory.first(*group))
        advice = f"the nearest is {nearest.name}, for which {' or '.join(lacking)} is missing"
    elif inside := _directories_in(inventory):
        raise FileAccessError(f"{inventory.shown}: expected a model directory, found {inside} in it; give that folder")
    else:
        advice = "found none of these files"
    texts = "; ".join(("model.toml", *(f"{each.name}: {_signs_text(each.signs)}" for each in LAYOUTS)))
    raise FileAccessError(f"{inventory.shown}: expected a model directory ({texts}); {advice}")


def _share(inventory: Inventory, layout: LayoutSigns, prefix: str = "") -> float:
    """How much of what a layout is told by is there, 0 to 1."""
    found = [bool(inventory.first(*(prefix + name for name in group))) for group in layout.signs]
    return sum(found) / len(found)


def _directories_in(inventory: Inventory) -> str:
    """The highest folder in the folder that is a model directory, with its layout; an empty text without any."""
    folders = {name.rsplit("/", depth)[0] for name in inventory.names for depth in range(1, name.count("/") + 1)}
    for folder in sorted(folders, key=lambda each: (each.count("/"), each)):
        for layout in LAYOUTS:
            if _share(inventory, layout, f"{folder}/") == 1:
                return f"{printable_name(folder)} ({layout.name})"
    return ""


def _signs_text(signs: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(" or ".join(group) for group in signs)
