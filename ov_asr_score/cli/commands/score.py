"""``ov-asr-score score``."""

from __future__ import annotations

import sys

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures
from ov_asr_score.cli.options import gna as g
from ov_asr_score.cli.options import kaldi as k
from ov_asr_score.cli.options import shared as o
from ov_asr_score.cli.options import shared as v


def score(
    context: typer.Context,
    model: o.ModelOption = "",
    input: o.InputOption = None,
    output: o.OutputOption = None,
    reference: o.ReferenceOption = None,
    device: o.DeviceOption = "CPU",
    import_model: o.ImportOption = "",
    export_model: o.ExportOption = "",
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
    output_layers: o.OutputLayersOption = "",
    output_precision: o.OutputPrecisionOption = o.OutputPrecision.f32,
    compression_method: o.CompressionOption = None,
    pair: o.PairOption = o.Pairing.key,
    allow_missing: o.AllowMissingOption = False,
    utt2spk: o.Utt2spkOption = None,
    ivector_period: o.IvectorPeriodOption = None,
    allow_commands: o.AllowCommandsOption = False,
    on_error: o.OnErrorOption = o.OnError.stop,
    shard: o.ShardOption = "",
    utt2num_frames: o.FramesFileOption = "",
    resume: o.ResumeOption = False,
    threshold: o.ThresholdOption = 1e-4,
    max_error: o.MaxErrorOption = None,
    max_rms_error: o.MaxRmsOption = None,
    max_relative_error: o.MaxRelativeOption = None,
    min_agreement: o.MinAgreementOption = None,
    max_kl: o.MaxKlOption = None,
    no_measures: o.NoMeasuresOption = False,
    performance_counter: o.ProfileOption = False,
    report: o.ReportOption = "",
    trace: o.TraceOption = "",
    report_scores: o.ReportScoresOption = False,
    frame_shift: o.FrameShiftOption = 0.01,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
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
    quantization: g.QuantizationOption = g.Quantization.static,
    quantization_bits: g.QuantizationBitsOption = 16,
    scale_factor: g.ScaleFactorOption = "",
    scale_factor_utterances: g.ScaleFactorUtterancesOption = "1",
    pwl_me: g.PwlOption = None,
    exec_target: g.ExecutionTargetOption = "",
    compile_target: g.CompileTargetOption = "",
    memory_reuse_off: g.MemoryReuseOffOption = False,
    export_embedded_model: g.EmbeddedOption = "",
    embedded_configuration: g.EmbeddedGenerationOption = "",
    arch: g.ArchitectureOption = g.Architecture.CORE,
    log: g.LogOption = "",
    gna_report: g.AccuracyReportOption = False,
) -> None:
    """Score utterances, compare with references.

    `ov-asr-score score -m model.xml -i feats.ark -o scores.ark -r reference.ark --max-error 1e-4`

    Kaldi models are converted on the way. The options of Kaldi's own programs are for them, in their spelling if you
    like: --use-priors=true.
    """
    with explained_failures():
        from ov_asr_score.cli.options.shared import conversion_cache
        from ov_asr_score.cli.presenting import present_run
        from ov_asr_score.comparison import Limits
        from ov_asr_score.job import ScoreJob
        from ov_asr_score.kaldi_io import parse_shard
        from ov_asr_score.settings.device import DeviceSettings, parse_config

        gna = g.gna_settings(
            device,
            quantization=quantization,
            weight_bits=quantization_bits,
            scale_factor=scale_factor,
            scale_factor_utterances=scale_factor_utterances,
            pwl_max_error_percent=pwl_me,
            execution_target=exec_target,
            compile_target=compile_target,
            memory_reuse=not memory_reuse_off,
            embedded_image=export_embedded_model,
            embedded_generation=embedded_configuration,
            log_level=log,
            accuracy_report=gna_report,
        )
        job = ScoreJob(
            model=model,
            import_model=import_model,
            export_model=export_model or export_embedded_model,
            device=DeviceSettings(
                device=device,
                precision=precision.value,
                threads=threads,
                streams=streams,
                cache_dir=cache_dir,
                profile=performance_counter,
                config=parse_config(config or []),
                gna=gna,
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
            pair=pair.value,
            allow_missing=allow_missing,
            allow_commands=allow_commands,
            on_error=on_error.value,
            shard=parse_shard(shard, utt2num_frames),
            outputs=output or [],
            output_layers=output_layers,
            output_precision=output_precision.value,
            compression_method=compression_method,
            resume=resume,
            references=reference or [],
            threshold=threshold,
            limits=Limits(max_error, max_rms_error, max_relative_error, min_agreement, max_kl),
            measures=not no_measures,
            profile=performance_counter,
            report=report,
            trace=trace,
            report_scores=report_scores,
            frame_shift_seconds=frame_shift,
            command=sys.argv,
            notes=g.notes_on_gna_options(context, device, import_model),
        )
        if present_run(job, quiet=quiet, verbose=verbose) != "ok":
            raise typer.Exit(EXIT_FAILED)
