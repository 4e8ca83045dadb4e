"""``ov-asr-score bench``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures
from ov_asr_score.cli.options import kaldi as k
from ov_asr_score.cli.options import shared as o
from ov_asr_score.cli.options import shared as v


def bench(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="OpenVINO IR, ONNX, or a Kaldi model.")],
    input: o.InputOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", help="Time for all of it; less gives a shorter table.")
    ] = 40.0,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON object.")] = False,
    device: o.DeviceOption = "CPU",
    precision: o.PrecisionOption = o.Precision.f32,
    batch_size: v.BatchOption = 0,
    requests: v.RequestsOption = 0,
    threads: v.ThreadsOption = 0,
    streams: v.StreamsOption = 0,
    memory_limit: v.MemoryOption = "2G",
    layout: o.LayoutOption = "",
    context_left: o.LeftContextOption = 0,
    context_right: o.RightContextOption = 0,
    config: o.ConfigOption = None,
    cache_dir: o.CacheOption = "",
    no_cache: o.NoCacheOption = False,
    keep_graph: o.KeepGraphOption = False,
    input_layers: o.InputLayersOption = "",
    allow_missing: o.AllowMissingOption = False,
    utt2spk: o.Utt2spkOption = None,
    ivector_period: o.IvectorPeriodOption = None,
    allow_commands: o.AllowCommandsOption = False,
    frame_shift: o.FrameShiftOption = 0.01,
    time: k.TimeOption = k.TimeMode.auto,
    frames_per_request: k.FramesPerRequestOption = 0,
    frames_per_chunk: k.FramesPerChunkOption = 0,
    chunk_size: k.ChunkSizeOption = 0,
    extra_left_context: k.ExtraLeftOption = 0,
    extra_right_context: k.ExtraRightOption = 0,
    extra_left_context_initial: k.ExtraLeftInitialOption = -1,
    extra_right_context_final: k.ExtraRightFinalOption = -1,
    batch_compute: k.BatchComputeOption = False,
    ensure_exact_final_context: k.ExactFinalOption = False,
    frame_subsampling_factor: k.SubsamplingOption = 0,
    output_name: k.OutputNameOption = "",
    use_priors: k.UsePriorsOption = False,
    class_frame_counts: k.ClassCountsOption = "",
    prior_scale: k.PriorScaleOption = 1.0,
    prior_floor: k.PriorFloorOption = 1e-10,
    no_softmax: k.NoSoftmaxOption = False,
    apply_log: k.ApplyLogOption = False,
    apply_exp: k.ApplyExpOption = False,
    acoustic_scale: k.AcousticScaleOption = 1.0,
    feature_transform: k.FeatureTransformOption = "",
    divide_by_priors: k.DivideByPriorsOption = False,
    pad_input: k.PadInputOption = True,
    ivectors: k.IvectorsOption = "",
    online_ivectors: k.OnlineIvectorsOption = "",
    online_ivector_period: k.OnlinePeriodOption = 0,
) -> None:
    """Measure how fast a model scores on this machine.

    `ov-asr-score bench models/nnet3_tdnn/final.mdl`

    The plan that `score` takes for it, its frames per second and real-time factor through the same engine (medians, on
    noise as long as read speech, or on the tables of -i), and a table over precision, streams and batch: what
    `--precision`, `--streams` and `-bs` would change.
    """
    with explained_failures():
        from ov_asr_score.cli.options.shared import conversion_cache
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.job import BenchJob, ScoreJob, run_bench
        from ov_asr_score.report.console.bench import bench_as_dict, render_bench
        from ov_asr_score.settings.device import DeviceSettings, parse_config

        scoring = ScoreJob(
            model=model,
            device=DeviceSettings(
                device=device,
                precision=precision.value,
                threads=threads,
                streams=streams,
                cache_dir=cache_dir,
                config=parse_config(config or []),
            ),
            batch_size=batch_size,
            requests=requests,
            memory_limit=v.parse_memory(memory_limit),
            layout=layout,
            keep_graph=keep_graph,
            left_context=context_left,
            right_context=context_right,
            kaldi=k.kaldi_options(context),
            conversion_cache=conversion_cache(cache_dir, no_cache),
            inputs=input or [],
            input_layers=input_layers,
            utt2spk=utt2spk or [],
            ivector_period=ivector_period or [],
            ivectors=ivectors,
            online_ivectors=online_ivectors,
            online_ivector_period=online_ivector_period,
            allow_missing=allow_missing,
            allow_commands=allow_commands,
            frame_shift_seconds=frame_shift,
        )
        report = run_bench(BenchJob(scoring, seconds))
        if as_json:
            typer.echo(json.dumps(bench_as_dict(report), indent=1, allow_nan=False))
            return
        render_bench(report, ReportConsole())
