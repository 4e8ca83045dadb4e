"""Which table belongs to which layer: the texts given for tables, and the older lists of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ov_asr_score.errors import UnknownNameError, UsageError

_SPECIFIER_START = re.compile(r"^(?:[a-z]{1,3}[, ])*(?:ark|scp|npz)(?:,[a-z]{1,3})*:")
_TWO_FILES = re.compile(r"^(?:[a-z]{1,2},)*(?:ark,(?:[a-z]{1,2},)*scp)(?:,[a-z]{1,2})*:")

LayerTables = dict[str, str]


def pair_layers(
    option: str,
    values: str | Sequence[str] | Mapping[str, str],
    names: str,
    is_layer: Callable[[str], bool],
    in_order: Sequence[str],
    suggest: Callable[[str], str],
) -> LayerTables:
    """Specifier by layer name, for the texts of the setting ``option``.

    ``values`` are texts as on the command line, each ``SPEC``, ``layer=SPEC`` or several of them with commas between;
    a mapping is taken as it is. ``names`` is the older comma-separated list of layers. Specifiers without a name belong
    to the layers of ``in_order``. ``is_layer`` tells a layer's name from the beginning of a path that holds ``=``.

    Raises UsageError (named and bare specifiers mixed, more or fewer than layers), UnknownNameError.
    """
    if isinstance(values, Mapping):
        return dict(values)
    if isinstance(values, str):
        values = [values]
    listed = [name.strip() for name in names.split(",")] if names else []
    items = [item for value in values for item in split_specifiers(value, is_layer)]
    pairs = [split_name(item, is_layer) for item in items]
    for name, item in pairs:
        if name is None and _looks_named(item):
            wrong = item.partition("=")[0]
            raise UnknownNameError(
                f"{option} '{item}': the model has no layer '{wrong}'{suggest(wrong)}", fields=(option, "output_name")
            )
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


def split_specifiers(text: str, is_layer: Callable[[str], bool]) -> list[str]:
    """The specifiers in one text. Commas inside a specifier (``ark,scp:a,b``, ``ark,t:a``, a command) do not split it.

    A comma separates when a specifier or a layer name with ``=`` follows it, and between plain file names.
    """
    first, *parts = text.split(",")
    items = [first]
    for position, part in enumerate(parts):
        if items[-1] and not _begins_item(",".join(parts[position:]), items[-1], is_layer):
            items[-1] += "," + part
        else:
            items.append(part)
    items = [item.strip() for item in items]
    if not all(items):
        raise UsageError(f"'{text}': expected a table, found nothing between the commas")
    return items


def _begins_item(rest: str, current: str, is_layer: Callable[[str], bool]) -> bool:
    """Whether ``rest``, which follows a comma after ``current``, is a new specifier."""
    _, specifier = split_name(current, is_layer)
    start = _SPECIFIER_START.match(specifier)
    if (
        start is None
        and re.fullmatch(r"(?:[a-z]{1,3}[, ])*[a-z]{1,3}", specifier)
        and _SPECIFIER_START.match(f"{specifier},{rest}")
    ):
        return False  # the comma stands between the options of a specifier: `ark` + `t:file`
    if start is not None and _TWO_FILES.match(specifier) and "," not in specifier[start.end() :]:
        return False  # the comma between the archive and the script file
    inside = specifier[start.end() :] if start else specifier
    if "|" in rest and not inside.rstrip().endswith("|") and not inside.lstrip().startswith("|"):
        before_pipe = rest.partition("|")[0]
        if not any(_begins_named(piece, is_layer) for piece in before_pipe.split(",")):
            return False  # a comma inside a command
    if _begins_named(rest, is_layer) or _SPECIFIER_START.match(rest.lstrip()):
        return True
    return start is None


def _begins_named(text: str, is_layer: Callable[[str], bool]) -> bool:
    name, _ = split_name(text.lstrip(), is_layer)
    return name is not None


def split_name(item: str, is_layer: Callable[[str], bool]) -> tuple[str | None, str]:
    """Layer name and specifier of ``layer=SPEC``; None where what stands before ``=`` is not a layer."""
    for match in re.finditer("=", item):
        if is_layer(item[: match.start()]):
            return item[: match.start()], item[match.end() :]
    return None, item


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _looks_named(item: str) -> bool:
    """``word=something`` where the word is no path: a misspelt layer rather than a file name that holds ``=``."""
    name, separator, rest = item.partition("=")
    return bool(separator and rest) and not re.search(r"[/\\.| ]", name) and not _SPECIFIER_START.match(item)
