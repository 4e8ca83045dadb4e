"""``ov-asr-score quantize``."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures
from ov_asr_score.cli.options import kaldi as k
from ov_asr_score.cli.options import shared as o

_PANEL = "Quantization"


class Preset(str, Enum):
    """How activations are quantized."""

    mixed = "mixed"
    performance = "performance"


def quantize(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="OpenVINO IR, ONNX, or a Kaldi model, which is converted first.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE.xml", help="The int8 IR; weights go beside it as .bin.")
    ],
    input: o.InputOption = None,
    max_utterances: Annotated[
        int,
        typer.Option(
            "--max-utterances", min=1, metavar="N", help="Take the first N utterances.", rich_help_panel=_PANEL
        ),
    ] = 100,
    preset: Annotated[
        Preset,
        typer.Option(
            "--preset",
            help="mixed: activations that can be negative have a zero point; performance: none has.",
            rich_help_panel=_PANEL,
        ),
    ] = Preset.mixed,
    first_layers: Annotated[
        bool,
        typer.Option(
            "--first-layers",
            help="The layers that take the features become int8, too: a little smaller, clearly less exact.",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    layout: o.LayoutOption = "",
    context_left: o.LeftContextOption = 0,
    context_right: o.RightContextOption = 0,
    cache_dir: o.CacheOption = "",
    no_cache: o.NoCacheOption = False,
    input_layers: o.InputLayersOption = "",
    allow_missing: o.AllowMissingOption = False,
    utt2spk: o.Utt2spkOption = None,
    ivector_period: o.IvectorPeriodOption = None,
    allow_commands: o.AllowCommandsOption = False,
    quiet: o.QuietOption = False,
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
    ivectors: k.IvectorsOption = "",
    online_ivectors: k.OnlineIvectorsOption = "",
    online_ivector_period: k.OnlinePeriodOption = 0,
) -> None:
    """Make an int8 IR of a model, with the ranges that calibration utterances show.

    `ov-asr-score quantize model.xml -o model_int8.xml -i ark:calibration.ark`

    Needs NNCF (`pip install 'ov-asr-score[quantize]'`). Tells how far the scores of the calibration utterances are off;
    `score` takes the result as it takes the float model.
    """
    with explained_failures():
        from ov_asr_score.cli.options.shared import conversion_cache
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.job import QuantizeJob, ScoreJob, run_quantization
        from ov_asr_score.report.console.run import render_comparison, render_facts

        scoring = ScoreJob(
            model=model,
            layout=layout,
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
        )
        shows = sys.stderr.isatty() and not quiet
        report = run_quantization(QuantizeJob(scoring, output, max_utterances, preset.value, first_layers, shows))
        if not quiet:
            console = ReportConsole()
            for title, facts in report.sections():
                render_facts(console, title, facts)
            render_comparison(report.comparison, console)
            for note in report.notes:
                console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)
