"""``ov-asr-score convert``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures
from ov_asr_score.cli.options import kaldi as k
from ov_asr_score.cli.options import shared as o


def convert(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Kaldi model: final.mdl, final.raw, final.nnet; binary or text.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.xml", help="OpenVINO IR; weights go beside it as .bin.")
    ],
    time: k.TimeOption = k.TimeMode.utterance,
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
    compress_to_fp16: Annotated[
        bool, typer.Option("--compress-to-fp16", help="Weights as f16: half the size, scores a little off.")
    ] = False,
    quiet: o.QuietOption = False,
) -> None:
    """Convert a Kaldi model to OpenVINO IR.

    `ov-asr-score convert final.mdl -o model.xml --use-priors=true`

    Options are those of Kaldi's own programs. They become part of the model, which is then scored without them.
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.job import ConvertJob, run_conversion
        from ov_asr_score.report.console.run import render_facts

        job = ConvertJob(model=model, output=output, kaldi=k.kaldi_options(context), compress_to_fp16=compress_to_fp16)
        report = run_conversion(job)
        if not quiet:
            console = ReportConsole()
            for title, facts in report.sections():
                render_facts(console, title, facts)
