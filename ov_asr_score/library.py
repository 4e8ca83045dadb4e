"""Scores from Python, one utterance at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.device.settings import DeviceSettings
from ov_asr_score.errors import UsageError
from ov_asr_score.job.score_job import ScoreJob, Tables
from ov_asr_score.job.tables import resolve_tables
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.scorer import load, open_model, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances import JoinOptions, Utterance, read_utterances

Arrays = Iterable[tuple[str, NDArray[Any] | Mapping[str, NDArray[Any]]]]


def score(
    model: str,
    inputs: Tables | str | None = None,
    *,
    arrays: Arrays | None = None,
    outputs: Iterable[str] = (),
    device: DeviceSettings | None = None,
    batch_size: int = 0,
    left_context: int = 0,
    right_context: int = 0,
    allow_missing: bool = False,
    allow_commands: bool = False,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, lazily and in input order, as :class:`UtteranceScores` with float32 [T, N] by output.

    Features come from tables (``inputs``: a specifier, or specifiers by input name) or from ``arrays``: pairs of a key
    and a matrix [T, D], or a mapping of input name to matrix for models with several inputs. ``outputs`` names
    outputs or inner layers; empty for all outputs of the model.

    Raises children of :class:`ov_asr_score.errors.OvAsrScoreError`, at the first ``next``.
    """
    if (inputs is None) == (arrays is None):
        raise UsageError(
            "expected either tables (inputs) or arrays, found " + ("neither" if inputs is None else "both")
        )
    options = ScorerOptions(
        model=model,
        device=device or DeviceSettings(),
        batch_size=batch_size,
        outputs=tuple(outputs),
        left_context=left_context,
        right_context=right_context,
    )
    loaded = load(options)
    opened = open_model(loaded, options)
    if arrays is not None:
        source = _from_arrays(arrays, [port.name for port in opened.inputs])
    else:
        tables = (inputs,) if isinstance(inputs, str) else inputs or ()
        resolved = resolve_tables(ScoreJob(inputs=tables), loaded.inputs, loaded.outputs, loaded.names)
        join = JoinOptions(allow_missing=allow_missing, allow_commands=allow_commands)
        source = read_utterances(resolved.inputs, join)
    first = next(source, None)
    if first is not None:
        yield from prepare_scorer(opened, options, first).score(chain([first], source))


def _from_arrays(arrays: Arrays, names: list[str]) -> Iterator[Utterance]:
    for key, value in arrays:
        features = dict(value) if isinstance(value, Mapping) else {names[0]: value}
        if set(features) != set(names):
            raise UsageError(f"utterance '{key}': expected arrays for {', '.join(names)}, found {', '.join(features)}")
        lengths = {len(matrix) for matrix in features.values() if matrix.ndim == 2}
        if len(lengths) != 1:
            raise UsageError(f"utterance '{key}': expected inputs with one number of frames, found {sorted(lengths)}")
        yield Utterance(key, features, lengths.pop())
