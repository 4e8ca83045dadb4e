"""Options of online2-wav-nnet3-latgen-faster, as they stand in ``online.conf``, ``model.conf`` and the like.

Sources: online2bin/online2-wav-nnet3-latgen-faster.cc, online2/online-nnet2-feature-pipeline.h,
online2/online-endpoint.h, online2/online-ivector-feature.h (OnlineSilenceWeightingConfig),
nnet3/decodable-simple-looped.h, decoder/lattice-faster-decoder.h, lat/determinize-lattice-pruned.h.

Tests: tests/model_directory/layouts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.kaldi_io.files.config_file import ConfigOption
from ov_asr_score.kaldi_io.files.joined_options import JoinedOptions, join_options
from ov_asr_score.settings.recognition.endpointing import EndpointOptions, EndpointRule
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.recognition.phones import parse_phones
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.words.decoding import DecodingOptions, check_decoding, options_of_search

_SUBJECT = "online2-wav-nnet3-latgen-faster"
_RULES = ("rule1", "rule2", "rule3", "rule4", "rule5")
_NO_LIMIT = 2**31 - 1  # Kaldi's default of max-active
_LEAST = {"max_active": 2, "prune_interval": 1, "hash_ratio": 1}  # LatticeFasterDecoderConfig::Check

FEATURE_OPTIONS: Mapping[str, type] = {
    **dict.fromkeys(("feature_type", "mfcc_config", "plp_config", "fbank_config"), str),
    **dict.fromkeys(("cmvn_config", "global_cmvn_stats", "online_pitch_config", "ivector_extraction_config"), str),
    "add_pitch": bool,
    "ivector_silence_weighting.silence_phones": str,
    "ivector_silence_weighting.silence_weight": float,
    "ivector_silence_weighting.max_state_duration": float,
}
_NETWORK = dict.fromkeys(("extra_left_context_initial", "frame_subsampling_factor", "frames_per_chunk"), int)
_SEARCH: dict[str, type] = {
    **dict.fromkeys(("beam", "lattice_beam", "beam_delta", "hash_ratio", "acoustic_scale"), float),
    **dict.fromkeys(("max_active", "min_active", "prune_interval"), int),
}
_RULE: dict[str, type] = {each.name: type(each.default) for each in fields(EndpointRule)}
_ENDPOINTS: dict[str, type] = {
    "endpoint.silence_phones": str,
    **{f"endpoint.{rule}.{name}": kind for rule in _RULES for name, kind in _RULE.items()},
}
_OPTIMIZATION = (
    *("optimize", "consolidate_model_update", "propagate_in_place", "backprop_in_place", "extend_matrices"),
    *("optimize_row_ops", "split_row_ops", "convert_addition", "remove_assignments", "allow_left_merge"),
    *("allow_right_merge", "initialize_undefined", "move_sizing_commands", "allocate_from_other", "snip_row_ops"),
)
_WITHOUT_EFFECT: dict[str, type] = {
    **dict.fromkeys(("memory_pool_tokens_block_size", "memory_pool_links_block_size", "num_threads_startup"), int),
    **dict.fromkeys(("debug_computation", "computation.debug"), bool),
    **dict.fromkeys((f"optimization.{name}" for name in _OPTIMIZATION), bool),
    **{f"optimization.{name}": int for name in ("min_deriv_time", "max_deriv_time", "max_deriv_time_relative")},
    "optimization.memory_compression_level": int,
    **dict.fromkeys(("determinize_lattice", "phone_determinize", "word_determinize", "minimize"), bool),
    "delta": float,
    "max_mem": int,
    "chunk_length": float,
    "word_symbol_table": str,
    **dict.fromkeys(("do_endpointing", "online"), bool),
}
"""What changes no words here: how a program runs, its memory, and how lattices are made smaller."""

SEARCH_OF_SCRIPTS = DecodingOptions(beam=15.0, max_active=7000, min_active=200, lattice_beam=8.0)
"""The search as Kaldi's decoding scripts set it (steps/nnet3/decode.sh); they say it, not the files of a model."""


@dataclass(frozen=True, slots=True)
class OnlineOptions:
    """What is said, by name with ``_``, and where; ``notes`` tell what was passed over."""

    joined: JoinedOptions
    notes: tuple[str, ...] = ()

    def said(self, name: str) -> Any:
        """The value of an option; None where nothing says it."""
        return self.joined.values.get(name)

    def place(self, name: str) -> str:
        """Where an option stands: ``online.conf: line 3``; of one that is built in nothing."""
        return self.joined.places.get(name, "")


def online_options(
    lines: Iterable[ConfigOption], built_in: Mapping[str, object] | None = None, *, of_features: bool = True
) -> OnlineOptions:
    """The options in ``lines`` of a configuration file; ``built_in`` are those that count without a file.

    Without ``of_features`` those of features are unknown, as in ``model.conf`` of vosk. Raises ConfigFormatError with
    file and line for an unknown option, or a value that is none of it.
    """
    lines = list(lines)
    kinds = {**(FEATURE_OPTIONS if of_features else {}), **_NETWORK, **_SEARCH, **_ENDPOINTS, **_WITHOUT_EFFECT}
    joined = join_options(lines, built_in or {}, kinds, _SUBJECT)
    passed_over = [line for line in lines if line.name.replace("-", "_") in _WITHOUT_EFFECT]
    notes = tuple(f"{line.place}: {line.name} changes no words here, and is passed over" for line in passed_over)
    return OnlineOptions(joined, notes)


def search_options(options: OnlineOptions, unsaid: DecodingOptions | None = None) -> DecodingOptions:
    """The search; ``unsaid`` has what counts where nothing is said, by default that of the program.

    The acoustic scale is None where it is not said. Raises ConfigFormatError.
    """
    values = {name: options.said(name) for name in _SEARCH if options.said(name) is not None}
    if "acoustic_scale" in values:
        values["decoding_scale"] = values.pop("acoustic_scale")
    for name, least in _LEAST.items():
        if name in values and values[name] < least:
            spelled = name.replace("_", "-")
            found = f"{values[name]:g}"
            raise ConfigFormatError(f"{options.place(name)}: {spelled}: expected {least} or more, found {found}")
    if values.get("max_active") == _NO_LIMIT:
        values["max_active"] = None
    found_options = replace(unsaid or DecodingOptions(), **values)
    with options.joined.place_of_errors():
        for wants_lattices in (False, True):
            check_decoding(options_of_search(found_options, wants_lattices), wants_lattices)
    return found_options


def looped_options(options: OnlineOptions, frame_subsampling_factor: int) -> LoopedOptions:
    """How the network is fed; the factor is that of a file, where no option says it. Raises ConfigFormatError."""
    values = {name: options.said(name) for name in _NETWORK if options.said(name) is not None}
    for name, value in values.items():
        if value < (0 if name == "extra_left_context_initial" else 1):
            least = "0" if name == "extra_left_context_initial" else "1"
            spelled = name.replace("_", "-")
            raise ConfigFormatError(f"{options.place(name)}: {spelled}: expected {least} or more, found {value}")
    return LoopedOptions(**({"frame_subsampling_factor": frame_subsampling_factor} | values))


def endpoint_options(options: OnlineOptions, silence_phones: tuple[int, ...] = ()) -> EndpointOptions:
    """The rules of endpoints; the silence phones are those of a file, where no option says them.

    Raises ConfigFormatError.
    """
    rules: dict[str, EndpointRule] = {}
    for rule in _RULES:
        values = {name: options.said(f"endpoint.{rule}.{name}") for name in _RULE}
        said = {name: value for name, value in values.items() if value is not None}
        rules[rule] = replace(getattr(EndpointOptions(), rule), **said)
    phones = phones_said(options, "endpoint.silence_phones")
    return EndpointOptions(silence_phones if phones is None else phones, **rules)


def silence_weighting_options(options: OnlineOptions) -> SilenceWeightingOptions:
    """How much silence counts in i-vectors. Raises ConfigFormatError."""
    prefix = "ivector_silence_weighting"
    weight, duration = (options.said(f"{prefix}.{name}") for name in ("silence_weight", "max_state_duration"))
    default = SilenceWeightingOptions()
    return SilenceWeightingOptions(
        phones_said(options, f"{prefix}.silence_phones") or (),
        default.silence_weight if weight is None else weight,
        default.max_state_duration if duration is None else duration,
    )


def phones_said(options: OnlineOptions, name: str) -> tuple[int, ...] | None:
    """The phones of an option; None where nothing is said. Raises ConfigFormatError."""
    text = options.said(name)
    if text is None:
        return None
    try:
        return parse_phones(text)
    except UsageError as error:
        raise ConfigFormatError(f"{options.place(name)}: {name.replace('_', '-')}: {error}") from error
