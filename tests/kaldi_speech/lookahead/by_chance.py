"""Prints a language model by chance for the labels of a bigram that fstprint wrote: python3 by_chance.py ORDER TEXT.

As text for fstcompile: an acceptor whose states are contexts of less than ORDER words, which back off.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

START, END = 0, -1
SENTENCES = 150


def main(order: int, bigram: str) -> None:
    """Count which words follow the contexts of sentences, leave out some contexts, and print with any weights."""
    rows = [line.split() for line in Path(bigram).read_text().splitlines()]
    labels = sorted({int(row[2]) for row in rows if len(row) == 5} - {0})
    chance = random.Random(order)
    follow: dict[tuple[int, ...], set[int]] = {(): {*labels, END}}
    for _ in range(SENTENCES):
        context: tuple[int, ...] = (START,)
        for word in [*chance.choices(labels[:8] if chance.random() < 0.5 else labels, k=chance.randint(1, 6)), END]:
            for length in range(len(context) + 1):
                follow.setdefault(context[len(context) - length :], set()).add(word)
            context = (*context, word)[1 - order :]
    left_out = {context for context in follow if len(context) > 1 and chance.random() < 0.3}
    kept = sorted(context for context in follow if not any(part in left_out for part in parts(context)))
    states = {context: number for number, context in enumerate(sorted(kept, key=lambda context: context != (START,)))}
    for context, state in states.items():
        for word in sorted(follow[context] - {END}):
            after = (*context, word)[1 - order :]
            while after not in states:
                after = after[1:]
            print(state, states[after], word, word, round(chance.uniform(0, 5), 2), sep="\t")
        if END in follow[context]:
            print(state, round(chance.uniform(0, 5), 2), sep="\t")
        if context:
            print(state, states[context[1:]], 0, 0, round(chance.uniform(0, 2), 2), sep="\t")


def parts(context: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All runs of words in a context."""
    return [context[begin:end] for begin in range(len(context)) for end in range(begin + 1, len(context) + 1)]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
