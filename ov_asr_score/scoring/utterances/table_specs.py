"""Which table belongs to which layer: the texts given for tables, and the older lists of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ov_asr_score.errors import UnknownNameError, UsageError
from ov_asr_score.kaldi_io import parse_read_specifier

_SPECIFIER_START = re.compile(r"^(?:[a-z]{1,3}[, ])*(?:ark|scp|npz|npy|wav)(?:,[a-z]{1,3})*:")
_TWO_FILES = re.compile(r"^(?:[a-z]{1,2},)*(?:ark,(?:[a-z]{1,2},)*scp)(?:,[a-z]{1,2})*:")
# Behind a comma: what may be a name there. Commands hold commas and ``=``, but seldom in one word.
_WORD = re.compile(r"[^\s|,'\"$<>(){};]+")
_OPTIONS_WITHOUT_FILES = ("ivector_period",)

LayerTables = dict[str, str]
IsName = Callable[[str], bool]


def pair_layers(
    option: str,
    values: str | Sequence[str] | Mapping[str, str],
    names: str,
    is_layer: IsName,
    in_order: Sequence[str],
    suggest: Callable[[str], str],
) -> LayerTables:
    """Specifier by layer name, for the texts of the setting ``option``.

    ``values`` are texts as on the command line, each ``SPEC``, ``layer=SPEC`` or several of them with commas between;
    a mapping is taken as it is. ``names`` is the older comma-separated list of layers. Specifiers without a name belong
    to the layers of ``in_order``. ``is_layer`` tells the names of layers, which may hold anything, ``=`` too.

    Raises UsageError (named and bare specifiers mixed, more or fewer than layers), UnknownNameError (what stands before
    ``=`` is no layer: a file name that holds ``=`` is written with its form, ``ark:a=b``).
    """
    if isinstance(values, Mapping):
        return dict(values)
    if isinstance(values, str):
        values = [values]
    listed = split_names(names, is_layer)
    pairs: list[tuple[str | None, str]] = []
    for value in values:
        items = split_specifiers(value, is_layer)
        for position, item in enumerate(items):
            name, specifier = split_name(item, is_layer)
            if name is None and (wrong := apparent_name(item)) is not None:
                raise UnknownNameError(
                    f"{option} '{item}': the model has no layer '{wrong}'{suggest(wrong)}"
                    f"{_file_advice(option, items, position)}",
                    fields=(option, "output_name"),
                )
            pairs.append((name, specifier))
    named = [name for name, _ in pairs if name is not None]
    if named and len(named) != len(pairs):
        bare = next(item for name, item in pairs if name is None)
        raise UsageError(
            f"{option}: either all tables have a layer (layer=SPEC) or none; '{bare}' has none", fields=(option,)
        )
    if named:
        if len(set(named)) != len(named):
            raise UsageError(f"{option}: layer '{max(named, key=named.count)}' is given twice", fields=(option,))
        return {str(name): item for name, item in pairs}
    if listed and len(listed) != len(pairs):
        raise UsageError(
            f"{option}: {_counted(pairs, 'table')} for {_counted(listed, 'layer')} ({', '.join(listed)})",
            fields=(option,),
        )
    layers = listed or list(in_order)
    if len(pairs) > len(layers):
        raise UsageError(
            f"{option}: {_counted(pairs, 'table')} for {_counted(layers, 'layer')} ({', '.join(layers)})",
            fields=(option,),
        )
    return {layer: item for layer, (_, item) in zip(layers, pairs, strict=False)}


def split_specifiers(text: str, is_layer: IsName) -> list[str]:
    """The specifiers in one text. Commas inside a specifier (``ark,scp:a,b``, ``ark,t:a``, a command) do not split it.

    A comma separates when a specifier, a layer name with ``=``, or what looks like one follows it, and between plain
    file names. Commas in the names of layers do not separate.
    """
    items = []
    while True:
        name, _ = split_name(text.lstrip(), is_layer)
        begins = 0 if name is None else text.index(name) + len(name) + 1
        end = next((end for end in _commas(text, begins) if _begins_item(text[end + 1 :], text[:end], is_layer)), None)
        items.append(text[:end].strip())
        if end is None:
            break
        text = text[end + 1 :]
    if not all(items):
        raise UsageError(f"'{','.join(items)}': expected a table, found nothing between the commas")
    return items


def split_names(text: str, is_layer: IsName) -> list[str]:
    """The names in a comma-separated list; those that hold commas are found where all others are layers, too.

    Raises UsageError where the commas can be understood in several ways.
    """
    pieces = text.split(",") if text else []
    parts = [part.strip() for part in pieces]
    # readings[k]: the ways to read the first k parts, two at most
    readings: list[list[list[str]]] = [[[]]]
    for stop in range(1, len(parts) + 1):
        ways = []
        for start in range(stop):
            name = ",".join(pieces[start:stop]).strip()
            if readings[start] and is_layer(name):
                ways += [[*way, name] for way in readings[start]]
        readings.append(ways[:2])
    if len(readings[-1]) > 1:
        first, second = (" and ".join(f"'{name}'" for name in way) for way in readings[-1])
        raise UsageError(f"'{text}': may be {first}, or {second}; write layer=SPEC for each table")
    return readings[-1][0] if readings[-1] else parts


def split_name(item: str, is_layer: IsName) -> tuple[str | None, str]:
    """Layer name and specifier of ``layer=SPEC``; None where what stands before ``=`` is not a layer.

    Raises UsageError where ``=`` is in the names of layers, and two of them fit.
    """
    found = [match.start() for match in re.finditer("=", item) if is_layer(item[: match.start()])]
    if len(found) > 1:
        found = [at for at in found if _SPECIFIER_START.match(item[at + 1 :])] or found
    if len(found) > 1:
        names = " or ".join(f"'{item[:at]}'" for at in found)
        raise UsageError(f"'{item}': may be for layer {names}; write the table with its form, as in ark:scores.ark")
    return (item[: found[0]], item[found[0] + 1 :]) if found else (None, item)


def apparent_name(item: str) -> str | None:
    """What stands before ``=`` as the name of a layer does, whether there is such a layer or not; else None.

    ``=`` belongs to no name behind the form of a specifier (``ark:a=b``), in a command (``copy-feats --x=y ark:a |``,
    ``| sort``) and in a path that says that it is one (``./a=b``, ``../a=b``).
    """
    if _SPECIFIER_START.match(item.lower()) or item.startswith(("|", "./", "../")):
        return None
    positions = [match.start() for match in re.finditer("=", item)]
    if not positions:
        return None
    if item.endswith("|"):
        name = item[: positions[0]]
        return None if " " in name.strip() else name
    with_form = (at for at in positions if _SPECIFIER_START.match(item[at + 1 :]))
    return item[: next(with_form, positions[0])]


def apparent_pairs(tables: str | Sequence[str] | Mapping[str, str]) -> list[tuple[str | None, str]]:
    """Layer names (None: there is none) and specifiers, for those who do not know the model.

    Raises UsageError for a text that cannot be right.
    """
    if isinstance(tables, Mapping):
        return list(tables.items())
    texts = [tables] if isinstance(tables, str) else tables
    items = [item for text in texts for item in split_specifiers(text, _no_name)]
    return [(apparent_name(item), _without_name(item)) for item in items]


def is_file(specifier: str) -> bool:
    """Whether a specifier names a file, rather than a command or standard input. Raises SpecifierError."""
    name = parse_read_specifier(specifier).filename
    return name not in ("-", "") and "|" not in (name[:1], name[-1:])


def _no_name(_: str) -> bool:
    return False


def _without_name(item: str) -> str:
    name = apparent_name(item)
    return item if name is None else item[len(name) + 1 :]


def _commas(text: str, begins: int) -> list[int]:
    return [match.start() for match in re.finditer(",", text) if match.start() >= begins]


def _begins_item(rest: str, current: str, is_layer: IsName) -> bool:
    """Whether ``rest``, which follows a comma after ``current``, is a new specifier."""
    name, specifier = split_name(current, is_layer)
    if name is None:
        specifier = _without_name(current)
    start = _SPECIFIER_START.match(specifier)
    if (
        start is None
        and re.fullmatch(r"(?:[a-z]{1,3}[, ])*[a-z]{1,3}", specifier)
        and _SPECIFIER_START.match(f"{specifier},{rest}")
    ):
        return False  # the comma stands between the options of a specifier: `ark` + `t:file`
    if _begins_named(rest, is_layer):
        return True
    if start is not None and _TWO_FILES.match(specifier) and "," not in specifier[start.end() :]:
        return False  # the comma between the archive and the script file
    inside = specifier[start.end() :] if start else specifier
    if "|" in rest and not inside.rstrip().endswith("|") and not inside.lstrip().startswith("|"):
        before_pipe = rest.partition("|")[0]
        if _is_quoted(inside) or not any(
            _begins_named(piece, is_layer) or _begins_word(piece) for piece in before_pipe.split(",")
        ):
            return False  # a comma inside a command
    if inside.lstrip().startswith("|") and _is_quoted(inside):
        return False
    if _begins_word(rest) or _SPECIFIER_START.match(rest.lstrip()):
        return True
    return start is None


def _begins_named(text: str, is_layer: IsName) -> bool:
    name, _ = split_name(text.lstrip(), is_layer)
    return name is not None


def _begins_word(text: str) -> bool:
    """Whether ``text`` begins with one word and ``=``, as a misspelt layer does; options of commands are none."""
    name = apparent_name(text.lstrip())
    return name is not None and not name.startswith("-") and _WORD.fullmatch(name) is not None


def _is_quoted(command: str) -> bool:
    """Whether the end of ``command`` stands between quotation marks."""
    return bool(command.count("'") % 2 or command.count('"') % 2)


def _file_advice(option: str, items: Sequence[str], position: int) -> str:
    """What to do if the item that looks like ``layer=SPEC`` is nothing but a file name."""
    item = items[position]
    if option in _OPTIONS_WITHOUT_FILES or _SPECIFIER_START.match(_without_name(item)):
        return ""
    before = items[position - 1] if position else ""
    if _SPECIFIER_START.match(_without_name(before)):
        return f"; if ',{item}' belongs to '{before}', write it without ',' or '='"
    form = item[-3:] if item.endswith((".npz", ".npy")) or (item.endswith(".scp") and option != "outputs") else "ark"
    return f"; if '{item}' is a file name, write {form}:{item}"


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
