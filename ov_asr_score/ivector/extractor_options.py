"""How an i-vector extractor is used: Kaldi's defaults, and what configuration files and settings say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.features.steps.online_cmvn import OnlineCmvnOptions
from ov_asr_score.kaldi_io.files.config_file import ConfigOption, config_value, config_values
from ov_asr_score.kaldi_io.files.joined_options import join_options, single_option
from ov_asr_score.text import printable_name


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """The options of OnlineIvectorExtractionConfig but for files, then those of ivector-extract-online2.

    Numbers with a point are rounded to single precision, as Kaldi keeps them. ``num_cg_iters`` is a constant in Kaldi.
    Raises UsageError for what Kaldi refuses. Sources: online2/online-ivector-feature.h;
    online-ivector-feature.cc, ``OnlineIvectorExtractionInfo::Check``; online2bin/ivector-extract-online2.cc.
    """

    ivector_period: int = 10
    num_gselect: int = 5
    min_post: float = 0.025
    posterior_scale: float = 0.1
    max_count: float = 0.0
    use_most_recent_ivector: bool = True
    greedy_ivector_extractor: bool = False
    max_remembered_frames: float = 1000.0
    online_cmvn_iextractor: bool = False
    num_cg_iters: int = 15
    repeat: bool = False
    frame_weights: str = ""
    length_tolerance: int = 0

    def __post_init__(self) -> None:
        """Round, and refuse values out of their ranges."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(each.default, float):
                value = single_option(each.name, value)
                object.__setattr__(self, each.name, value)
            if (expected := _RANGES.get(each.name)) is not None and not _is_within(each.name, value):
                raise UsageError(f"{each.name} {value:g}: expected {expected}", fields=(each.name,))


_RANGES: Mapping[str, str] = {
    "ivector_period": "a number of frames, 1 or more",
    "num_gselect": "a number of Gaussians, 1 or more",
    "min_post": "a posterior from 0 to below 0.5",
    "posterior_scale": "a scale above 0 and up to 1",
    "max_count": "a finite number",
    "max_remembered_frames": "a number of frames, 0 or more",
    "num_cg_iters": "a number of steps, 0 or more",
    "length_tolerance": "a number of frames, 0 or more",
}


def _is_within(name: str, value: float) -> bool:
    if name in ("ivector_period", "num_gselect"):
        return value >= 1
    if name == "min_post":
        return 0 <= value < 0.5
    if name == "posterior_scale":
        return 0 < value <= 1
    return math.isfinite(value) if name == "max_count" else value >= 0


FILE_NAMES: Mapping[str, str] = {
    "ivector_extractor": "final.ie",
    "diag_ubm": "final.dubm",
    "lda_matrix": "final.mat",
    "global_cmvn_stats": "global_cmvn.stats",
    "cmvn_config": "online_cmvn.conf",
    "splice_config": "splice.conf",
}
"""The files of an extractor, by the options that name them, and what Kaldi's scripts call them."""

_TABLE_OPTIONS: Mapping[str, type] = {
    "repeat": bool,
    "frame_weights_rspecifier": str,
    "length_tolerance": int,
    "num_threads": int,
}
_NO_OPTIONS_OF_KALDI = ("num_cg_iters", "frame_weights", "repeat", "length_tolerance")
_SUBJECT = "ivector-extract-online2"
_SPLICE: Mapping[str, int] = {"left-context": 4, "right-context": 4}


def extraction_options(
    lines: list[ConfigOption], given: Mapping[str, object]
) -> tuple[ExtractionOptions, dict[str, str]]:
    """Options of a configuration file and those ``given`` by field, which come first; and the files that it names.

    Values of None are not given. Raises ConfigFormatError with file and line, and UsageError.
    """
    kinds: dict[str, type] = {
        each.name: type(each.default) for each in fields(ExtractionOptions) if each.name not in _NO_OPTIONS_OF_KALDI
    }
    kinds |= dict.fromkeys(FILE_NAMES, str)
    kinds |= _TABLE_OPTIONS
    joined = join_options(lines, given, kinds, _SUBJECT)
    found = {"frame_weights": joined.values.get("frame_weights_rspecifier", "")} | joined.values
    files = {name: str(found[name]) for name in FILE_NAMES if found.get(name)}
    values: dict[str, Any] = {each.name: found[each.name] for each in fields(ExtractionOptions) if each.name in found}
    with joined.place_of_errors():
        return ExtractionOptions(**values), files


def splice_options(lines: list[ConfigOption]) -> tuple[int, int]:
    """Frames to the left and right of a frame, from ``splice.conf``, or from ``splice_opts``, which is one line.

    Raises ConfigFormatError. Source: feat/online-feature.h, ``OnlineSpliceOptions``.
    """
    single = [part for line in lines for part in _separate(line)]
    values = config_values(single, dict.fromkeys(_SPLICE, int), "splicing")
    contexts = {**_SPLICE, **values}
    for line in single:
        if contexts.get(line.name, 0) < 0:
            raise ConfigFormatError(f"{line.place}: {line.name}: expected a number of frames, 0 or more")
    return contexts["left-context"], contexts["right-context"]


def _separate(line: ConfigOption) -> list[ConfigOption]:
    if line.value is None or " --" not in line.value:
        return [line]
    first, *others = f"--{line.name}={line.value}".split()
    found = []
    for text in (first, *others):
        name, equals, value = text.removeprefix("--").partition("=")
        found.append(ConfigOption(name, value if equals else None, line.line, line.file))
    return found


def cmvn_options(lines: list[ConfigOption]) -> OnlineCmvnOptions:
    """Options of apply-cmvn-online, from ``online_cmvn.conf``. Raises ConfigFormatError."""
    kinds: dict[str, type] = {"cmn-window": int, "global-frames": int, "speaker-frames": int}
    kinds |= {"norm-vars": bool, "norm-means": bool, "skip-dims": str}
    values = config_values(lines, kinds, "apply-cmvn-online")
    names = {name.replace("-", "_"): value for name, value in values.items()}
    file = printable_name(lines[0].file) if lines else ""
    if "skip_dims" in names:
        names["skip_dims"] = _columns(next(line for line in reversed(lines) if line.name == "skip-dims"))
    try:
        return OnlineCmvnOptions(**names)
    except UsageError as error:
        raise ConfigFormatError(f"{file}: {str(error).replace('_', '-')}") from error


def _columns(line: ConfigOption) -> tuple[int, ...]:
    """The columns in a list such as 13:14:15."""
    parts = [part for part in config_value(line, str).split(":") if part]
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise ConfigFormatError(f"{line.place}: skip-dims: expected columns separated by colons, found {line.value!r}")
    return tuple(int(part) for part in parts)
