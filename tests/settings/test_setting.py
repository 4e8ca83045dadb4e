from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Annotated, Any, Literal

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.caching import CacheSettings, CacheUpkeep
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.model_jobs import BenchJob, CompareLayersJob, ConvertJob, InspectSettings, QuantizeJob
from ov_asr_score.settings.recognition.endpointing import EndpointSettings
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingSettings
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import PANELS, Part, Setting, fields_of, made, parse_flag, parsed, settings_of
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import FeatureSettings, UtteranceSettings
from ov_asr_score.settings.speech.pitch import PitchSettings
from ov_asr_score.settings.table_jobs import (
    CheckSettings,
    CompareJob,
    CompareProfilesSettings,
    CopySettings,
    MergeSettings,
)
from ov_asr_score.settings.words.decoding import DecodingOptions

BUNDLES = (
    *(ScoreJob, BenchJob, CompareLayersJob, ConvertJob, InspectSettings, QuantizeJob, CheckSettings, CompareJob),
    *(CompareProfilesSettings, CopySettings, MergeSettings, CacheSettings, CacheUpkeep),
    *(FeatureSettings, UtteranceSettings, FeatureSteps, PitchSettings, DecodingOptions),
    *(EndpointSettings, SilenceWeightingSettings),
)


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_record_is_complete(bundle: type) -> None:
    declared = settings_of(bundle)
    assert declared
    assert len({each.name for each in declared}) == len(declared)
    spellings = [
        name.lstrip("-").replace("_", "-")
        for each in declared
        if each.setting is not None and not each.setting.positional
        for name in {each.setting.longest_name(each.name), *each.setting.names}
    ]
    for each in declared:
        assert each.setting is not None
        assert each.setting.help.endswith((".", "…"))
        assert each.setting.panel is None or each.setting.panel in PANELS
        assert not isinstance(each.kind, str), "annotations of a module that declares settings are not postponed"
        if each.default is MISSING:
            assert each.setting.positional or each.name in ("output", "against")
    # -layout and --layout are one option, any other spelling twice would be two
    twice = {name for name in spellings if spellings.count(name) > 1}
    assert twice <= {"layout", "log", "pwl-me", "exec-target", "compile-target", "memory-reuse-off"}


@pytest.mark.parametrize("bundle", BUNDLES)
def test_defaults_of_parsed_settings_are_what_their_text_gives(bundle: type) -> None:
    for each in settings_of(bundle):
        assert each.setting is not None
        if each.setting.parse is not None and not each.setting.needs:
            shown = [] if each.setting.repeated else each.setting.shown
            assert parsed(each.name, each.setting, shown) == each.default


# annotations below are postponed by this module's first line, so they are put in place by hand
Inner: Any = dataclass(frozen=True)(
    type(
        "Inner",
        (),
        {
            "__annotations__": {
                "width": Annotated[int, Setting("Width.", least=1)],
                "mode": Annotated[Literal["a", "b"], Setting("Mode.")],
                "hidden": int,
            },
            "width": 3,
            "mode": "a",
            "hidden": 7,
        },
    )
)
Outer: Any = dataclass(frozen=True)(
    type(
        "Outer",
        (),
        {
            "__annotations__": {
                "inner": Annotated[Inner, Part(("width",), defaults={"width": 5})],
                "quick": Annotated[bool, Setting("Quick.", names=("--slow",), switches_off=True)],
            },
            "inner": field(default_factory=Inner),
            "quick": True,
        },
    )
)


def test_settings_of_bundles_in_bundles() -> None:
    assert [(each.name, each.default) for each in settings_of(Outer)] == [("width", 5), ("quick", True)]
    assert [each.name for each in settings_of(Inner)] == ["width", "mode"]
    assert [each.is_bundle for each in fields_of(Outer)] == [True, False]
    assert fields_of(Inner)[1].choices == ("a", "b")


def test_objects_from_values_by_name() -> None:
    assert made(Outer, {"width": 4, "mode": "b", "quick": False}) == Outer(Inner(4), False)
    assert made(Outer, {}) == Outer()
    job = made(ScoreJob, {"device": "GNA_SW_EXACT", "time": "frame", "max_error": 0.5})
    assert (job.device.gna_mode, job.kaldi, job.limits.max_error) == ("GNA_SW_EXACT", KaldiOptions(time="frame"), 0.5)


def test_values_of_options() -> None:
    (quick,) = (each.setting for each in settings_of(Outer) if each.name == "quick")
    assert quick is not None
    assert (parsed("quick", quick, True), quick.longest_name("quick")) == (False, "--slow")
    (shard,) = (each.setting for each in settings_of(ScoreJob) if each.name == "shard")
    assert shard is not None
    for text in ("x", "3/2"):
        with pytest.raises(UsageError, match=r"^shard \S+ expected I/N") as caught:
            parsed("shard", shard, text)
        assert caught.value.fields == ("shard",)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("T", True), ("1", True), ("False", False), ("f", False), ("0", False), ("", None)],
)
def test_flags_in_kaldis_words(text: str, value: bool | None) -> None:
    assert parse_flag(text) is value


def test_flags_in_other_words() -> None:
    with pytest.raises(UsageError, match=r"^yes: expected true or false$"):
        parse_flag("yes")
