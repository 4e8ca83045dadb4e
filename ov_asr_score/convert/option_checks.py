"""Which of Kaldi's options go together, and with which generation of models.

Sources: nnet3bin/nnet3-compute.cc, nnet3bin/nnet3-compute-batch.cc, nnet3bin/nnet3-xvector-compute.cc,
nnet2bin/nnet-am-compute.cc, nnetbin/nnet-forward.cc.

Kaldi: each of these programs ends with its usage for an option that it does not have, and takes one value of an option.
Reason for what it accepts and is refused here: options that contradict each other or have no effect are mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, KaldiNetwork
from ov_asr_score.settings.kaldi import UNSET, KaldiOptions, named
from ov_asr_score.settings.setting import settings_of

LARGEST_FACTOR = 1000

# Those of the programs that score with a model of that generation, and beyond them what is as clear for the others.
_ONLY_FOR = {each.name: each.setting.only_for for each in settings_of(KaldiOptions) if each.setting is not None}
_NOT_TOGETHER = (
    ("use_priors", "class_frame_counts"),
    ("divide_by_priors", "use_priors"),
    ("divide_by_priors", "class_frame_counts"),
    ("no_softmax", "apply_log"),
    ("log_softmax", "apply_log"),
    ("chunk_size", "frames_per_chunk"),
    ("frames_per_chunk", "pad_input"),
    ("time", "frames_per_chunk"),
    ("time", "chunk_size"),
)
_NOT_TOGETHER_IN_NNET2 = (("chunk_size", "pad_input"),)
_NEEDS_ONE_OF = (
    ("prior_scale", ("class_frame_counts", "use_priors")),
    ("prior_floor", ("class_frame_counts",)),
    ("batch_compute", ("frames_per_chunk",)),
    ("ensure_exact_final_context", ("batch_compute",)),
    ("frames_per_request", ("time",)),
)
_FRAMES = ("frames_per_request", "frames_per_chunk", "extra_left_context", "extra_right_context")
_FRAMES_OR_UNSET = ("extra_left_context_initial", "extra_right_context_final")
# Every request is filled up to these, however short the utterance.
_FILLED_UP = ("frames_per_request", "extra_left_context", "extra_right_context", *_FRAMES_OR_UNSET)
# What networks with a row of scores for each frame know, and those of nnet3 with one vector per utterance.
_OF_FRAMES = (
    *("frames_per_request", "frame_subsampling_factor", "frames_per_chunk", "batch_compute"),
    *("ensure_exact_final_context", "extra_left_context", "extra_right_context", *_FRAMES_OR_UNSET),
)
_OF_VECTORS = ("chunk_size", "min_chunk_size", "pad_input")
_NUMBERS = ("prior_scale", "prior_floor", "acoustic_scale")


def check_options(network: KaldiNetwork, options: KaldiOptions) -> None:
    """Raise UsageError for options that do not go together, or not with this model."""
    _check_values(options)
    asked = options.asked
    for name in asked:
        generations = _ONLY_FOR[name]
        if network.generation not in generations:
            kinds = " and ".join(f"nnet{generation}" for generation in generations)
            raise _error(options, f": is for {kinds} models, {network.source} is nnet{network.generation}", name)
    check_together(options)
    if network.generation == 2:
        _check_pairs(options, _NOT_TOGETHER_IN_NNET2)
    if network.generation == 2 and not (options.apply_log or options.log_softmax):
        # Kaldi's own programs for nnet2 subtract priors from logarithms alone (nnet2/decodable-am-nnet.h).
        for name in ("use_priors", "class_frame_counts"):
            if name in asked:
                raise _error(
                    options,
                    f": expected apply_log with it, because {network.source} is nnet2 and gives posteriors; "
                    "divide_by_priors is for those",
                    name,
                    also=("apply_log", "divide_by_priors"),
                )


def check_together(options: KaldiOptions) -> None:
    """Raise UsageError for values out of range, and for options that do not go together, whatever the model is."""
    _check_values(options)
    asked = options.asked
    _check_pairs(options, _NOT_TOGETHER)
    for name, needed in _NEEDS_ONE_OF:
        if name in asked and not any(each in asked for each in needed):
            what = " or ".join("time=frame" if each == "time" else each for each in needed)
            raise _error(options, f": expected {what} with it", name, also=needed)


def _check_pairs(options: KaldiOptions, pairs: Iterable[tuple[str, str]]) -> None:
    for pair in pairs:
        if all(name in options.asked for name in pair):
            raise _error(options, ": expected one of them, found both", *pair)


def _error(options: KaldiOptions, text: str, *names: str, also: tuple[str, ...] = ()) -> UsageError:
    """An error that begins with settings and their values; ``text`` names those in ``also``."""
    given = ", ".join(named(name, options) for name in names)
    return UsageError(f"{given}{text}", fields=(*names, *also))


def check_kind(network: KaldiNetwork, options: KaldiOptions, *, gives_vector: bool) -> None:
    """Raise UsageError for options that do not go with what an nnet3 network gives scores for.

    ``gives_vector``: the output is one vector per utterance.
    """
    if gives_vector:
        if "time" in options.asked:
            text = f": {network.source} gives one vector per utterance and must see all of its frames; expected"
            raise _error(options, f"{text} time=utterance or auto, and a device other than GNA", "time", also=("time",))
        for name in _OF_FRAMES:
            if name in options.asked:
                text = f": is for models with scores for each frame, {network.source} gives one vector per utterance"
                raise _error(options, f"{text}; use chunk_size for chunks", name, also=("chunk_size",))
        if not options.pad_input and 0 < options.chunk_size < options.min_chunk_size:
            text = ": no chunk is long enough; expected a larger chunk_size, or pad_input"
            raise _error(options, text, "chunk_size", "min_chunk_size", "pad_input")
        return
    for name in _OF_VECTORS:
        if name in options.asked:
            kinds = "models that give one vector per utterance"
            kinds = kinds if name == "min_chunk_size" else f"nnet2 models and {kinds}"
            text = f": is for {kinds}, {network.source} gives scores for each frame"
            raise _error(options, f"{text}; use frames_per_chunk for chunks", name, also=("frames_per_chunk",))


def _check_values(options: KaldiOptions) -> None:
    for name in _FRAMES:
        if getattr(options, name) < 0:
            raise _error(options, ": expected 0 or more frames", name)
    for name in _FRAMES_OR_UNSET:
        if getattr(options, name) < UNSET:
            raise _error(options, ": expected 0 or more frames, or -1 for those of other chunks", name)
    fills_chunks = options.batch_compute and not options.ensure_exact_final_context
    for name in (*_FILLED_UP, "frames_per_chunk") if fills_chunks else _FILLED_UP:
        if getattr(options, name) > FARTHEST_FRAME:
            raise _error(options, f": expected at most {FARTHEST_FRAME} frames", name)
    for name in _NUMBERS:
        if not isfinite(getattr(options, name)):
            raise _error(options, ": expected a finite number", name)
    if not 1 <= options.min_chunk_size <= FARTHEST_FRAME:
        raise _error(options, f": expected 1 to {FARTHEST_FRAME} frames", "min_chunk_size")
    if options.scores_per not in ("auto", "frame", "utterance"):
        raise _error(options, ": expected auto, frame or utterance", "scores_per")
    if not 0 <= options.frame_subsampling_factor <= LARGEST_FACTOR:
        raise _error(options, f": expected 1 to {LARGEST_FACTOR}", "frame_subsampling_factor")
    if options.time not in ("auto", "utterance", "frame", "lockstep"):
        raise _error(options, ": expected auto, utterance or frame", "time")
