"""How a graph is searched, in the words of Kaldi's latgen-faster-mapped and decode-faster-mapped.

Some options that are None by default belong to one search only, that for the best path alone or that for lattices, and
the other refuses them.
"""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.memory import parse_memory
from ov_asr_score.settings.setting import DECODING, Setting, parse_flag

MIN_ACTIVE = 200
BEAM_DELTA = 0.5
HASH_RATIO = 2.0
LATTICE_BEAM = 10.0
PRUNE_INTERVAL = 25
"""Kaldi's defaults of what is None in `DecodingOptions`."""

CHAIN_SCALE = 1.0
HYBRID_SCALE = 0.1
"""Acoustic scales for chain models, and for all others."""

DEFAULT_DECODING_MEMORY = 4 << 30


def _number(help: str, metavar: str = "X", **more: Any) -> Setting:
    return Setting(help, metavar=metavar, panel=DECODING, in_suite=True, changes_bytes=True, **more)


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """Options of the search. Sources: decoder/lattice-faster-decoder.h, decoder/faster-decoder.h."""

    beam: Annotated[float, _number("Drop paths that are worse than the best one by more than X.")] = 16.0
    max_active: Annotated[
        int | None,
        _number("Keep about N states of the graph per frame at most (default: all).", "N", least=2),
    ] = None
    min_active: Annotated[
        int | None,
        _number("Widen the beam where fewer than N states are left (default 200).", "N", least=0),
    ] = None
    lattice_beam: Annotated[
        float | None,
        _number("Lattices: drop paths that are worse than the best one by more than X in the end (default 10)."),
    ] = None
    decoding_scale: Annotated[
        float | None,
        _number("Factor for scores before they meet the graph (default: 1.0 for chain models, else 0.1).", least=0),
    ] = None
    word_insertion_penalty: Annotated[
        float, _number("Cost of every word, as lattice-add-penalty adds it; not counted in the costs that are written.")
    ] = 0.0
    allow_partial: Annotated[
        bool,
        Setting(
            "Give the best path of an utterance also if it ends in no final state of the graph (default false).",
            metavar="true|false",
            panel=DECODING,
            parse=parse_flag,
            shown="false",
            in_suite=True,
            changes_bytes=True,
        ),
    ] = False
    beam_delta: Annotated[
        float | None,
        _number("How much wider the beam is than max-active asks for (default 0.5)."),
    ] = None
    hash_ratio: Annotated[
        float | None,
        _number("Size of a table of the search; breaks ties; not with lattices (default 2).", least=1),
    ] = None
    prune_interval: Annotated[
        int | None, _number("Lattices: drop paths every N frames on the way (default 25).", "N", least=1)
    ] = None
    decoding_seconds: Annotated[
        float | None,
        Setting(
            "Give an utterance up that takes longer than X seconds (default: a minute, and 0.1 for every frame).",
            metavar="X",
            panel=DECODING,
            least=0,
        ),
    ] = None
    decoding_memory: Annotated[  # bytes
        int,
        Setting(
            "Give an utterance up whose search takes more memory than SIZE (K, M, G).",
            metavar="SIZE",
            panel=DECODING,
            parse=parse_memory,
            shown="4G",
        ),
    ] = DEFAULT_DECODING_MEMORY


NOT_WITH_LATTICES = ("hash_ratio",)
ONLY_WITH_LATTICES = ("lattice_beam", "prune_interval")


def check_decoding(options: DecodingOptions, wants_lattices: bool) -> None:
    """Raises UsageError for values that no search can have, and for options of the other kind of search.

    Kaldi: LatticeFasterDecoderConfig::Check, FasterDecoder::FasterDecoder.
    """
    for name in ("beam", "lattice_beam", "beam_delta"):
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise UsageError(f"{name}: expected a number above 0, found {value:g}", fields=(name,))
    if not math.isfinite(options.word_insertion_penalty):
        found = options.word_insertion_penalty
        raise UsageError(
            f"word_insertion_penalty: expected a finite number, found {found}", fields=("word_insertion_penalty",)
        )
    if options.decoding_scale is not None and not 0 <= options.decoding_scale < math.inf:
        found = options.decoding_scale
        raise UsageError(f"decoding_scale: expected a finite number from 0, found {found}", fields=("decoding_scale",))
    if options.max_active is not None and (options.min_active or 0) > options.max_active:
        raise UsageError(
            f"min_active: expected at most max_active ({options.max_active}), found {options.min_active}",
            fields=("min_active", "max_active"),
        )
    for name in NOT_WITH_LATTICES if wants_lattices else ONLY_WITH_LATTICES:
        if getattr(options, name) is not None:
            reason = (
                "the search for lattices has no such table; leave it out"
                if wants_lattices
                else ("it is for lattices, and none is asked for")
            )
            raise UsageError(f"{name}: {reason}", fields=(name,))


def options_of_search(options: DecodingOptions, wants_lattices: bool) -> DecodingOptions:
    """The options without those of the other kind of search, such as of a configuration that serves both."""
    others: dict[str, Any] = dict.fromkeys(NOT_WITH_LATTICES if wants_lattices else ONLY_WITH_LATTICES)
    return replace(options, **others)


def seconds_allowed(options: DecodingOptions, num_frames: int) -> float:
    """Seconds that the search of an utterance may take."""
    return 60 + 0.1 * num_frames if options.decoding_seconds is None else options.decoding_seconds


def acoustic_scale_of(options: DecodingOptions, is_chain: bool) -> float:
    """The acoustic scale asked for, else that of the kind of model."""
    if options.decoding_scale is not None:
        return options.decoding_scale
    return CHAIN_SCALE if is_chain else HYBRID_SCALE
