"""The table that gives the utterances: as it is stored, or through the front end.

Tests: tests/scoring/utterances/test_joining.py, tests/frontend/test_reading.py
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.frontend.sources import is_permissive, is_sound
from ov_asr_score.kaldi_io import parse_read_specifier, read_table

if TYPE_CHECKING:
    from ov_asr_score.scoring.utterances.joining import Array, JoinOptions, SkipUtterance

logger = logging.getLogger(__name__)


def first_entries(
    specifier: str, options: JoinOptions, skip: SkipUtterance | None
) -> Iterator[tuple[str, Array, Array | None]]:
    """Key, features and, where the front end computes them, i-vectors of each utterance of the first table.

    ``skip`` gets those that cannot be read. Raises what reading sound and tables raises.
    """
    if options.frontend is not None:
        from ov_asr_score.frontend.reading import Reading, read_features

        how = Reading(
            options.allow_commands,
            options.path_map,
            skip,
            options.shard,
            options.known,
            options.channels,
            options.take,
            options.times,
        )
        for utterance in read_features([specifier, *options.more_sound], options.frontend, how):
            yield utterance.key, utterance.features, utterance.ivectors
        return
    source = parse_read_specifier(specifier, options.path_map)
    for key, matrix in read_table(
        source, allow_commands=options.allow_commands, on_skip=skip, shard=options.shard, wants_matrices=True
    ):
        if key not in options.known:
            yield key, matrix, None


def noting(skipped: set[str], specifier: str, on_skip: SkipUtterance | None) -> SkipUtterance | None:
    """``on_skip`` that notes the keys, too: utterances left out of the first table are not extra in the others."""
    permissive = is_permissive if is_sound(specifier) else _is_permissive_table
    if on_skip is None and not permissive(specifier):
        return None

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.add(key)
        if on_skip is None:
            logger.warning("skipped: %s", error)
        else:
            on_skip(key, error)

    return skip


def _is_permissive_table(specifier: str) -> bool:
    return parse_read_specifier(specifier).permissive
