"""Scores from Python, one utterance at a time, and conversion of Kaldi models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ov_asr_score import __version__
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_io.files.input import keep_inputs
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.filled_inputs.fillings import WORDS, is_filling
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.filling import advice_on_inputs
from ov_asr_score.scoring.model_loading import LoadedModel
from ov_asr_score.scoring.model_streams import keep_model_files
from ov_asr_score.scoring.scorer_options import scorer_options
from ov_asr_score.scoring.session import open_model_with_tables, start_session
from ov_asr_score.scoring.utterances.ivector_tables import IVECTOR_INPUT
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.tables import Tables

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
    layout: str = "",
    left_context: int = 0,
    right_context: int = 0,
    chunk_shift: int = 0,
    kaldi: KaldiOptions = DEFAULT_OPTIONS,
    conversion_cache: str | None = None,
    ivectors: str = "",
    online_ivectors: str = "",
    online_ivector_period: int = 0,
    utt2spk: str = "",
    states: Iterable[str] = (),
    fill: Mapping[str, str] = MappingProxyType({}),
    allow_missing: bool = False,
    allow_commands: bool = False,
    path_map: Iterable[str] = (),
    allow_nonfinite: bool = False,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, lazily and in input order, as :class:`UtteranceScores` with float32 [T, N] by output.

    Features come from tables (``inputs``: a specifier, or specifiers by input name) or from ``arrays``: keys with
    matrices [T, D], as pairs or a mapping; for models with several inputs with a mapping of input name to matrix.
    ``outputs`` names outputs or inner layers; empty for all outputs of the model. ``layout`` says what axes mean that
    the model does not tell, as the command line takes it: ``x[NCT]``. ``chunk_shift`` is the number of frames from one
    request to the next, where a streaming model has requests that overlap and does not say it in its metadata.

    A Kaldi model is converted as ``kaldi`` says; ``conversion_cache`` names a folder where the result is kept. The
    tables ``ivectors`` (per utterance, or per speaker with ``utt2spk``) or ``online_ivectors`` are for an input
    ``ivector``, as in nnet3-compute. ``allow_nonfinite`` takes a model whose weights hold NaN or infinity.

    Inputs of models of other toolkits that hold states, lengths or masks need neither table nor array: ``states`` are
    texts ``input=output``, and ``fill`` says by input what it is filled in with, as on the command line (``frames``,
    ``ones``, ``zeros``, ``position``, ``value:0.5``). ``path_map``: texts ``old=new`` for scripts of another machine.

    Raises children of :class:`ov_asr_score.errors.OvAsrScoreError`, at the first ``next``.
    """
    if arrays is not None and (ivectors or online_ivectors):
        raise UsageError("ivectors: with arrays, i-vectors are arrays of the input 'ivector' too")
    if (inputs is None) == (arrays is None):
        raise UsageError(
            "expected either tables (inputs) or arrays, found " + ("neither" if inputs is None else "both")
        )
    by_speaker = {IVECTOR_INPUT: utt2spk} if utt2spk and (ivectors or online_ivectors) else ()
    job = ScoreJob(
        model=str(model),
        device=device or DeviceSettings(),
        batch_size=batch_size,
        layout=layout,
        left_context=left_context,
        right_context=right_context,
        chunk_shift=chunk_shift,
        kaldi=kaldi,
        conversion_cache=conversion_cache,
        inputs=_with_fillings(str(inputs) if isinstance(inputs, Path) else inputs or (), fill),
        ivectors=ivectors,
        online_ivectors=online_ivectors,
        online_ivector_period=online_ivector_period,
        utt2spk=by_speaker,
        states=tuple(states),
        allow_missing=allow_missing,
        allow_commands=allow_commands,
        path_map=tuple(path_map),
        allow_nonfinite=allow_nonfinite,
    )
    options = replace(scorer_options(job), outputs=tuple(outputs))
    given = iter(()) if arrays is None else iter(arrays.items() if isinstance(arrays, Mapping) else arrays)
    beginning = list(islice(given, 1))
    names = [name for _, value in beginning if isinstance(value, Mapping) for name in value]
    with keep_model_files(job):
        opened = open_model_with_tables(job, options, needs_features=arrays is None, given=names)
    names = [port.name for port in opened.model.inputs]
    loaded = opened.model.loaded
    source = opened.read() if arrays is None else _from_arrays(chain(beginning, given), names, loaded)
    first = next(source, None)
    if first is not None:
        session = start_session(opened, chain([first], source))
        yield from session.scorer.score(session.utterances)


def convert_model(
    model: str | Path,
    kaldi: KaldiOptions = DEFAULT_OPTIONS,
    *,
    allow_nonfinite: bool = False,
    allow_commands: bool = False,
) -> ov.Model:
    """The OpenVINO model that a Kaldi model becomes; :func:`ov_asr_score.convert.rt_info.read_facts` tells its facts.

    ``openvino.save_model`` writes it, and it is scored as any other file then. ``allow_nonfinite`` converts a model
    whose parameters hold NaN or infinity, ``allow_commands`` runs one that is a command (``cmd |``). Raises children of
    :class:`ov_asr_score.errors.OvAsrScoreError`.
    """
    with keep_inputs((str(model), kaldi.feature_transform, kaldi.class_frame_counts), allow_commands=allow_commands):
        return convert_file(model, kaldi, __version__, allow_nonfinite=allow_nonfinite)


def _with_fillings(inputs: Tables, fill: Mapping[str, str]) -> Tables:
    for name, text in fill.items():
        if not is_filling(text):
            raise UsageError(f"fill '{name}': expected {', '.join(WORDS)} or value:X, found '{text}'")
        if isinstance(inputs, Mapping) and name in inputs:
            raise UsageError(f"inputs: input '{name}' is given twice, it is in fill, too", fields=("inputs",))
    if not fill:
        return inputs
    if isinstance(inputs, Mapping):
        return {**inputs, **fill}
    return [*([inputs] if isinstance(inputs, str) else inputs), *(f"{name}={text}" for name, text in fill.items())]


def _from_arrays(arrays: Iterable[tuple[str, Features]], names: list[str], loaded: LoadedModel) -> Iterator[Utterance]:
    for key, value in arrays:
        by_input = dict(value) if isinstance(value, Mapping) else {names[0]: value}
        if set(by_input) != set(names):
            advice = advice_on_inputs(loaded, [name for name in names if name not in by_input])
            raise UsageError(
                f"utterance '{key}': expected arrays for {', '.join(names)}, found {', '.join(by_input)}"
                + advice.replace("inputs '", "fill '")
            )
        features = {name: _as_array(key, name, array) for name, array in by_input.items()}
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
