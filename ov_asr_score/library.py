"""Scores from Python, one utterance at a time, and conversion of Kaldi models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score import __version__
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.outputs import find_port, port_names
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.opening import load, open_model
from ov_asr_score.scoring.options import ScorerOptions
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.utterances.ivector_tables import ivector_table, missing_tables, per_speaker
from ov_asr_score.scoring.utterances.joining import InputTable, JoinOptions, Utterance, read_utterances
from ov_asr_score.scoring.utterances.table_specs import pair_layers
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.text import suggestion

Tables = str | Sequence[str] | Mapping[str, str]
Features = ArrayLike | Mapping[str, ArrayLike]
Arrays = Iterable[tuple[str, Features]] | Mapping[str, Features]


def score(
    model: str | Path,
    inputs: Tables | Path | None = None,
    *,
    arrays: Arrays | None = None,
    outputs: Iterable[str] = (),
    device: DeviceSettings | None = None,
    batch_size: int = 0,
    left_context: int = 0,
    right_context: int = 0,
    kaldi: KaldiOptions = DEFAULT_OPTIONS,
    conversion_cache: str | None = None,
    ivectors: str = "",
    online_ivectors: str = "",
    online_ivector_period: int = 0,
    utt2spk: str = "",
    allow_missing: bool = False,
    allow_commands: bool = False,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, lazily and in input order, as :class:`UtteranceScores` with float32 [T, N] by output.

    Features come from tables (``inputs``: a specifier, or specifiers by input name) or from ``arrays``: keys with
    matrices [T, D], as pairs or a mapping; for models with several inputs with a mapping of input name to matrix.
    ``outputs`` names outputs or inner layers; empty for all outputs of the model.

    A Kaldi model is converted as ``kaldi`` says; ``conversion_cache`` names a folder where the result is kept. The
    tables ``ivectors`` (per utterance, or per speaker with ``utt2spk``) or ``online_ivectors`` are for an input
    ``ivector``, as in nnet3-compute.

    Raises children of :class:`ov_asr_score.errors.OvAsrScoreError`, at the first ``next``.
    """
    if arrays is not None and (ivectors or online_ivectors):
        raise UsageError("ivectors: with arrays, i-vectors are arrays of the input 'ivector' too")
    if (inputs is None) == (arrays is None):
        raise UsageError(
            "expected either tables (inputs) or arrays, found " + ("neither" if inputs is None else "both")
        )
    options = ScorerOptions(
        model=str(model),
        device=device or DeviceSettings(),
        batch_size=batch_size,
        outputs=tuple(outputs),
        left_context=left_context,
        right_context=right_context,
        kaldi=kaldi,
        conversion_cache=conversion_cache,
    )
    loaded = load(options)
    opened = open_model(loaded, options)
    if arrays is not None:
        source = _from_arrays(arrays, [port.name for port in opened.inputs])
    else:
        join = JoinOptions(allow_missing=allow_missing, allow_commands=allow_commands)
        tables = str(inputs) if isinstance(inputs, Path) else inputs or ()
        extra = ivector_table(opened.inputs, ivectors, online_ivectors, online_ivector_period)
        found = _tables(tables, opened.inputs, None if extra is None else per_speaker(extra, utt2spk))
        source = read_utterances(found, join)
    first, source = _first_with_frames(source)
    if first is not None:
        yield from prepare_scorer(opened, options, first).score(source)


def convert_model(model: str | Path, kaldi: KaldiOptions = DEFAULT_OPTIONS) -> ov.Model:
    """The OpenVINO model that a Kaldi model becomes; :func:`ov_asr_score.convert.rt_info.read_facts` tells its facts.

    ``openvino.save_model`` writes it, and it is scored as any other file then. Raises children of
    :class:`ov_asr_score.errors.OvAsrScoreError`.
    """
    return convert_file(model, kaldi, __version__)


def _tables(inputs: Tables, ports: Sequence[PortInfo], ivectors: InputTable | None) -> list[InputTable]:
    """One table for each input of the model, by its own name; that of i-vectors may be given already."""
    names = port_names(ports)
    values = (inputs,) if isinstance(inputs, str) else inputs
    default = [port.name for port in ports]
    tables = {}
    pairs = pair_layers(
        "inputs",
        values,
        "",
        lambda name: find_port(ports, name) is not None,
        default,
        lambda name: suggestion(name, names),
    )
    for name, specifier in pairs.items():
        index = find_port(ports, name)
        if index is None:
            raise UnknownNameError(f"the model has no input '{name}'{suggestion(name, names)}")
        tables[ports[index].name] = InputTable(ports[index].name, specifier)
    if ivectors is not None:
        if ivectors.input in tables:
            raise UsageError(f"inputs, ivectors: input '{ivectors.input}' is given twice")
        tables[ivectors.input] = ivectors
    without = [name for name in default if name not in tables]
    if without:
        raise UsageError(f"inputs: {missing_tables(without, ports)}")
    return list(tables.values())


def _from_arrays(arrays: Arrays, names: list[str]) -> Iterator[Utterance]:
    for key, value in arrays.items() if isinstance(arrays, Mapping) else arrays:
        given = dict(value) if isinstance(value, Mapping) else {names[0]: value}
        if set(given) != set(names):
            raise UsageError(f"utterance '{key}': expected arrays for {', '.join(names)}, found {', '.join(given)}")
        features = {name: _as_array(key, name, array) for name, array in given.items()}
        lengths = {len(matrix) for matrix in features.values() if matrix.ndim == 2}
        if len(lengths) != 1:
            raise UsageError(f"utterance '{key}': expected inputs with one number of frames, found {sorted(lengths)}")
        yield Utterance(key, features, lengths.pop())


def _as_array(key: str, name: str, value: ArrayLike) -> NDArray[np.float32]:
    try:
        array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"utterance '{key}': input '{name}': expected a matrix of numbers: {error}") from error
    if array.ndim not in (1, 2):
        raise UsageError(f"utterance '{key}': input '{name}': expected a matrix [T, D], found {array.ndim} dimensions")
    return array


def _first_with_frames(utterances: Iterator[Utterance]) -> tuple[Utterance | None, Iterator[Utterance]]:
    """The first utterance that has frames, or else the first, None for none; and all of them again.

    A matrix without frames has no columns in Kaldi's files, so it cannot show what a model is fed with.
    """
    passed = []
    for utterance in utterances:
        passed.append(utterance)
        if utterance.num_frames:
            return utterance, chain(passed, utterances)
    return (passed[0] if passed else None), iter(passed)
