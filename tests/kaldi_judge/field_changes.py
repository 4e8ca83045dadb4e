"""Changes of fields and components: left out, twice, in another order, in other spellings, without an end."""

from __future__ import annotations

import random

from tests.kaldi_judge.places import Change, components, fields, replaced, tokens
from tests.kaldi_judge.values import Grid, Number, Row, Truth, Value, Values, Whole, Wholes, Word


def drop_field(values: Values, chance: random.Random) -> Values | None:
    """Without one field."""
    ranges = fields(values)
    if not ranges:
        return None
    start, end = chance.choice(ranges)
    return values[:start] + values[end:]


def repeat_field(values: Values, chance: random.Random) -> Values | None:
    """One field comes twice, at once or somewhere else in the file."""
    ranges = fields(values)
    if not ranges:
        return None
    start, end = chance.choice(ranges)
    place = end if chance.random() < 0.6 else chance.choice(tokens(values))[0]
    return values[:place] + values[start:end] + values[place:]


def swap_fields(values: Values, chance: random.Random) -> Values | None:
    """Two neighbouring fields in the other order."""
    ranges = fields(values)
    pairs = [(first, second) for first in ranges for second in ranges if first[1] == second[0]]
    if not pairs:
        return None
    (start, middle), (_, end) = chance.choice(pairs)
    return values[:start] + values[middle:end] + values[start:middle] + values[end:]


def move_field(values: Values, chance: random.Random) -> Values | None:
    """A field stands before another token."""
    ranges = fields(values)
    if not ranges:
        return None
    start, end = chance.choice(ranges)
    rest = values[:start] + values[end:]
    place, _ = chance.choice(tokens(rest))
    return rest[:place] + values[start:end] + rest[place:]


def drop_token(values: Values, chance: random.Random) -> Values | None:
    """Without one token."""
    place, _ = chance.choice(tokens(values))
    return replaced(values, place)


def repeat_token(values: Values, chance: random.Random) -> Values | None:
    """One token twice."""
    place, _ = chance.choice(tokens(values))
    return values[: place + 1] + values[place:]


def drop_value(values: Values, chance: random.Random) -> Values | None:
    """Without one value."""
    kinds = (Truth, Whole, Number, Wholes, Row, Grid)
    places = [place for place, value in enumerate(values) if isinstance(value, kinds)]
    return replaced(values, chance.choice(places)) if places else None


def drop_end(values: Values, chance: random.Random) -> Values | None:
    """Without an end token."""
    places = [place for place, text in tokens(values) if text[1:2] in ("/", "!")]
    return replaced(values, chance.choice(places)) if places else None


def open_instead_of_end(values: Values, chance: random.Random) -> Values | None:
    """An opening token where the closing one should be, as old versions wrote it."""
    places = [(place, text) for place, text in tokens(values) if text.startswith("</")]
    if not places:
        return None
    place, text = chance.choice(places)
    return replaced(values, place, Word(f"<{text[2:]}"))


def change_token(values: Values, chance: random.Random) -> Values | None:
    """A token in another spelling."""
    place, text = chance.choice(tokens(values))
    spellings = (text.lower(), text.upper(), text[1:], text[:-1], text.strip("<>"), f"<{text}>", f"{text[:-2]}>")
    return replaced(values, place, Word(chance.choice(spellings)))


def add_token(values: Values, chance: random.Random) -> Values | None:
    """A token with a value that nobody knows, or that belongs to another component."""
    added: tuple[list[Value], ...] = (
        [Word("<Unknown>"), Number(1.0)],
        [Word("<LearnRateCoef>"), Number(0.0)],
        [Word("<BiasLearnRateCoef>"), Number(-1.0)],
        [Word("<MaxNorm>"), Number(0.0)],
        [Word("<LearningRate>"), Number(0.0)],
        [Word("<IsGradient>"), Truth(True)],
        [Word("<TestMode>"), Truth(True)],
        [Word("<!EndOfComponent>")],
    )
    place, _ = chance.choice(tokens(values))
    return values[:place] + chance.choice(added) + values[place:]


def drop_component(values: Values, chance: random.Random) -> Values | None:
    """Without one component."""
    bodies = components(values)
    if not bodies:
        return None
    start, end = chance.choice(bodies)
    return _counted(values[:start] + values[end:], -1, chance)


def repeat_component(values: Values, chance: random.Random) -> Values | None:
    """One component twice."""
    bodies = components(values)
    if not bodies:
        return None
    start, end = chance.choice(bodies)
    return _counted(values[:end] + values[start:], 1, chance)


def swap_components(values: Values, chance: random.Random) -> Values | None:
    """Two neighbouring components in the other order."""
    bodies = components(values)
    if len(bodies) < 2:
        return None
    first = chance.randrange(len(bodies) - 1)
    (start, middle), (_, end) = bodies[first], bodies[first + 1]
    return values[:start] + values[middle:end] + values[start:middle] + values[end:]


def _counted(values: Values, more: int, chance: random.Random) -> Values:
    """The number of components follows, in most cases."""
    for place, value in enumerate(values[:-1]):
        number = values[place + 1]
        if value == Word("<NumComponents>") and isinstance(number, Whole) and chance.random() < 0.9:
            return replaced(values, place + 1, Whole(number.value + more))
    return values


FIELD_CHANGES: tuple[Change, ...] = (
    *(drop_field, repeat_field, swap_fields, move_field, drop_token, repeat_token, drop_value, drop_end),
    *(open_instead_of_end, change_token, add_token, drop_component, repeat_component, swap_components),
)
