"""Commands that take frozen dataclasses: every setting in them is an option, and the command gets whole objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from ov_asr_score.cli.failures import explained_failures
from ov_asr_score.settings.setting import PANELS, Declared, fields_of, parsed, settings_in, settings_of


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` as Typer takes it, with an option for every setting.

    Settings are parameters annotated with a :class:`Setting`, and the fields of parameters that are bundles; panels
    come in their order. What the command raises is explained in one line, with the exit code that belongs to it.
    """
    declared = _parameters(command)
    bundles = {each.name: each.kind for each in declared if each.is_bundle}
    own = {each.name: each.setting for each in declared if each.setting is not None}
    others = [each for each in declared if each.name not in (*bundles, *own)]  # Typer's context
    options = options_of(command)
    names = {each.name: each.setting for each in options if each.setting is not None}

    def run(**given: Any) -> None:
        with explained_failures(names):
            values = {name: parsed(name, setting, given.pop(name)) for name, setting in own.items()}
            values |= {name: _joined(kind, given) for name, kind in bundles.items()}
            command(**given, **values)

    # no __wrapped__: Typer would read the first signature
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    parameters = [
        *(inspect.Parameter(each.name, inspect.Parameter.KEYWORD_ONLY, annotation=each.kind) for each in others),
        *(_parameter(each) for each in options),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # raises for a name given twice
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def options_of(command: Callable[..., None]) -> list[Declared]:
    """The settings that are options or arguments of ``command``, in the order of its help page."""
    found: list[Declared] = []
    for each in _parameters(command):
        if each.is_bundle:
            found += settings_of(each.kind)
        elif each.setting is not None:
            found.append(each)
    return sorted(found, key=_panel)


def _parameters(command: Callable[..., None]) -> list[Declared]:
    hints = get_type_hints(command, include_extras=True)
    found = []
    for name, parameter in inspect.signature(command).parameters.items():
        kind, *records = get_args(hints[name]) if get_origin(hints[name]) is Annotated else (hints[name],)
        found.append(Declared(name, kind, records[0] if records else None, parameter.default))
    return found


def _panel(declared: Declared) -> int:
    panel = None if declared.setting is None else declared.setting.panel
    return -1 if panel is None else PANELS.index(panel)


def _parameter(declared: Declared) -> inspect.Parameter:
    """The parameter that Typer makes an option or an argument of."""
    setting, kind, default = declared.setting, declared.kind, declared.default
    assert setting is not None
    optional = type(None) in get_args(kind)
    if setting.parse is not None:
        kind, default, optional = setting.takes, setting.shown, False
    elif setting.switches_off:
        default = not default
    if declared.choices:
        kind = Literal[declared.choices]
    elif setting.repeated:
        kind, optional = list[str], not setting.positional
        default = MISSING if setting.positional else None
    elif optional:
        kind = next(each for each in get_args(kind) if each is not type(None))
    info: Any
    if setting.positional:
        info = typer.Argument(help=setting.help, metavar=setting.metavar)
    else:
        info = typer.Option(
            *spellings_of(declared),
            help=setting.help,
            metavar=setting.metavar,
            rich_help_panel=setting.panel,
            min=None if setting.checked_later else setting.least,
            max=None if setting.checked_later else setting.most,
        )
    return inspect.Parameter(
        declared.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if default in (MISSING, inspect.Parameter.empty) else default,
        annotation=Annotated[kind | None if optional else kind, info],
    )


def spellings_of(declared: Declared) -> list[str]:
    """Everything an option is called, as Typer takes it: ``--long``, ``-short``, ``--flag/--no-flag``."""
    setting = declared.setting
    assert setting is not None
    long = setting.longest_name(declared.name)
    spellings = [*([] if long in setting.names else [long]), *setting.names]
    can_be_turned_off = declared.default is True and not setting.switches_off
    return [f"{long}/--no-{long.removeprefix('--')}"] if can_be_turned_off else spellings


def _joined(bundle: type, given: dict[str, Any]) -> Any:
    """An object of ``bundle`` from the options that are its fields; they are taken out of ``given``."""
    values: dict[str, Any] = {}
    for each in fields_of(bundle):
        if each.is_bundle:
            inner = [leaf.name for leaf in settings_in(each) if leaf.name in given]
            values[each.name] = _joined(each.kind, {name: given.pop(name) for name in inner})
        elif each.setting is not None and each.name in given:
            value = given.pop(each.name)
            value = tuple(value or ()) if each.setting.repeated else value
            needed = [values[each.setting.needs]] if each.setting.needs else []
            values[each.name] = parsed(each.name, each.setting, value, *needed)
    return bundle(**values)
