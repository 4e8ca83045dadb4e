"""From a Kaldi model file and options to an OpenVINO model.

Tests: tests/golden/test_cases.py, tests/cli/commands/test_convert.py, tests/job/test_convert.py
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network, looks_back_only
from ov_asr_score.convert.nonfinite_weights import nonfinite_error
from ov_asr_score.convert.option_checks import check_kind
from ov_asr_score.convert.rt_info import read_facts, write_facts
from ov_asr_score.convert.scores_per import gives_vector
from ov_asr_score.convert.source_file import file_digest, load_whole_network, read_subsampling_factor
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.kaldi_model.network import FloatArray, KaldiNetwork
from ov_asr_score.kaldi_model.priors import log_priors_of_counts, stored_log_priors
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, UNSET, KaldiOptions


def convert_file(
    path: str | Path,
    options: KaldiOptions = DEFAULT_OPTIONS,
    version: str = "",
    source_sha256: str = "",
    *,
    keep_nodes: bool = False,
    allow_nonfinite: bool = False,
) -> ov.Model:
    """The model that gives the scores of Kaldi's programs with these options; facts are in its rt_info.

    They include the ``version`` of this package and the digest of the file, which is computed unless it is known.
    With ``keep_nodes`` no node is folded with its neighbours: all are layers of the graph, by Kaldi's names.
    ``allow_nonfinite`` takes parameters that are NaN or infinite; the facts name them.
    Raises FileAccessError, ModelFormatError, UnsupportedModelError, UnknownNameError, ShapeMismatchError, UsageError.
    Reason why parameters that are not finite are refused: a rectifier of OpenVINO gives 0 for NaN, and the scores of a
    diverged model look like any others.
    """
    path = Path(path)
    network = load_whole_network(path, options)
    vector = gives_vector(network, options)
    if network.generation == 3:
        check_kind(network, options, gives_vector=vector)
    factor = 1 if vector else options.frame_subsampling_factor or _usual_factor(network, path)
    # nnet3-compute-batch gives a chunk all frames of its last step of subsampling, nnet3-compute the first of them.
    more = factor - 1 if options.batch_compute else 0
    final = options.extra_right_context_final
    model = _convert(
        network,
        options.time,
        ConvertOptions(
            frames_per_request=options.frames_per_request,
            frame_subsampling_factor=factor,
            frames_per_chunk=options.frames_per_chunk or max(options.chunk_size, 0),
            extra_left_context=options.extra_left_context,
            extra_right_context=options.extra_right_context + more,
            extra_left_context_initial=options.extra_left_context_initial,
            extra_right_context_final=UNSET if final == UNSET else final + more,
            keep_nodes=node_names(network) if keep_nodes else frozenset(),
            outputs=options.output_names,
            log_priors=_log_priors(network, options),
            prior_scale=options.prior_scale,
            no_softmax=options.no_softmax,
            log_softmax=options.log_softmax,
            apply_log=options.apply_log,
            apply_exp=options.apply_exp,
            acoustic_scale=options.acoustic_scale,
            pad_input=options.pad_input,
            gives_vector=vector,
            min_chunk_size=options.min_chunk_size if vector else 0,
            divide_by_priors=options.divide_by_priors,
        ),
    )
    facts = read_facts(model)
    if facts is not None:
        if facts.nonfinite_weights and not allow_nonfinite:
            raise nonfinite_error(str(path), facts.nonfinite_weights)
        facts = replace(
            facts,
            source_sha256=source_sha256 or file_digest(path),
            batch_compute=options.batch_compute,
            ensure_exact_final_context=options.ensure_exact_final_context,
            options=options.text,
            version=version,
        )
        write_facts(model, facts)
    return model


def node_names(network: KaldiNetwork) -> frozenset[str]:
    """The names by which users know the layers of a network."""
    return frozenset(node.name for node in network.nodes) | frozenset(network.components)


def _convert(network: KaldiNetwork, time: str, options: ConvertOptions) -> ov.Model:
    if options.gives_vector:
        return convert_network(network, replace(options, frames_per_request=0))
    in_order = replace(options, time="frame")
    if time == "frame":
        return convert_network(network, in_order)
    if time == "lockstep" and options.pad_input and not options.frames_per_chunk and looks_back_only(network, options):
        with suppress(UnsupportedModelError):  # such as one with gaps between the frames that are defined
            return convert_network(network, in_order)
    return convert_network(network, replace(options, frames_per_request=0) if time == "lockstep" else options)


def _usual_factor(network: KaldiNetwork, path: Path) -> int:
    return read_subsampling_factor(path) if network.generation == 3 else 1


def _log_priors(network: KaldiNetwork, options: KaldiOptions) -> FloatArray | None:
    """The log priors to subtract, None for none. Kaldi: an assertion of ``PdfPrior::SubtractOnLogpost``."""
    if options.use_priors:
        return stored_log_priors(network)
    if not options.class_frame_counts:
        return None
    log_priors = log_priors_of_counts(options.class_frame_counts, options.prior_floor)
    if network.num_pdfs and len(log_priors) != network.num_pdfs:
        raise ShapeMismatchError(
            f"{options.class_frame_counts}: {len(log_priors)} counts, {network.source} has {network.num_pdfs} pdfs"
        )
    return log_priors
