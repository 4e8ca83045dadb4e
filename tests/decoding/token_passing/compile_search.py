"""Compiles the search where no earlier run of tests has done it."""

from __future__ import annotations

from ov_asr_score.decoding.token_passing.code_folder import is_first_use


def compile_search() -> None:
    """Compile all functions of a search, which are the same for all graphs, unless they are there."""
    if is_first_use():
        from ov_asr_score.decoding.token_passing.utterance_search import make_ready
        from tests.decoding.token_passing.small_pairs import pair_graph

        make_ready(pair_graph())
