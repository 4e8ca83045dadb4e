"""What an experiment directory of Kaldi's recipes uses that lies elsewhere: options of features, the extractor.

It is looked for in the directory and in those above, as recipes lay them out, and asked for where it is not clear.

Tests: tests/model_directory/layouts/test_experiment.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ov_asr_score.errors import FileAccessError, OvAsrScoreError
from ov_asr_score.ivector.extractor_options import FILE_NAMES
from ov_asr_score.model_directory.parts.choices import Choices, only
from ov_asr_score.model_directory.parts.feature_dims import settings_dim
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.settings.speech.frontend import AnyFeatureType, FrontendSettings
from ov_asr_score.text import printable_name

_EXPERIMENTS = "exp"
_HIGHEST = 2  # folders above, of a directory that lies in no such folder
_TYPES: tuple[AnyFeatureType, ...] = ("mfcc", "fbank", "plp")
_EXTRACTORS = ("extractor", "ivector_extractor")


def features_of_recipe(inventory: Inventory, choices: Choices, wanted: int, model: str) -> FrontendSettings:
    """The features of ``wanted`` columns, as the network takes them: those of the only fitting file of options.

    The nearest folder counts that has one: the directory, its conf/, then the same of each folder above. Raises
    FileAccessError where none fits, or several do.
    """
    if choices.feature_config:
        path = inventory.use(choices.feature_config, "options of features")
        return FrontendSettings(feature_type=choices.feature_type or _type_of(path), feature_config=path)
    seen: list[str] = []
    for folder in _folders(inventory):
        fitting = []
        for name in _configs(inventory, folder):
            kind = _type_of(name)
            try:
                dim = settings_dim(FrontendSettings(feature_type=kind, feature_config=inventory.path(name)))
            except OvAsrScoreError:  # options of another program
                continue
            seen.append(f"{name} ({dim})")
            fitting += [name] if dim == wanted else []
        if fitting:
            name = only(f"file of options of {wanted} features", fitting, inventory, "features", "config")
            kind = _type_of(name)
            if name not in inventory.names:
                inventory.notes.append(f"features as {name} says: the only one there that gives {wanted} columns")
            return FrontendSettings(
                feature_type=kind, feature_config=inventory.use(name, f"options of {kind} features")
            )
    found = f"found {', '.join(seen)}" if seen else "found none in the directory, in conf/, or above them"
    raise FileAccessError(
        f"{inventory.shown}: expected options of features of {wanted} columns, as {printable_name(model)} takes, such "
        f"as conf/mfcc_hires.conf; {found}; say which in {inventory.path('model.toml')}: [model] layout = "
        f'"{inventory.layout}" and [features] config = "PATH"'
    )


def extractor_of_recipe(inventory: Inventory, choices: Choices) -> str:
    """The folder of the extractor, relative to the directory.

    The nearest counts: in the directory, then in each folder above ``extractor`` and ``*/extractor`` (such as
    nnet3_cleaned/extractor). Raises FileAccessError where there is none, or where several are as near.
    """
    if choices.ivectors:
        return choices.ivectors
    for folder in _folders(inventory):
        found = sorted({each for name in _EXTRACTORS for each in _extractors(inventory, folder, name)})
        if found:
            name = only("extractor of i-vectors", found, inventory, "ivectors", "folder")
            if name.startswith(".."):
                inventory.notes.append(f"the extractor of i-vectors is {name}")
            return name
    raise FileAccessError(
        f"{inventory.shown}: expected an extractor of i-vectors, which the network takes: a folder with final.ie, such "
        f"as extractor, or nnet3/extractor in a folder above; found none; say where in {inventory.path('model.toml')}: "
        f'[model] layout = "{inventory.layout}" and [ivectors] folder = "PATH"'
    )


def _folders(inventory: Inventory) -> Iterator[str]:
    """The directory and those above it, relative to it: up to the recipe's, in which ``exp`` is, and no further."""
    above = [folder.name for folder in inventory.folder.resolve().parents]
    highest = above.index(_EXPERIMENTS) + 2 if _EXPERIMENTS in above else _HIGHEST
    for steps in range(min(highest, len(above)) + 1):
        yield "/".join([".."] * steps)


def _configs(inventory: Inventory, folder: str) -> list[str]:
    """Files of a folder, and of conf/ in it, that are options of features by their names."""
    found = []
    for place in (folder, f"{folder}/conf".lstrip("/")):
        try:
            names = sorted(path.name for path in (inventory.folder / place).glob("*.conf") if path.is_file())
        except OSError:
            continue
        found += [f"{place}/{name}".lstrip("/") for name in names if name.startswith(_TYPES)]
    return found


def _extractors(inventory: Inventory, folder: str, name: str) -> list[str]:
    root = inventory.folder / folder
    prefix = f"{folder}/" if folder else ""
    try:
        places = [root / name, *sorted(root.glob(f"*/{name}"))]
    except OSError:
        return []
    found = [place for place in places if (place / FILE_NAMES["ivector_extractor"]).is_file()]
    return [prefix + place.relative_to(root).as_posix() for place in found]


def _type_of(name: str) -> AnyFeatureType:
    base = Path(name).name
    return next((kind for kind in _TYPES if base.startswith(kind)), "mfcc")
