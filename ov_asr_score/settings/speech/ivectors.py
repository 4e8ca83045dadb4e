"""What may be asked of online i-vectors, in the words of Kaldi's ivector-extract-online2.

Everything is None where it is not asked for: then the configuration file of the extractor says it, or else the default.
``ov_asr_score/ivector/extractor_options.py`` knows the defaults.

Tests: tests/settings/test_setting.py, tests/ivector/test_extractor_options.py
"""

from dataclasses import dataclass
from typing import Annotated, Any

from ov_asr_score.settings.setting import IVECTOR_EXTRACTION, Setting, parse_flag


def _file(help: str) -> Setting:
    return Setting(help, metavar="FILE", panel=IVECTOR_EXTRACTION, changes_bytes=True)


def _number(help: str, metavar: str = "N", **more: Any) -> Setting:
    return Setting(
        help, metavar=metavar, panel=IVECTOR_EXTRACTION, checked_later=True, in_suite=True, changes_bytes=True, **more
    )


def _flag(help: str) -> Setting:
    return Setting(
        help, metavar="true|false", panel=IVECTOR_EXTRACTION, parse=parse_flag, in_suite=True, changes_bytes=True
    )


@dataclass(frozen=True, slots=True)
class IvectorOptions:
    """The options of Kaldi's OnlineIvectorExtractionConfig: of which files the extractor is, and how it is used.

    A file that is None is the one that ``ivector_extraction_config`` names. Source: online2/online-ivector-feature.h.
    """

    ivector_extraction_config: Annotated[
        str | None,
        Setting(
            "ivector_extractor.conf, or the directory of an extractor; paths in the file that do not exist are looked "
            "for beside it.",
            metavar="PATH",
            panel=IVECTOR_EXTRACTION,
            changes_bytes=True,
        ),
    ] = None
    ivector_extractor: Annotated[str | None, _file("The extractor itself: final.ie.")] = None
    diag_ubm: Annotated[str | None, _file("Gaussians with diagonal covariances: final.dubm.")] = None
    lda_matrix: Annotated[str | None, _file("Transform of the spliced features: final.mat.")] = None
    global_cmvn_stats: Annotated[str | None, _file("CMVN statistics to begin with: global_cmvn.stats.")] = None
    cmvn_config: Annotated[str | None, _file("Options of apply-cmvn-online: online_cmvn.conf.")] = None
    splice_config: Annotated[
        str | None, _file("Options --left-context and --right-context: splice.conf or splice_opts.")
    ] = None
    ivector_period: Annotated[int | None, _number("An i-vector every N frames (default 10).", least=1)] = None
    num_gselect: Annotated[int | None, _number("At most N Gaussians per frame (default 5).", least=1)] = None
    min_post: Annotated[
        float | None, _number("Gaussians with posteriors below X do not count (default 0.025).", "X", least=0)
    ] = None
    posterior_scale: Annotated[
        float | None, _number("Scale of posteriors, above 0 and at most 1 (default 0.1).", "X", least=0, most=1)
    ] = None
    max_count: Annotated[
        float | None,
        _number(
            "From X scaled frames on, the prior grows with the frames (default 0: it does not; recipes for online "
            "decoding set 100).",
            "X",
        ),
    ] = None
    use_most_recent_ivector: Annotated[
        bool | None,
        _flag(
            "Online: always the newest i-vector, instead of that of the frame (default true); ignored for tables, as "
            "by ivector-extract-online2."
        ),
    ] = None
    greedy_ivector_extractor: Annotated[
        bool | None, _flag("Use all frames that are there, also those behind the frame (default false).")
    ] = None
    max_remembered_frames: Annotated[
        float | None, _number("Frames that count of the speaker's earlier utterances (default 1000).", "X", least=0)
    ] = None
    online_cmvn_iextractor: Annotated[
        bool | None,
        _flag("Statistics of features after CMVN, for extractors that were trained so (default false)."),
    ] = None


@dataclass(frozen=True, slots=True)
class IvectorTableSettings:
    """Options of ivector-extract-online2 that are not of its configuration."""

    repeat: Annotated[
        bool | None, _flag("A row for every frame instead of one per --ivector-period (default false).")
    ] = None
    frame_weights: Annotated[
        str | None,
        Setting(
            "Table of a vector per utterance: weights of the frames in the statistics.",
            names=("--frame-weights-rspecifier",),
            metavar="RSPECIFIER",
            panel=IVECTOR_EXTRACTION,
            changes_bytes=True,
        ),
    ] = None
    length_tolerance: Annotated[
        int | None,
        _number("By how many frames the lengths of features and weights may differ (default 0).", least=0),
    ] = None
