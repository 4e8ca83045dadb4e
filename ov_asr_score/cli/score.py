"""``ov-asr-score score``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ov_asr_score.cli import options as o
from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures

if TYPE_CHECKING:
    from ov_asr_score.device.gna_settings import GnaSettings


def score(
    model: o.ModelOption = "",
    input: o.InputOption = None,
    output: o.OutputOption = None,
    reference: o.ReferenceOption = None,
    device: o.DeviceOption = "CPU",
    import_model: o.ImportOption = "",
    export_model: o.ExportOption = "",
    precision: o.PrecisionOption = o.Precision.f32,
    batch_size: o.BatchOption = 0,
    requests: o.RequestsOption = 0,
    threads: o.ThreadsOption = 0,
    streams: o.StreamsOption = 0,
    layout: o.LayoutOption = "",
    context_left: o.LeftContextOption = 0,
    context_right: o.RightContextOption = 0,
    config: o.ConfigOption = None,
    cache_dir: o.CacheOption = "",
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
    threshold: o.ThresholdOption = 1e-4,
    max_error: o.MaxErrorOption = None,
    max_rms_error: o.MaxRmsOption = None,
    max_relative_error: o.MaxRelativeOption = None,
    performance_counter: o.ProfileOption = False,
    report: o.ReportOption = "",
    frame_shift: o.FrameShiftOption = 0.01,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
    quantization: o.QuantizationOption = o.Quantization.static,
    quantization_bits: o.QuantizationBitsOption = 16,
    scale_factor: o.ScaleFactorOption = "",
    pwl_me: o.PwlOption = 1.0,
    exec_target: o.ExecutionTargetOption = "",
    compile_target: o.CompileTargetOption = "",
    memory_reuse_off: o.MemoryReuseOffOption = False,
    export_embedded_model: o.EmbeddedOption = "",
    embedded_configuration: o.EmbeddedGenerationOption = "",
    arch: o.ArchitectureOption = "",
    log: o.LogOption = "",
) -> None:
    """Score utterances with a model and compare the scores with references.

    `ov-asr-score score -m model.xml -i feats.ark -o scores.ark -r reference.ark --max-error 1e-4`
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import present_run
        from ov_asr_score.comparison import Limits
        from ov_asr_score.device.settings import DeviceSettings, parse_config
        from ov_asr_score.job import ScoreJob

        gna = gna_settings(
            quantization,
            quantization_bits,
            scale_factor,
            pwl_me,
            exec_target,
            compile_target,
            memory_reuse_off,
            export_embedded_model,
            embedded_configuration,
            log,
            device,
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
            layout=layout,
            keep_graph=keep_graph,
            left_context=context_left,
            right_context=context_right,
            inputs=input or [],
            input_layers=input_layers,
            utt2spk=utt2spk or [],
            ivector_period=ivector_period or [],
            pair=pair.value,
            allow_missing=allow_missing,
            allow_commands=allow_commands,
            on_error=on_error.value,
            outputs=output or [],
            output_layers=output_layers,
            output_precision=output_precision.value,
            compression_method=compression_method,
            references=reference or [],
            threshold=threshold,
            limits=Limits(max_error, max_rms_error, max_relative_error),
            profile=performance_counter,
            report=report,
            frame_shift_seconds=frame_shift,
            command=sys.argv,
        )
        verdict = present_run(job, quiet=quiet, verbose=verbose)
        if verdict != "ok":
            raise typer.Exit(EXIT_FAILED)


def gna_settings(
    quantization: o.Quantization,
    bits: int,
    scale_factor: str,
    pwl_me: float,
    exec_target: str,
    compile_target: str,
    memory_reuse_off: bool,
    embedded: str,
    embedded_generation: str,
    log: str,
    device: str,
) -> GnaSettings:
    """GNA options checked as the samples check them. Raises UsageError."""
    from ov_asr_score.device.gna_settings import GnaSettings, gna_mode, parse_scale_factors
    from ov_asr_score.errors import UsageError

    if bits not in (8, 16):
        raise UsageError(f"-qb {bits}: expected 8 or 16")
    if quantization is o.Quantization.dynamic:
        raise UsageError("-q dynamic: no GNA plugin ever had it; use -q static (default) or -q user with -sf")
    if quantization is o.Quantization.user and not scale_factor:
        raise UsageError("-q user: expected scale factors in -sf, found none")
    if embedded and gna_mode(device) is None:
        raise UsageError("-we: embedded images are made by the GNA plugin only; expected -d GNA_…; use -wg for a blob")
    for option, target in (("-exec_target", exec_target), ("-compile_target", compile_target)):
        if target and not target.startswith(("GNA_TARGET_", "GNA_")):
            raise UsageError(f"{option} {target}: expected GNA_TARGET_2_0, GNA_TARGET_3_0 or a later one")
    return GnaSettings(
        weight_bits=bits,
        scale_factors=parse_scale_factors(scale_factor) if scale_factor else {},
        execution_target=exec_target,
        compile_target=compile_target,
        pwl_max_error_percent=pwl_me,
        memory_reuse=not memory_reuse_off,
        log_level=log,
        embedded_image=embedded,
        embedded_generation=embedded_generation,
    )
