from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.gna import (
    QUANTIZING,
    GnaSettings,
    SampleSettings,
    check_gna,
    compile_target,
    execution_target,
    log_level,
)
from ov_asr_score.settings.setting import settings_of


def test_targets_and_levels_in_the_spelling_of_properties() -> None:
    settings = GnaSettings(execution_target="GNA_TARGET_3_5", compile_target="gna_3_1", log_level="debug")
    assert (execution_target(settings), compile_target(settings), log_level(settings)) == (
        *("GNA_3_5", "GNA_3_1"),
        "LOG_DEBUG",
    )
    with pytest.raises(UsageError, match=r"^compile_target '3_0': no such GNA device") as caught:
        compile_target(GnaSettings(compile_target="3_0"))
    assert caught.value.fields == ("compile_target",)


@pytest.mark.parametrize(
    ("settings", "mode", "samples", "fields"),
    [
        (GnaSettings(), "GNA_HW", SampleSettings("dynamic"), "quantization scale_factors"),
        (GnaSettings(), "GNA_HW", SampleSettings("user"), "quantization scale_factors"),
        (GnaSettings(embedded_image="a"), None, SampleSettings(), "embedded_image device export_model"),
        (GnaSettings(embedded_generation="GNA2"), "GNA_HW", SampleSettings(), "embedded_generation"),
        (
            GnaSettings(embedded_generation="GNA1", compile_target="GNA_3_1"),
            "GNA_HW",
            SampleSettings(),
            "embedded_generation compile_target",
        ),
    ],
)
def test_contradictions(settings: GnaSettings, mode: str | None, samples: SampleSettings, fields: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_gna(settings, mode, samples)
    assert caught.value.fields == tuple(fields.split())


def test_what_goes_together() -> None:
    check_gna(GnaSettings(scale_factors={"": 2.0}), "GNA_SW_EXACT", SampleSettings("user"))
    check_gna(GnaSettings(embedded_image="a", embedded_generation="GNA3"), "GNA_HW", SampleSettings())


def test_settings_that_quantize_exist() -> None:
    names = {each.name for bundle in (GnaSettings, SampleSettings) for each in settings_of(bundle)}
    assert names > QUANTIZING
