"""Which outputs hand a state to which inputs, by the names that exporters and recipes give both.

Names are taken apart into words; the words that say "what comes in" or "what goes out" are left off, and what is left
has to be the same: ``h0`` → ``hn``, ``cache_last_channel_len`` → ``cache_last_channel_next_len``,
``hidden_in.1`` → ``hidden_out.1``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ov_asr_score.ov_model.filled_inputs.input_names import words_of
from ov_asr_score.ports import PortInfo

_INCOMING = frozenset({"in", "input", "init", "initial", "old", "past", "prev", "previous"})
# These stand at outputs that hand something on, and hardly anywhere else.
_HANDING_ON = frozenset({"new", "next", "present", "r", "updated"})
_OUTGOING = _HANDING_ON | {"final", "out", "output"}
_STATE_WORDS = frozenset(
    {
        *("c", "cell", "cells", "cx", "h", "hidden", "hiddens", "hx", "mem", "memory", "state", "states"),
        *("cache", "cached", "caches", "past", "processed"),
    }
)
# torch.nn.LSTM writes h_0 and h_n (h0 and hn), torch.nn.RNNCell hx and hy.
_MARKED = ("c", "cell", "h", "hidden", "state")
_FIRST_AND_LAST = re.compile(rf"(?P<stem>{'|'.join(_MARKED)})(?P<mark>[nxy])")

_Words = tuple[str, ...]


def names_pair(name: str, output: str) -> bool:
    """Whether an input and an output of these names are a state, as far as names can tell."""
    incoming, outgoing = _words(name), _words(output)
    bare = [_without(incoming, _INCOMING, "0x"), incoming]
    handed = _without(outgoing, _HANDING_ON, "")
    if handed != outgoing and handed and handed in bare:
        return True
    left = _without(outgoing, _OUTGOING, "ny")
    return _has_state_word(name) and bool(left) and left in bare and (left != outgoing or bare[0] != incoming)


def find_states(inputs: Sequence[PortInfo], outputs: Sequence[PortInfo]) -> list[tuple[PortInfo, PortInfo]]:
    """Inputs and the outputs that are their states by name, shape and type; one to one, all others are left out.

    Features come first: no input is taken for a state that stands before all others and has no word of states in its
    name, even if an output is called by it.
    """
    pairs = [
        (port, output)
        for port in inputs
        for output in outputs
        if could_pair(port, output) and any(names_pair(a, b) for a in _names(port) for b in _names(output))
    ]
    starts = [port.name for port, _ in pairs]
    ends = [output.name for _, output in pairs]
    sure = [(port, output) for port, output in pairs if starts.count(port.name) == 1 and ends.count(output.name) == 1]
    first = next(iter(inputs), None)
    is_first = any(port is first and not any(map(_has_state_word, _names(port))) for port, _ in sure)
    return [pair for pair in sure if _has_state_word(pair[0].name)] if is_first else sure


def could_pair(port: PortInfo, output: PortInfo) -> bool:
    """Whether an output can hand on the values of an input: of one type, and of shapes that do not contradict."""
    if port.element_type != output.element_type or port.shape is None:
        return False
    if output.shape is None:
        return True
    return len(port.shape) == len(output.shape) and all(
        one is None or other is None or one == other for one, other in zip(port.shape, output.shape, strict=True)
    )


def _names(port: PortInfo) -> tuple[str, ...]:
    return tuple(dict.fromkeys([port.name, *port.names]))


def _words(name: str) -> _Words:
    return tuple(words_of(name.replace("past_key_values", "past")))


def _without(words: _Words, marks: frozenset[str], ends: str) -> _Words:
    """The words without ``marks``, and without the letters ``ends`` that say first or last state."""
    kept = []
    for place, word in enumerate(words):
        if word in marks:
            continue
        if ends and word in ends and place and words[place - 1] in _MARKED:
            continue  # h_0, h_n
        match = _FIRST_AND_LAST.fullmatch(word)
        kept.append(match["stem"] if match and match["mark"] in ends else word)
    return tuple(kept)


def _has_state_word(name: str) -> bool:
    return any(_stem(word) in _STATE_WORDS for word in _words(name))


def _stem(word: str) -> str:
    match = _FIRST_AND_LAST.fullmatch(word)
    return match["stem"] if match else word
