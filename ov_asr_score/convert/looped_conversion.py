"""From a Kaldi model file to a graph that computes chunks of many utterances as Kaldi's online programs do.

Tests: tests/scoring/looped/test_compiling.py, tests/scoring/looped/test_golden_networks.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lcm
from pathlib import Path

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.nonfinite_weights import nonfinite_error
from ov_asr_score.convert.option_checks import LARGEST_FACTOR
from ov_asr_score.convert.rewriting.vectors_in_features import ivector_dim, vectors_in_features
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.scores_per import gives_vector
from ov_asr_score.convert.source_file import load_whole_network, read_subsampling_factor
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.frames.evaluation_order import modulus
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, FloatArray, KaldiNetwork
from ov_asr_score.kaldi_model.priors import log_priors_of_counts, stored_log_priors
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.recognition.live import LoopedOptions

_OTHER_MODES = "; leave time=frame out"


@dataclass(frozen=True, slots=True, eq=False)
class LoopedNetwork:
    """A network as Kaldi's online programs compute it, to be converted for any number of chunks in a request.

    ``convert`` says how; ``ivector_dim`` is None for a network without i-vectors, whose columns come behind those of
    the features. ``factor`` is the frame subsampling factor.
    """

    network: KaldiNetwork
    convert: ConvertOptions
    factor: int
    feature_dim: int
    ivector_dim: int | None

    def graph(self, chunks_per_request: int = 1) -> tuple[ov.Model, ConversionFacts]:
        """The model whose requests take so many chunks, and how it is fed. Raises UnsupportedModelError.

        See :func:`ov_asr_score.convert.graph.looped_graph.build_looped_graph`. States of graphs with other numbers of
        chunks are the same. Reason for the refusals: see there, and in ``plan_chunks``.
        """
        source = self.network.source
        try:
            model = convert_network(self.network, replace(self.convert, chunks_per_request=chunks_per_request))
        except UnsupportedModelError as error:
            raise UnsupportedModelError(str(error).removesuffix(_OTHER_MODES), fields=()) from error
        facts = read_facts(model)
        if facts is None:
            raise UnsupportedModelError(f"{source}: cannot be scored in chunks")
        if facts.nonfinite_weights:
            raise nonfinite_error(source, facts.nonfinite_weights)
        return model, facts


def load_looped_network(path: str | Path, kaldi: KaldiOptions, options: LoopedOptions) -> LoopedNetwork:
    """The network in a Kaldi model file, to be computed in chunks of ``options``.

    Of ``kaldi`` count what changes scores behind the network (priors of counts, logarithms) and the name of the output;
    the priors that an acoustic model holds are subtracted anyway, and scores are not scaled: the search does that.

    Raises FileAccessError, ModelFormatError, UsageError (options that do not fit), UnsupportedModelError (networks of
    nnet1 and nnet2, and those with one vector per utterance). Kaldi: ``DecodableNnetSimpleLoopedInfo``
    (nnet3/decodable-simple-looped.cc) takes networks of nnet3 alone, whose statistics must not see the utterance.
    """
    behind = KaldiOptions(
        class_frame_counts=kaldi.class_frame_counts,
        prior_scale=kaldi.prior_scale if kaldi.class_frame_counts else 1.0,
        prior_floor=kaldi.prior_floor if kaldi.class_frame_counts else 1e-10,
        log_softmax=kaldi.log_softmax,
        apply_exp=kaldi.apply_exp,
        output_name=kaldi.output_name,
        scores_per=kaldi.scores_per,
    )
    network = load_whole_network(path, behind)
    if network.generation != 3:
        raise UnsupportedModelError(
            f"{path}: is a network of nnet{network.generation}; expected one of nnet3, as Kaldi's online programs do"
        )
    if len(behind.output_names) > 1:
        raise UsageError(f"output_name={kaldi.output_name}: expected one output", fields=("output_name",))
    if gives_vector(network, behind):
        raise UnsupportedModelError(
            f"{path}: gives one vector per utterance (x-vectors), of which nothing is recognized; expected a network "
            "with scores for each frame"
        )
    check_looped_options(options)
    factor = options.frame_subsampling_factor or kaldi.frame_subsampling_factor or read_subsampling_factor(Path(path))
    unit = lcm(modulus(network), factor)
    chunk = -(-options.frames_per_chunk // unit) * unit
    dims = {node.name: node.dim for node in network.inputs}
    joined = vectors_in_features(network)
    return LoopedNetwork(
        joined,
        ConvertOptions(
            time="looped",
            looped_chunk=chunk,
            frame_subsampling_factor=factor,
            extra_left_context_initial=options.extra_left_context_initial,
            outputs=behind.output_names,
            log_priors=_log_priors(network, behind),
            prior_scale=behind.prior_scale,
            log_softmax=behind.log_softmax,
            apply_exp=behind.apply_exp,
        ),
        factor,
        dims.get("input", 0),
        ivector_dim(network),
    )


def check_looped_options(options: LoopedOptions) -> None:
    """Raise UsageError for numbers of frames that make no sense. Kaldi: ``NnetSimpleLoopedComputationOptions``."""
    if not 1 <= options.frames_per_chunk <= FARTHEST_FRAME:
        raise UsageError(
            f"frames_per_chunk={options.frames_per_chunk}: expected 1 to {FARTHEST_FRAME} frames",
            fields=("frames_per_chunk",),
        )
    if not 0 <= options.extra_left_context_initial <= FARTHEST_FRAME:
        raise UsageError(
            f"extra_left_context_initial={options.extra_left_context_initial}: expected 0 to {FARTHEST_FRAME} frames",
            fields=("extra_left_context_initial",),
        )
    if not 0 <= options.frame_subsampling_factor <= LARGEST_FACTOR:
        raise UsageError(
            f"frame_subsampling_factor={options.frame_subsampling_factor}: expected 1 to {LARGEST_FACTOR}, or 0",
            fields=("frame_subsampling_factor",),
        )


def _log_priors(network: KaldiNetwork, behind: KaldiOptions) -> FloatArray | None:
    """Those of the counts, else those of the model; None without. Kaldi: ``info_.log_priors`` of ``AmNnetSimple``."""
    if behind.class_frame_counts:
        return log_priors_of_counts(behind.class_frame_counts, behind.prior_floor)
    return None if network.priors is None else stored_log_priors(network)
