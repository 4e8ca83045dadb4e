"""Prints a model of four-grams by chance as text for fstcompile: the states are contexts that back off."""

from __future__ import annotations

import random

START, END = 0, -1


def main() -> None:
    """Count which words follow the contexts of sentences, leave out some contexts, and print with any weights."""
    chance = random.Random(1)
    follow: dict[tuple[int, ...], set[int]] = {}
    for _ in range(40):
        context: tuple[int, ...] = (START,)
        for word in [*(chance.randint(1, 6) for _ in range(chance.randint(1, 9))), END]:
            for length in range(len(context) + 1):
                follow.setdefault(context[len(context) - length :], set()).add(word)
            context = (*context, word)[-3:]
    left_out = {context for context in follow if len(context) > 1 and chance.random() < 0.3}
    kept = sorted(context for context in follow if not any(part in left_out for part in parts(context)))
    states = {context: number for number, context in enumerate(sorted(kept, key=lambda context: context != (START,)))}
    for context, state in states.items():
        for word in sorted(follow[context] - {END}):
            after = (*context, word)[-3:]
            while after not in states:
                after = after[1:]
            print(state, states[after], word, word, round(chance.uniform(0, 5), 3), sep="\t")
        if END in follow[context]:
            print(state, round(chance.uniform(0, 5), 3), sep="\t")
        if context:
            print(state, states[context[1:]], 0, 0, round(chance.uniform(0, 2), 3), sep="\t")


def parts(context: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All runs of words in a context."""
    return [context[begin:end] for begin in range(len(context)) for end in range(begin + 1, len(context) + 1)]


if __name__ == "__main__":
    main()
