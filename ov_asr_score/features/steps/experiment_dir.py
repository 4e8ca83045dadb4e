"""The steps of an experiment directory of Kaldi's recipes, by the files that its training scripts leave there.

``cmvn_opts`` (options of apply-cmvn, or of apply-cmvn-online where there is ``online_cmvn``), ``delta_opts``,
``final.mat`` with ``splice_opts``, and the global statistics of online CMVN are read as steps/decode.sh,
steps/nnet/decode.sh, steps/nnet2/decode.sh and steps/nnet3/decode.sh read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ov_asr_score.errors import ConfigFormatError, FileAccessError, UsageError
from ov_asr_score.kaldi_io.files.config_file import MOST_BYTES, ConfigOption, config_values, read_config
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.settings.speech.feature_steps import CMVN_SETTINGS, FeatureSteps, belongs_to, parse_skip_dims
from ov_asr_score.text import clipped, printable_name

_CMVN: Mapping[str, type] = {"norm-means": bool, "norm-vars": bool, "skip-dims": str}
_ONLINE_CMVN: Mapping[str, type] = {**_CMVN, "cmn-window": int, "speaker-frames": int, "global-frames": int}
_DELTAS: Mapping[str, type] = {"delta-order": int, "delta-window": int, "truncate": int}
_SPLICE: Mapping[str, type] = {"left-context": int, "right-context": int}

_OWN_NAMES = ("cmvn", "cmvn_stats", *CMVN_SETTINGS)


def like_dir(path: str | Path) -> FeatureSteps:
    """The steps that the files of a directory say; None and empty for those that they do not settle.

    Raises FileAccessError (no such directory, a missing file of statistics), ConfigFormatError with the file (an option
    that its program does not have) and UsageError (two kinds of CMVN one after the other, as nnet1 can have them).
    """
    folder = Path(path)
    if not folder.is_dir():
        raise FileAccessError(f"{printable_name(str(path))}: expected an experiment directory, found none")
    steps = _cmvn(folder, is_nnet1=(folder / "final.nnet").exists())
    if (folder / "final.mat").exists() and not (folder / "final.nnet").exists():
        given = _options(folder / "splice_opts", _SPLICE, "splice-feats")
        contexts = (given.get("left-context", 4), given.get("right-context", 4))
        return replace(steps, splice=contexts, transforms=(str(folder / "final.mat"),))
    return _with_deltas(steps, folder)


def settled_steps(steps: FeatureSteps) -> FeatureSteps:
    """``steps`` with what ``like_dir`` says where nothing else is given; its transform comes before the others.

    Raises UsageError for what neither settles, and what ``like_dir`` raises.
    """
    if not steps.like_dir:
        return steps
    folder = steps.like_dir
    found = like_dir(folder)
    cmvn = steps.cmvn or found.cmvn
    if cmvn is None:
        raise UsageError(
            f"cmvn: {printable_name(folder)} has no cmvn_opts that would say how features are normalized; say none, "
            "utterance, speaker or another",
            fields=("cmvn",),
        )
    values: dict[str, Any] = {"cmvn": cmvn}
    for name in CMVN_SETTINGS:
        given, other = getattr(steps, name), getattr(found, name)
        # statistics are those of the directory's own kind of CMVN
        fits = belongs_to(name, cmvn) and (name != "cmvn_stats" or cmvn == found.cmvn)
        values[name] = other if given in (None, "") and fits else given
    if steps.delta_order is None and _wants_deltas(Path(folder)) and found.delta_order is None and not found.splice:
        raise UsageError(
            f"delta_order: {printable_name(folder)} is of Gaussian mixtures without final.mat, whose features have "
            "differences; say 2, the default of the recipes, or 0",
            fields=("delta_order",),
        )
    for name in ("delta_order", "delta_window", "splice"):
        given = getattr(steps, name)
        values[name] = getattr(found, name) if given is None else given
    values["delta_truncate"] = steps.delta_truncate or found.delta_truncate
    values["transforms"] = (*found.transforms, *steps.transforms)
    return replace(steps, like_dir="", **values)


def _cmvn(folder: Path, *, is_nnet1: bool) -> FeatureSteps:
    online = (folder / "online_cmvn_opts", folder / "global_cmvn_stats.mat")  # of nnet1
    is_online = online[0].exists() and bool(_words(online[0]))
    if (folder / "online_cmvn").exists() and not is_nnet1:
        is_online, online = True, (folder / "cmvn_opts", folder / "global_cmvn.stats")
    opts = folder / "cmvn_opts"
    if is_online:
        if is_nnet1 and opts.exists() and _words(opts):
            raise UsageError(
                f"like_dir {printable_name(str(folder))}: expected cmvn_opts or online_cmvn_opts, found both; say what "
                "to do by settings of CMVN and of the other steps",
                fields=("like_dir",),
            )
        if not online[1].exists():
            raise FileAccessError(f"{printable_name(str(online[1]))}: expected statistics for online CMVN, found none")
        given = _options(online[0], _ONLINE_CMVN, "apply-cmvn-online")
        return _normalized(FeatureSteps(cmvn="online", cmvn_stats=str(online[1])), given, online[0])
    if is_nnet1 and (folder / "norm_vars").exists() and not opts.exists():  # of old recipes
        file = folder / "norm_vars"
        option = ConfigOption("norm-vars", " ".join(word for _, word in _words(file)), 1, str(file))
        return _normalized(FeatureSteps(cmvn="speaker"), config_values([option], _CMVN, "apply-cmvn"), file)
    if not opts.exists():
        return FeatureSteps(cmvn="none" if is_nnet1 else None)
    if is_nnet1 and not _words(opts):
        return FeatureSteps(cmvn="none")
    return _normalized(FeatureSteps(cmvn="speaker"), _options(opts, _CMVN, "apply-cmvn"), opts)


def _normalized(steps: FeatureSteps, given: Mapping[str, Any], file: Path) -> FeatureSteps:
    """The steps with options of apply-cmvn or apply-cmvn-online."""
    if given.get("norm-means") is False and not given.get("norm-vars"):
        return FeatureSteps(cmvn="none")
    values = {name.replace("-", "_"): value for name, value in given.items()}
    if "skip_dims" in values:
        try:
            values["skip_dims"] = parse_skip_dims(values["skip_dims"])
        except UsageError as error:
            raise UsageError(f"{printable_name(str(file))}: skip-dims: {error}") from error
    return replace(steps, **values)


def _with_deltas(steps: FeatureSteps, folder: Path) -> FeatureSteps:
    opts = folder / "delta_opts"
    given = _options(opts, _DELTAS, "add-deltas")
    if not given and not (opts.exists() and _words(opts)):
        return steps
    return replace(
        steps,
        delta_order=given.get("delta-order", 2),
        delta_window=given.get("delta-window", 2),
        delta_truncate=given.get("truncate", 0),
    )


def _wants_deltas(folder: Path) -> bool:
    """Whether it is a system of Gaussian mixtures, whose recipes add differences without saying so."""
    return (folder / "final.occs").exists() and not (folder / "final.mat").exists()


def _options(path: Path, kinds: Mapping[str, type], program: str) -> dict[str, Any]:
    """The options in a file of words, by name; none where it is missing. Options in files that it names come first."""
    if not path.exists():
        return {}
    words = []
    for line, word in _words(path):
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            file = printable_name(str(path))
            raise ConfigFormatError(f"{file}: line {line}: expected an option of {program}, found {clipped(word)}")
        name = name.removeprefix("--").replace("_", "-").lower()
        words.append(ConfigOption(name, value if equals else None, line, str(path)))
    configs = [word.value for word in words if word.name == "config" and word.value]
    return config_values([*(line for each in configs for line in read_config(each)), *words], kinds, program)


def _words(path: Path) -> list[tuple[int, str]]:
    """The words of a small text file, each with its line, from 1. Raises FileAccessError and ConfigFormatError."""
    with open_path(str(path)) as file:
        try:
            content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise FileAccessError(f"{printable_name(str(path))}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES or b"\0" in content:
        raise ConfigFormatError(f"{printable_name(str(path))}: expected a line of options, found something else")
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return [(number, word) for number, line in enumerate(lines, 1) for word in line.split()]
