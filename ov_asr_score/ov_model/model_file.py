"""A path to any model as an OpenVINO model: IR and ONNX are read, Kaldi models are converted and kept in a cache.

Tests: tests/ov_model/test_conversion_cache.py
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score import __version__
from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.nonfinite_weights import nonfinite_error, nonfinite_note
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.source_file import factor_note, file_digest
from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.after_network import takes_after_network
from ov_asr_score.ov_model.conversion_cache import conversion_key, is_worth_keeping, keep_model, load_kept_model
from ov_asr_score.ov_model.file_kind import ModelKind, read_model_kind
from ov_asr_score.ov_model.finite_weights import examine_weights
from ov_asr_score.ov_model.ir_file import read_openvino_model
from ov_asr_score.settings.kaldi import AFTER_NETWORK, DEFAULT_OPTIONS, KaldiOptions, spelled_options


@dataclass(frozen=True, slots=True, eq=False)
class ModelFromFile:
    """A model with the metadata of its conversion, if it was converted; ``notes`` are worth telling.

    ``from_cache`` says that it was converted in an earlier run.
    """

    model: ov.Model
    conversion: ConversionFacts | None
    notes: tuple[str, ...] = ()
    from_cache: bool = False


def read_or_convert_model(
    path: Path,
    core: ov.Core | None = None,
    options: KaldiOptions = DEFAULT_OPTIONS,
    cache: str | None = None,
    *,
    keep_nodes: bool = False,
    kind: ModelKind | None = None,
    allow_nonfinite: bool = False,
) -> ModelFromFile:
    """The model in an IR, ONNX or Kaldi file; ``options`` are for Kaldi models, ``cache`` is a folder for conversions.

    With ``keep_nodes`` all nodes of a Kaldi model are layers by their names, which no cache holds. ``kind`` is that of
    the file, if it is known. ``allow_nonfinite`` takes weights that are NaN or infinite, with a note.
    Raises what ``read_openvino_model`` and ``convert_file`` raise, UsageError when an IR does not go with the options,
    and ModelFormatError for weights that are not finite.
    """
    kind = kind or read_model_kind(path)
    if kind != "kaldi":
        model = read_openvino_model(path, core, kind)
        conversion = read_facts(model, str(path))
        check_made_with(path, conversion, options)
        return ModelFromFile(model, conversion, check_weights(model, path, conversion, allow_nonfinite=allow_nonfinite))
    doubt = factor_note(path, options)
    notes = (doubt,) if doubt else ()
    if cache is None or keep_nodes:
        from ov_asr_score.convert.from_file import convert_file

        made = convert_file(path, options, __version__, keep_nodes=keep_nodes, allow_nonfinite=allow_nonfinite)
        return _from_conversion(made, notes)
    digest = file_digest(path)
    key = conversion_key(path, options, digest)
    kept = load_kept_model(cache, key, core)
    if kept is not None:
        found = _from_conversion(kept, notes, from_cache=True)
        if found.conversion is not None and found.conversion.nonfinite_weights and not allow_nonfinite:
            raise nonfinite_error(str(path), found.conversion.nonfinite_weights)
        return found
    from ov_asr_score.convert.from_file import convert_file  # as large as all else, and the cache does without it

    started = time.perf_counter()
    model = convert_file(path, options, __version__, digest, allow_nonfinite=allow_nonfinite)
    note = keep_model(model, cache, key) if is_worth_keeping(path, time.perf_counter() - started) else ""
    return _from_conversion(model, (*notes, note) if note else notes)


def check_made_with(path: Path, conversion: ConversionFacts | None, options: KaldiOptions) -> None:
    """Raise UsageError for ``options`` that a model which is no Kaldi model was not made with.

    ``conversion`` is that of a model that was converted earlier; None for any other model. What holds after a network
    of any kind can be asked of both, unless it was asked when the model was converted.
    """
    of_kaldi = spelled_options(options, [name for name in options.asked if name not in AFTER_NETWORK])
    if conversion is None:
        if of_kaldi:
            raise UsageError(f"{of_kaldi}: applies to Kaldi models only, and {path} is not one")
        return
    if takes_after_network(conversion, options) and of_kaldi in ("", conversion.options):
        return
    if options.asked and conversion.options != options.text:
        made = f"with {conversion.options}" if conversion.options else "without such options"
        raise UsageError(f"{options.text}: {path} was converted {made}; convert the Kaldi model again")


def check_weights(
    model: ov.Model, path: Path, conversion: ConversionFacts | None = None, *, allow_nonfinite: bool = False
) -> tuple[str, ...]:
    """What to tell of weights that are NaN or infinite. Raises ModelFormatError for those that cannot be meant.

    Of a model that was converted from a Kaldi model the conversion may know the components.
    """
    found = examine_weights(model)
    refused = found.refused
    if refused and conversion is not None and conversion.nonfinite_weights:
        refused = conversion.nonfinite_weights
    if refused and not allow_nonfinite:
        raise nonfinite_error(str(path), refused)
    notes = [nonfinite_note(refused)] if refused else []
    if found.doubtful:
        notes.append(f"{found.doubtful}: taken for a mask or another deliberate infinity")
    return tuple(notes)


def _from_conversion(model: ov.Model, notes: tuple[str, ...] = (), *, from_cache: bool = False) -> ModelFromFile:
    conversion = read_facts(model)
    broken = "" if conversion is None else conversion.nonfinite_weights
    return ModelFromFile(model, conversion, (*notes, nonfinite_note(broken)) if broken else notes, from_cache)
