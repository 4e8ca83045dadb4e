"""Random second halves: word n-grams that back off, as text for fstcompile."""

from __future__ import annotations

import numpy as np

START, END = 0, -1
UNSPOKEN = 1000
"""Labels of words that no first half has are higher: labels of others are numbered anew from 1."""

Context = tuple[int, ...]


def random_language_model(
    chance: np.random.Generator, num_words: int, order: int, backoff_label: int | None
) -> list[str]:
    """The lines of a model of ``order`` whose states are contexts; it has the words 1 to ``num_words``, and others.

    It backs off by epsilons, or by ``backoff_label`` on the input side.
    """
    others = int(chance.choice((0, 0, 2)))
    follow = _counted(chance, num_words + others, order)
    left_out = {context for context in follow if len(context) > 1 and chance.random() < 0.3}
    kept = sorted(context for context in follow if not any(part in left_out for part in _parts(context)))
    first = (START,) if (START,) in kept else ()
    states = {context: number for number, context in enumerate(sorted(kept, key=lambda context: context != first))}
    spread, is_proper = float(chance.choice((0.0, 1.0, 4.0))), chance.random() < 0.5
    lines = []
    for context, state in states.items():
        words = sorted(follow[context])
        drawn = chance.random(len(words)) ** 3 + 1e-3
        costs = -np.log(0.8 * drawn / drawn.sum()) if is_proper else spread * chance.random(len(words))
        for word, cost in zip(words, costs.round(4).tolist(), strict=True):
            if word == END:
                lines.append(f"{state}\t{cost}")
                continue
            label = word if word <= num_words else word + UNSPOKEN
            after = _next_state(states, (*context, word), order)
            lines.append(f"{state}\t{states[after]}\t{label}\t{label}\t{cost}")
        if context:
            label = backoff_label or 0
            lines.append(f"{state}\t{states[context[1:]]}\t{label}\t0\t{round(float(chance.uniform(0, 2)), 4)}")
    return lines


def _counted(chance: np.random.Generator, num_words: int, order: int) -> dict[Context, set[int]]:
    """Which words follow which contexts in random sentences; a context is shorter than ``order``."""
    follow: dict[Context, set[int]] = {(): {word for word in range(1, num_words + 1) if chance.random() < 0.8}}
    follow[()] |= {1, END}
    for _ in range(int(chance.integers(3, 40))):
        context: Context = (START,) if order > 1 else ()
        sentence = chance.integers(1, num_words + 1, int(chance.integers(1, 7))).tolist()
        for word in [*sentence, END]:
            for length in range(len(context) + 1):
                follow.setdefault(context[len(context) - length :], set()).add(word)
            context = (*context, word)[1 - order :] if order > 1 else ()
    return follow


def _next_state(states: dict[Context, int], context: Context, order: int) -> Context:
    after = context[1 - order :] if order > 1 else ()
    while after not in states:
        after = after[1:]
    return after


def _parts(context: Context) -> list[Context]:
    """All runs of words in a context."""
    return [context[begin:end] for begin in range(len(context)) for end in range(begin + 1, len(context) + 1)]
