"""The record that says what a setting is, and how to read the records of a dataclass.

A setting is a field of a frozen dataclass (a bundle), annotated with a :class:`Setting`. The command line, suite files,
checks and documents read these records; a field without one can be set from Python only. A field that is a bundle
itself adds the settings in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from ov_asr_score.errors import UsageError

Generation = Literal[1, 2, 3]
Bundle = TypeVar("Bundle")

# Groups of options on a help page, in this order.
MODEL = "Model and device"
TABLES = "Tables"
SOUND = "Sound"
SELECTION = "What is copied"
COMPARISON = "Comparison"
QUANTIZATION = "Quantization"
SPEED = "Speed"
SWEEP = "Lattices: the best scales"
REPORTS = "Reports"
TIME = "Kaldi models: chunks and time"
AFTER = "Post-processing of scores"
SCORES = "Kaldi models: scores"
FEATURES = "Features (Kaldi's options)"
FEATURE_STEPS = "Features: further steps"
IVECTORS = "Kaldi models: i-vectors"
IVECTOR_EXTRACTION = "Extraction of i-vectors (Kaldi's options)"
GRAPH = "Words: the graph and what belongs to it"
WORDS = "Words: what is written"
WORD_LIMITS = "Words: comparison and limits"
DECODING = "Words: the search (Kaldi's options)"
PHRASES = "Words: phrases, grammars and preferred words"
CTC = "Words of CTC models"
ENDPOINTS = "Live: ends of utterances, and silence (Kaldi's options)"
CAPTIONS = "Captions of transcripts"
GNA = "GNA (in software, or with the GNA plugin of an older runtime)"
PANELS = (
    MODEL,
    SELECTION,
    TABLES,
    SOUND,
    COMPARISON,
    QUANTIZATION,
    SPEED,
    SWEEP,
    REPORTS,
    AFTER,
    TIME,
    SCORES,
    FEATURES,
    FEATURE_STEPS,
    IVECTOR_EXTRACTION,
    IVECTORS,
    GRAPH,
    WORDS,
    WORD_LIMITS,
    DECODING,
    PHRASES,
    CTC,
    ENDPOINTS,
    CAPTIONS,
    GNA,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that is said of a setting besides its type and default.

    ``names`` are spellings on the command line; without a long one among them, that is ``--field-name``. Words are
    joined by hyphens: underscores are accepted everywhere. ``parse`` turns the text of an option (or a value of
    ``takes``) into the value of the field, ``shown`` is the default before that; it raises UsageError with a message
    that begins with the text. ``needs`` names a field before this one, whose value ``parse`` gets as a second argument.
    """

    help: str
    names: tuple[str, ...] = ()
    metavar: str | None = None
    panel: str | None = None
    positional: bool = False
    repeated: bool = False
    switches_off: bool = False  # the option makes False of a field that is True
    choices: tuple[str, ...] = ()  # where the type does not say them
    least: float | None = None
    most: float | None = None
    checked_later: bool = False  # whether the value is in the range is checked with the model
    only_for: tuple[Generation, ...] = (1, 2, 3)  # of Kaldi models
    parse: Callable[..., Any] | None = None
    takes: type = str
    shown: object = ""
    needs: str = ""
    in_suite: bool = False  # a case of a suite may set it
    changes_bytes: bool = False  # the bytes of outputs depend on it, and nothing else tells of it

    def longest_name(self, field_name: str) -> str:
        """The long spelling, without a value: ``--context-left``."""
        return next((name for name in self.names if name.startswith("--")), f"--{field_name.replace('_', '-')}")


def short_name(name: str, setting: Setting) -> str:
    """The shortest spelling of the option for the field ``name``: ``-i``, ``-bs``, ``--shard``."""
    if setting.positional:
        return (setting.metavar or name).removesuffix("...")
    return min((*setting.names, setting.longest_name(name)), key=len)


def full_name(name: str, setting: Setting) -> str:
    """The shortest and the long spelling: ``-i/--input``, ``-bs/--batch-size``; one where they hardly differ."""
    short, long = short_name(name, setting), setting.longest_name(name)
    same = setting.positional or long.strip("-").replace("-", "_") == short.strip("-").replace("-", "_")
    return f"{short}/{long}" if not same else short if setting.positional else long


@dataclass(frozen=True, slots=True)
class Part:
    """What a job takes of the bundle in one of its fields, and what is different there.

    ``names`` are fields, and bundles that are taken whole.
    """

    names: tuple[str | type, ...] = ()  # none: everything
    defaults: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """A field of a bundle; ``kind`` is its type, ``default`` MISSING where it has none."""

    name: str
    kind: Any
    setting: Setting | None
    default: Any
    part: Part | None = None

    @property
    def is_bundle(self) -> bool:
        """Whether settings are in it."""
        return self.setting is None and is_dataclass(self.kind)

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts it takes; none where it takes any."""
        if self.setting is not None and (self.setting.choices or self.setting.parse is not None):
            return self.setting.choices
        kinds = (self.kind, *get_args(self.kind))
        return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def fields_of(bundle: type) -> tuple[Declared, ...]:
    """The fields of a dataclass in their order, with their records."""
    kind: Any = bundle  # mypy does not take classes for hashable
    return _fields_of(kind)


def settings_of(bundle: type) -> tuple[Declared, ...]:
    """All settings of a bundle and of those in it, each a field with a record."""
    kind: Any = bundle
    return _settings_of(kind)


@cache
def _fields_of(bundle: type) -> tuple[Declared, ...]:
    found = []
    for each in fields(bundle):
        if not each.init:
            continue
        # no module that declares settings postpones its annotations: evaluating their texts would take long
        kind, *records = get_args(each.type) if get_origin(each.type) is Annotated else (each.type,)
        setting = next((record for record in records if isinstance(record, Setting)), None)
        part = next((record for record in records if isinstance(record, Part)), None)
        default = each.default if each.default_factory is MISSING else each.default_factory()
        found.append(Declared(each.name, kind, setting, default, part))
    return tuple(found)


@cache
def _settings_of(bundle: type) -> tuple[Declared, ...]:
    found: list[Declared] = []
    for each in fields_of(bundle):
        if each.setting is not None:
            found.append(each)
        elif each.is_bundle:
            found += settings_in(each)
    return tuple(found)


def settings_in(bundle: Declared) -> list[Declared]:
    """The settings that are taken of the bundle in a field, as they are there."""
    inner = list(settings_of(bundle.kind))
    part = bundle.part
    if part is None:
        return inner
    if part.names:
        whole = {each.name for kind in part.names if isinstance(kind, type) for each in settings_of(kind)}
        wanted = whole | {name for name in part.names if isinstance(name, str)}
        inner = [each for each in inner if each.name in wanted]
    return [_changed(each, part) for each in inner]


def _changed(declared: Declared, part: Part) -> Declared:
    setting = part.settings.get(declared.name, declared.setting)
    default = part.defaults.get(declared.name, declared.default)
    required = setting is not None and setting.positional
    return replace(declared, setting=setting, default=MISSING if required else default)


def made(bundle: type[Bundle], values: Mapping[str, Any]) -> Bundle:
    """An object of ``bundle`` with ``values`` by name of setting, in it and in the bundles in it; else the defaults."""
    given = {}
    for each in fields_of(bundle):
        if each.is_bundle:
            inner = {leaf.name for leaf in settings_in(each)}
            given[each.name] = made(each.kind, {name: value for name, value in values.items() if name in inner})
        elif each.setting is not None and each.name in values:
            given[each.name] = values[each.name]
    return bundle(**given)


def parsed(name: str, setting: Setting, value: object, *needed: object) -> Any:
    """The value of the field ``name`` for what an option was given. Raises UsageError, which names the field."""
    if setting.parse is None:
        return not value if setting.switches_off else value
    try:
        return setting.parse(value, *needed)
    except UsageError as error:
        if error.fields:
            raise
        raise UsageError(f"{name} {error}", fields=(name,)) from error


def parse_flag(text: str) -> bool | None:
    """The value of a flag in Kaldi's words, None for an empty text. Raises UsageError. Kaldi: ParseOptions::ToBool."""
    lower = text.lower()
    if lower in ("true", "t", "1"):
        return True
    if lower in ("false", "f", "0"):
        return False
    if not lower:
        return None
    raise UsageError(f"{text}: expected true or false")
