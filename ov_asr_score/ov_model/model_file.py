"""A path to any model as an OpenVINO model: IR and ONNX are read, Kaldi models are converted and kept in a cache."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score import __version__
from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.from_file import convert_file, file_digest
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.conversion_cache import conversion_key, is_worth_keeping, keep_model, load_kept_model
from ov_asr_score.ov_model.file_kind import read_model_kind
from ov_asr_score.ov_model.ir_file import load_model
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions


@dataclass(frozen=True, slots=True, eq=False)
class FoundModel:
    """A model with the facts of its conversion, if it was converted; ``notes`` are worth telling.

    ``from_cache`` says that it was converted in an earlier run.
    """

    model: ov.Model
    facts: ConversionFacts | None
    notes: tuple[str, ...] = ()
    from_cache: bool = False


def open_model_file(
    path: Path,
    core: ov.Core | None = None,
    options: KaldiOptions = DEFAULT_OPTIONS,
    cache: str | None = None,
    *,
    keep_nodes: bool = False,
) -> FoundModel:
    """The model in an IR, ONNX or Kaldi file; ``options`` are for Kaldi models, ``cache`` is a folder for conversions.

    With ``keep_nodes`` all nodes of a Kaldi model are layers by their names, which no cache holds.
    Raises what ``load_model`` and ``convert_file`` raise, and UsageError when an IR does not go with the options.
    """
    if read_model_kind(path) != "kaldi":
        model = load_model(path, core)
        facts = read_facts(model, str(path))
        check_made_with(path, facts, options)
        return FoundModel(model, facts)
    if cache is None or keep_nodes:
        return _found(convert_file(path, options, __version__, keep_nodes=keep_nodes))
    digest = file_digest(path)
    key = conversion_key(path, options, digest)
    kept = load_kept_model(cache, key, core)
    if kept is not None:
        return _found(kept, from_cache=True)
    started = time.perf_counter()
    model = convert_file(path, options, __version__, digest)
    note = keep_model(model, cache, key) if is_worth_keeping(path, time.perf_counter() - started) else ""
    return _found(model, (note,) if note else ())


def check_made_with(path: Path, facts: ConversionFacts | None, options: KaldiOptions) -> None:
    """Nothing; raises UsageError for ``options`` that a model which is no Kaldi model was not made with.

    ``facts`` are those of a model that was converted earlier; None for any other model.
    """
    if not options.asked:
        return
    if facts is None:
        raise UsageError(f"{options.text}: is for Kaldi models, {path} is none")
    if facts.options != options.text:
        made = f"with {facts.options}" if facts.options else "without such options"
        raise UsageError(f"{options.text}: {path} was converted {made}; convert the Kaldi model again")


def _found(model: ov.Model, notes: tuple[str, ...] = (), *, from_cache: bool = False) -> FoundModel:
    return FoundModel(model, read_facts(model), notes, from_cache)
