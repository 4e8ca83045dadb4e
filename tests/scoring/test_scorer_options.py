"""What a job asks of a scorer."""

from __future__ import annotations

from dataclasses import fields

from ov_asr_score.scoring.scorer_options import ScorerOptions, scorer_options
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.settings.score_job import ScoreJob

JOB = ScoreJob(
    model="final.mdl",
    device=DeviceSettings("CPU", threads=3),
    batch_size=5,
    requests=6,
    memory_limit=7,
    layout="[NC]",
    left_context=8,
    right_context=9,
    chunk_shift=10,
    kaldi=KaldiOptions(use_priors=True),
    conversion_cache="cache",
    allow_nonfinite=True,
)


def test_every_setting_of_a_scorer_comes_from_the_job() -> None:
    options = scorer_options(JOB)
    # Outputs are those that the tables ask for.
    shared = {field.name for field in fields(ScorerOptions)} & {field.name for field in fields(ScoreJob)} - {"outputs"}
    assert len(shared) >= 10
    for name in shared:
        assert getattr(options, name) == getattr(JOB, name) != getattr(ScorerOptions(), name), name
    assert (options.blob, options.outputs, options.repair_graph, options.auto_time) == ("", (), True, "fastest")
    assert not (options.fixed_batch or options.one_at_a_time or options.keep_nodes)


def test_names_that_differ() -> None:
    options = scorer_options(ScoreJob(import_model="m.blob", keep_graph=True, profile=True))
    assert (options.blob, options.repair_graph, options.device.profile) == ("m.blob", False, True)
    assert scorer_options(ScoreJob(device=DeviceSettings(profile=True))).device.profile


def test_an_export_takes_one_utterance_at_a_time_and_whole_ones() -> None:
    options = scorer_options(ScoreJob(model="final.mdl", export_model="m.blob"))
    assert (options.one_at_a_time, options.fixed_batch, options.auto_time) == (True, False, "utterance")
    assert scorer_options(ScoreJob(model="m.xml", export_model="m.blob", batch_size=8)).fixed_batch
    for_gna = ScoreJob(model="final.mdl", export_model="m.gna", device=DeviceSettings("GNA_SW_EXACT"))
    assert scorer_options(for_gna).auto_time == "fastest"
