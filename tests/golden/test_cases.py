"""Scores of small models of nnet2 and nnet3 against those of Kaldi's own programs (see make_cases.py)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from ov_asr_score.convert.layers.registry import supported_types
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.components.type_table import type_names
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import Component, ComponentNode, Descriptor, Generation, NodeRef, OutputNode
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, read_utterances
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.setting import fields_of

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("nnet[23]/*/case.toml"))
XVECTORS = sorted(path.parent for path in HERE.glob("xvectors/*/case.toml"))
# A chunk longer than every utterance is the whole utterance.
WHOLE_UTTERANCE = 1000


def description(folder: Path) -> dict[str, Any]:
    """The values of a case.toml, whose lines are all of the form ``name = value``."""
    found = {}
    for line in (folder / "case.toml").read_text().splitlines():
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name.strip()] = ast.literal_eval(value.strip())
    return found


def model_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "model.raw", folder / "model.mdl", folder / "model.txt") if path.is_file()]


@dataclass(frozen=True)
class Run:
    """What one command of Kaldi asked for, in our words."""

    options: KaldiOptions
    tables: list[InputTable]


def as_run(folder: Path, case: dict[str, Any], options: list[str]) -> Run:
    """Our options and tables for the options of one of Kaldi's programs."""
    given = dict(option.removeprefix("--").split("=", 1) for option in options)
    tables = [InputTable("input", f"ark:{folder / 'input.ark'}")]
    utt2spk = given.pop("utt2spk", "").replace("ark:", f"{folder}/")
    for name in ("ivectors", "online-ivectors"):
        if name in given:
            specifier = given.pop(name).replace("ark:", f"ark:{folder}/")
            period = int(given.pop("online-ivector-period", "0"))
            tables.append(InputTable("ivector", specifier, utt2spk, period))
    if case["program"] == "nnet3-compute":
        given.setdefault("frames-per-chunk", "50")
    if int(given.get("frames-per-chunk", "0")) >= WHOLE_UTTERANCE:
        del given["frames-per-chunk"]
    values = {name.replace("-", "_"): _value(name.replace("-", "_"), text) for name, text in given.items()}
    values |= {name: case[name] for name in ("output_name", "scores_per") if name in case}
    return Run(KaldiOptions(**values), tables)


def _value(name: str, text: str) -> Any:
    kind = next(field.kind for field in fields_of(KaldiOptions) if field.name == name)
    return text == "true" if kind is bool else kind(text)


def runs(folder: Path) -> Iterator[tuple[list[str], Path]]:
    """The options of each run, and where Kaldi's scores are."""
    case = description(folder)
    yield case["options"], folder / "output.ark"
    for number, options in enumerate(case.get("more_options", []), 2):
        yield options, folder / f"output{number}.ark"


PARAMETERS = [
    pytest.param(
        folder, model, options, output, id=f"{folder.parent.name}/{folder.name}-{model.suffix[1:]}-{output.stem}"
    )
    for folder in (*FOLDERS, *XVECTORS)
    for model in model_files(folder)
    # What options do has nothing to do with the form of the file.
    for options, output in (list(runs(folder))[:1] if model.suffix == ".txt" else runs(folder))
]


@pytest.mark.parametrize(("folder", "model", "options", "output"), PARAMETERS)
def test_scores_are_those_of_kaldi(folder: Path, model: Path, options: list[str], output: Path) -> None:
    case = description(folder)
    run = as_run(folder, case, options)
    scorer_options = ScorerOptions(model=str(model), kaldi=run.options)
    opened = configure_model(load_model(scorer_options), scorer_options)
    utterances = list(read_utterances(run.tables, JoinOptions()))
    expected = dict(read_table(f"ark:{output}"))
    utterances = [utterance for utterance in utterances if utterance.key in expected]
    scorer = prepare_scorer(opened, scorer_options, utterances[0])
    found = {result.key: next(iter(result.scores.values())) for result in scorer.score(utterances)}
    assert found.keys() == expected.keys()
    for key, scores in ((key, np.atleast_2d(array)) for key, array in expected.items()):
        assert found[key].shape == scores.shape, f"{key}: {found[key].shape}, Kaldi gives {scores.shape}"
        difference = np.abs(found[key] - scores)
        place = np.unravel_index(int(np.argmax(difference)), difference.shape)
        assert difference.max() <= case["tolerance"], (
            f"{key}: {difference.max():.3g} at frame {place[0]}, column {place[1]}: "
            f"{found[key][place]:.6g}, Kaldi gives {scores[place]:.6g}"
        )


def types_in(components: Iterable[Component]) -> Iterator[str]:
    """The types of components and of those inside of them."""
    for component in components:
        yield component.type
        for chain in component.nested:
            yield from types_in(chain)


def descriptors_in(descriptor: Descriptor) -> Iterator[str]:
    """The names of a descriptor and of those inside of it, in Kaldi's words."""
    if not isinstance(descriptor, NodeRef):
        yield type(descriptor).__name__
    inner = [getattr(descriptor, name, ()) for name in ("parts", "source", "first", "second")]
    for found in inner:
        for source in found if isinstance(found, tuple) else (found,):
            yield from descriptors_in(source)


@pytest.mark.parametrize("folder", (*FOLDERS, *XVECTORS), ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_case_has_what_it_says(folder: Path) -> None:
    case = description(folder)
    for path in model_files(folder):
        network = load_network(path)
        assert sorted(set(types_in(network.components.values()))) == case["components"], path.name
        found = {
            name
            for node in network.nodes
            if isinstance(node, ComponentNode | OutputNode) and network.generation == 3
            for name in descriptors_in(node.input)
        }
        # Kaldi's own writer leaves out what changes nothing, as in Append(a).
        assert found <= set(case["descriptors"]), path.name
        assert found == set(case["descriptors"]) or path.suffix != ".txt"


def components_of(generation: int) -> set[str]:
    """All types of components in the cases of a generation."""
    folders = [path.parent for path in HERE.glob(f"nnet{generation}/*/case.toml")]
    return {name for folder in folders for name in description(folder)["components"]}


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_every_component_that_can_be_converted_has_a_case(generation: Generation) -> None:
    assert {*supported_types(generation), *type_names(generation)} - components_of(generation) == set()


def test_every_descriptor_has_a_case() -> None:
    found = {name for folder in FOLDERS for name in description(folder)["descriptors"]}
    kinds = {kind.__name__ for kind in get_args(Descriptor)} - {"NodeRef"}
    assert found == kinds
