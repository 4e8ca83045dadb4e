"""Commands that take frozen dataclasses: every setting in them is an option, and the command gets whole objects."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, is_dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from ov_asr_score.cli.failures import explained_failures
from ov_asr_score.settings.setting import PANELS, Declared, Setting, fields_of, parsed, settings_in, settings_of


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` as Typer takes it, with an option for every setting.

    Settings are parameters annotated with a :class:`Setting`, and the fields of parameters that are bundles; panels
    come in their order. What the command raises is explained in one line, with the exit code that belongs to it.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    settings: list[Declared] = []
    bundles: dict[str, type] = {}
    own: dict[str, Setting] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        hint = hints[name]
        if isinstance(hint, type) and is_dataclass(hint):
            bundles[name] = hint
            settings += settings_of(hint)
        elif get_origin(hint) is Annotated:
            kind, own[name] = get_args(hint)
            settings.append(Declared(name, kind, own[name], parameter.default))
        else:  # Typer's context
            parameters.append(parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY))
    parameters += [_option(each) for each in sorted(settings, key=_panel)]
    names = {each.name: each.setting for each in settings if each.setting is not None}

    def run(**given: Any) -> None:
        with explained_failures(names):
            values = {name: parsed(name, setting, given.pop(name)) for name, setting in own.items()}
            values |= {name: _joined(kind, given) for name, kind in bundles.items()}
            command(**given, **values)

    # no __wrapped__: Typer would read the first signature
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # raises for a name given twice
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _panel(declared: Declared) -> int:
    panel = None if declared.setting is None else declared.setting.panel
    return -1 if panel is None else PANELS.index(panel)


def _option(declared: Declared) -> inspect.Parameter:
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
            *_spellings(declared),
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


def _spellings(declared: Declared) -> list[str]:
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
