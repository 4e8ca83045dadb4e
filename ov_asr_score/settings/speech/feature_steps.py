"""What may be asked to follow the computation of features, in the words of Kaldi's apply-cmvn, add-deltas and others.

Whatever is asked for, the order is that of Kaldi's recipes: selected columns, CMVN, deltas, splicing, transforms (LDA
before fMLLR), subsampling. ``ov_asr_score/features/steps/feature_chain.py`` joins the steps.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import FEATURE_STEPS, Setting, parse_flag

CmvnKind = Literal["none", "utterance", "speaker", "global", "sliding", "online"]

_MOST_FRAMES = 100_000


def parse_skip_dims(text: str) -> tuple[int, ...] | None:
    """The columns of ``13:14:15``, None for an empty text. Raises UsageError."""
    if not text:
        return None
    if not re.fullmatch(r"\d{1,7}(:\d{1,7})*", text, re.ASCII):
        raise UsageError(f"{text[:20]!r}: expected numbers of columns with colons between, as in 13:14:15")
    return tuple(map(int, text.split(":")))


def parse_splice(text: str) -> tuple[int, int] | None:
    """The frames before and after of ``4,4``, None for an empty text. Raises UsageError."""
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,9}),(\d{1,9})", text, re.ASCII)
    if match is None or max(map(int, match.groups())) > _MOST_FRAMES:
        raise UsageError(f"{text[:20]!r}: expected L,R, numbers of frames before and after, as in 4,4")
    return int(match[1]), int(match[2])


def parse_subsample(text: str) -> tuple[int, int] | None:
    """The step and offset of ``3`` or ``3,1``, None for an empty text. Raises UsageError."""
    if not text:
        return None
    match = re.fullmatch(r"(-?\d{1,9})(?:,(\d{1,9}))?", text, re.ASCII)
    if match is None or int(match[1]) == 0 or (int(match[1]) < 0 and int(match[2] or 0)):
        raise UsageError(
            f"{text[:20]!r}: expected N or N,OFFSET, as in 3 or 3,1; -N, without an offset, repeats every frame"
        )
    return int(match[1]), int(match[2] or 0)


def _step(help: str, metavar: str | None = None, **more: Any) -> Setting:
    return Setting(help, metavar=metavar, panel=FEATURE_STEPS, in_suite=True, changes_bytes=True, **more)


def _flag(help: str) -> Setting:
    return _step(help, "true|false", parse=parse_flag)


@dataclass(frozen=True, slots=True)
class FeatureSteps:
    """The steps after the features; None and empty where nothing is asked for."""

    like_dir: Annotated[
        str,
        _step(
            "Experiment directory of Kaldi's recipes whose steps are taken: cmvn_opts, delta_opts, splice_opts, "
            "final.mat, online_cmvn with its statistics. What else is given goes before it.",
            "DIR",
        ),
    ] = ""
    select_columns: Annotated[
        str, _step("Columns of the features to go on with, as select-feats takes them.", "COLUMNS")
    ] = ""
    cmvn: Annotated[
        CmvnKind | None,
        _step(
            "Normalize means, with --norm-vars=true variances: by the statistics of the utterance, of all utterances "
            "of its speaker, of everything (--cmvn-stats), in a sliding window, or looking back only, as online "
            "decoding does."
        ),
    ] = None
    cmvn_stats: Annotated[
        str,
        _step(
            "Statistics of compute-cmvn-stats: a table by utterance or speaker, as --cmvn says, instead of those of "
            "the features themselves; one FILE for global and online.",
            "RSPECIFIER|FILE",
        ),
    ] = ""
    norm_means: Annotated[bool | None, _flag("Normalize means (default true).")] = None
    norm_vars: Annotated[bool | None, _flag("Normalize variances (default false).")] = None
    skip_dims: Annotated[
        tuple[int, ...] | None,
        _step("Columns that are not normalized, such as 13:14:15.", "COLUMNS", parse=parse_skip_dims),
    ] = None
    cmn_window: Annotated[
        int | None, _step("Frames in the window of sliding and online CMVN (default 600).", "FRAMES", least=1)
    ] = None
    min_cmn_window: Annotated[
        int | None,
        _step("Sliding CMVN: frames in the window at the beginning of an utterance (default 100).", "FRAMES", least=1),
    ] = None
    center: Annotated[
        bool | None, _flag("Sliding CMVN: the window is centered on the frame (default false: ends with it).")
    ] = None
    speaker_frames: Annotated[
        int | None,
        _step("Online CMVN: at most N frames of the speaker's earlier utterances (default 600).", "N", least=0),
    ] = None
    global_frames: Annotated[
        int | None, _step("Online CMVN: at most N frames of the global statistics (default 200).", "N", least=0)
    ] = None
    delta_order: Annotated[
        int | None, _step("Add differences over time up to order N, mostly 2.", "N", least=0, most=999)
    ] = None
    delta_window: Annotated[
        int | None, _step("Frames to each side that differences are computed from (default 2).", "N", least=1, most=999)
    ] = None
    delta_truncate: int = 0  # columns that differences are added to; 0: all. As in delta_opts of some recipes
    splice: Annotated[
        tuple[int, int] | None,
        _step("Join every frame with L frames before it and R frames after it.", "L,R", parse=parse_splice),
    ] = None
    transforms: Annotated[
        Sequence[str],
        _step(
            "Matrix to multiply frames by, such as an LDA transform in a FILE, or a table of matrices, such as fMLLR "
            "transforms; may be repeated.",
            "RSPECIFIER|FILE",
            names=("--transform",),
            repeated=True,
        ),
    ] = ()
    transform_by: Annotated[
        Literal["speaker", "utterance"] | None,
        _step("What tables of --transform have a matrix for (default speaker, where speakers are known)."),
    ] = None
    feature_utt2spk: Annotated[
        str,
        _step("Table of speakers by utterance, where nothing else says them or others count.", "FILE"),
    ] = ""
    subsample: Annotated[
        tuple[int, int] | None,
        _step("Every Nth frame, from frame OFFSET on; -N repeats every frame.", "N[,OFFSET]", parse=parse_subsample),
    ] = None


NO_STEPS = FeatureSteps()

_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "cmvn_stats": ("utterance", "speaker", "global", "online"),
    "norm_means": ("utterance", "speaker", "global", "online"),
    "norm_vars": ("utterance", "speaker", "global", "sliding", "online"),
    "skip_dims": ("utterance", "speaker", "global", "online"),
    "cmn_window": ("sliding", "online"),
    "min_cmn_window": ("sliding",),
    "center": ("sliding",),
    "speaker_frames": ("online",),
    "global_frames": ("online",),
}
CMVN_SETTINGS = tuple(_ONLY_FOR)
"""The settings of CMVN besides its kind."""


def belongs_to(name: str, kind: CmvnKind | None) -> bool:
    """Whether the setting ``name`` of CMVN means something for this kind of it."""
    return kind in _ONLY_FOR[name]


def check_steps(steps: FeatureSteps) -> None:
    """Raise UsageError for settings of a step that is not asked for, and for statistics that are missing."""
    for name, kinds in _ONLY_FOR.items():
        if getattr(steps, name) not in (None, "") and steps.cmvn not in kinds:
            found = steps.cmvn or "nothing"
            raise UsageError(
                f"{name}: expected cmvn {' or '.join(kinds)} with it, found {found}", fields=(name, "cmvn")
            )
    if steps.cmvn in ("global", "online") and not steps.cmvn_stats and steps.norm_means is not False:
        raise UsageError(
            f"cmvn {steps.cmvn}: expected cmvn_stats with it, a file of global statistics",
            fields=("cmvn", "cmvn_stats"),
        )
    if steps.norm_vars and steps.norm_means is False:
        raise UsageError("norm_vars: variances cannot be normalized without means", fields=("norm_vars",))
    if (steps.delta_window is not None or steps.delta_truncate) and steps.delta_order is None:
        raise UsageError("delta_window: expected delta_order with it", fields=("delta_window", "delta_order"))
    if steps.transform_by and not steps.transforms:
        raise UsageError("transform_by: expected transforms with it", fields=("transform_by", "transforms"))
