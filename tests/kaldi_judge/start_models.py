"""The models that are changed: golden cases of a generation, with the features and options that they come with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ov_asr_score.kaldi_model.components.type_table import component_types
from tests.golden.test_cases import description
from tests.kaldi_judge.reading import read_text_values, read_values
from tests.kaldi_judge.values import Values

GOLDEN = Path(__file__).parent.parent / "golden"
GENERATIONS = ("nnet1", "nnet2", "nnet3")
# Options for cases without any.
_MORE_OPTIONS = {
    "nnet-forward": (["--no-softmax=true"],),
    "nnet-compute": (["--apply-log=true"], ["--pad-input=false"]),
    "nnet-am-compute": (["--divide-by-priors=true"],),
}
# nnet-am-compute does as in training.
_RANDOM = {"DropoutComponent", "AdditiveNoiseComponent"}


@dataclass(frozen=True, slots=True)
class StartModel:
    """A model that Kaldi scores.

    ``folder`` holds the model and the tables that ``options`` name; the file ``changed`` is the one that is changed.
    The command is ``program *options model ark:input.ark ark:output.ark``. ``case`` is what case.toml says.
    """

    name: str
    folder: Path
    program: str
    options: tuple[str, ...]
    model: str
    changed: str
    values: Values
    case: Mapping[str, Any]


def start_models(generation: str) -> list[StartModel]:
    """All start models of ``nnet1``, ``nnet2`` or ``nnet3``, in the order of their names."""
    return [model for folder in sorted((GOLDEN / generation).iterdir()) for model in _models_of(folder)]


def _models_of(folder: Path) -> Iterator[StartModel]:
    if not (folder / "case.toml").is_file():
        return
    case = description(folder)
    if folder.parent.name == "nnet2" and not _RANDOM.isdisjoint(case["components"]):
        return
    runs = [case["options"], *case.get("more_options", ())]
    runs += [options for options in _MORE_OPTIONS.get(case["program"], ()) if runs == [[]]]
    for values, model, changed in _forms(folder):
        for number, options in enumerate(runs):
            name = folder.name if not number else f"{folder.name}.{number + 1}"
            yield StartModel(name, folder, case["program"], tuple(options), model, changed, values, case)


def _forms(folder: Path) -> Iterator[tuple[Values, str, str]]:
    """The values of what can be changed, the name of the model, and of the file that is changed."""
    binary = next(path for path in sorted(folder.glob("model.*")) if path.suffix in (".nnet", ".raw", ".mdl"))
    text = folder / ("model.nnet.txt" if binary.suffix == ".nnet" else "model.txt")
    try:
        yield read_values(text.read_bytes(), binary.read_bytes()), binary.name, binary.name
    except ValueError:
        # The text form is in the spelling of an old version of Kaldi, the binary form is not.
        if folder.parent.name == "nnet2":
            yield read_text_values(text.read_bytes(), _kinds(2)), binary.name, binary.name


def _kinds(generation: int) -> dict[str, str]:
    return {
        name: kind
        for component in component_types(generation)  # type: ignore[arg-type]
        for name, kind in component.fields.items()
    }
