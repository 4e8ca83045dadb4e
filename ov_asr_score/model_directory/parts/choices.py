"""What a directory may leave open, and which of several candidates counts: asked for, never guessed.

Tests: tests/model_directory/layouts/test_kaldi_online.py, tests/model_directory/layouts/test_experiment.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ov_asr_score.errors import FileAccessError
from ov_asr_score.model_directory.parts.graph_files import GRAPH, graph_folders
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.settings.speech.frontend import AnyFeatureType
from ov_asr_score.text import printable_name


@dataclass(frozen=True, slots=True)
class Choices:
    """What ``model.toml`` says of it; paths are relative to the folder. Empty: the directory must tell.

    ``graph`` is a folder with a graph, ``ivectors`` a configuration or a folder of an extractor.
    """

    graph: str | None = None
    feature_type: AnyFeatureType | None = None
    feature_config: str = ""
    ivectors: str = ""


NO_CHOICES = Choices()


def choose_graph(inventory: Inventory, choices: Choices = NO_CHOICES) -> str:
    """The folder with the graph: the one in the directory, else the only ``graph*`` beside it.

    Without any it is ``graph``, where a graph is missing then. Raises FileAccessError where several may be meant.
    """
    if choices.graph is not None:
        return choices.graph
    inside = graph_folders(inventory)
    if inside:
        return only("decoding graph", inside, inventory, "graph", "folder")
    beside = [f"../{path.name}" for path in inventory.beside("graph*") if (path / GRAPH).is_file()]
    if not beside:
        return "graph"
    found = only("decoding graph", beside, inventory, "graph", "folder")
    inventory.notes.append(f"the graph is that beside the directory: {found}")
    return found


def only(what: str, candidates: Sequence[str], inventory: Inventory, table: str, key: str) -> str:
    """The only one of the candidates. Raises FileAccessError that asks for a line of ``model.toml`` otherwise."""
    if len(candidates) == 1:
        return candidates[0]
    shown = ", ".join(printable_name(each or ".") for each in candidates[:_SHOWN])
    more = f" and {len(candidates) - _SHOWN} others" if len(candidates) > _SHOWN else ""
    raise FileAccessError(
        f"{inventory.shown}: expected one {what}, found {len(candidates)}: {shown}{more}; say which in "
        f'{inventory.path("model.toml")}: [model] layout = "{inventory.layout}" and [{table}] {key} = '
        f'"{printable_name(candidates[0] or ".")}"'
    )


_SHOWN = 6
