"""``ov-asr-score compare-layers``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures, say
from ov_asr_score.cli.options import kaldi as k
from ov_asr_score.cli.options import shared as o
from ov_asr_score.cli.options import shared as v
from ov_asr_score.errors import UsageError

if TYPE_CHECKING:
    from ov_asr_score.settings.device import DeviceSettings

_PANEL = "Comparison"
_KEYS = ("device", "precision")


def compare_layers(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="OpenVINO IR, ONNX, or a Kaldi model.")],
    input: o.InputOption = None,
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="KEY=VALUE,…",
            help="The other side: device=…, precision=…; what is not said is as in the reference.",
            rich_help_panel=_PANEL,
        ),
    ] = "",
    against_model: Annotated[
        str,
        typer.Option(
            "--against-model",
            metavar="FILE",
            help="The other side is another model, whose layers have the same names.",
            rich_help_panel=_PANEL,
        ),
    ] = "",
    layer: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads this at run time on Python 3.10
        typer.Option(
            "--layer",
            metavar="NAME",
            help="This layer only, or those that match a pattern with *; may be repeated.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    min_snr: Annotated[
        float,
        typer.Option(
            "--min-snr",
            metavar="DB",
            help="Exit code 1 when the signal-to-noise ratio of a layer is below it.",
            rich_help_panel=_PANEL,
        ),
    ] = 40.0,
    max_utterances: Annotated[
        int,
        typer.Option(
            "--max-utterances", min=1, metavar="N", help="Take the first N utterances.", rich_help_panel=_PANEL
        ),
    ] = 20,
    report: Annotated[
        str,
        typer.Option(
            "--json", metavar="FILE", help="Write all of it as JSON (docs/report-format.md).", rich_help_panel="Reports"
        ),
    ] = "",
    page: Annotated[
        str,
        typer.Option(
            "--report",
            metavar="FILE.html",
            help="Write a page for people (docs/html-report.md).",
            rich_help_panel="Reports",
        ),
    ] = "",
    device: o.DeviceOption = "CPU",
    precision: o.PrecisionOption = o.Precision.f32,
    memory_limit: v.MemoryOption = "2G",
    threads: v.ThreadsOption = 0,
    layout: o.LayoutOption = "",
    context_left: o.LeftContextOption = 0,
    context_right: o.RightContextOption = 0,
    config: o.ConfigOption = None,
    keep_graph: o.KeepGraphOption = False,
    input_layers: o.InputLayersOption = "",
    allow_missing: o.AllowMissingOption = False,
    utt2spk: o.Utt2spkOption = None,
    ivector_period: o.IvectorPeriodOption = None,
    allow_commands: o.AllowCommandsOption = False,
    quiet: o.QuietOption = False,
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
    """Find the layer where two ways to compute the same scores part.

    `ov-asr-score compare-layers model.xml -i ark:features.ark --against precision=bf16`

    Every layer of the same utterances on both sides, in the order of computation, with its signal-to-noise ratio, and
    the first one that departs. docs/precision.md says what to do about it.
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.job import CompareLayersJob, ScoreJob, run_layer_comparison
        from ov_asr_score.kaldi_io import atomic_output
        from ov_asr_score.report.console.layers import layers_as_dict, render_layers, verdict_text
        from ov_asr_score.report.html.charts import import_matplotlib
        from ov_asr_score.report.html.layers import write_layers_page
        from ov_asr_score.settings.device import DeviceSettings, parse_config

        scoring = ScoreJob(
            model=model,
            device=DeviceSettings(device, precision.value, threads, config=parse_config(config or [])),
            memory_limit=v.parse_memory(memory_limit),
            layout=layout,
            keep_graph=keep_graph,
            left_context=context_left,
            right_context=context_right,
            kaldi=k.kaldi_options(context),
            inputs=input or [],
            input_layers=input_layers,
            utt2spk=utt2spk or [],
            ivector_period=ivector_period or [],
            ivectors=ivectors,
            online_ivectors=online_ivectors,
            online_ivector_period=online_ivector_period,
            allow_missing=allow_missing,
            allow_commands=allow_commands,
            command=sys.argv,
        )
        other = parse_against(against, scoring.device)
        job = CompareLayersJob(scoring, other, against_model, layer or [], max_utterances, min_snr, report, page)
        if page:
            import_matplotlib()  # what is missing is better known before
        comparison = run_layer_comparison(job)
        if page:
            with atomic_output(page, "w") as file:
                write_layers_page(file, comparison)
        if report:
            with atomic_output(report, "w") as file:
                json.dump(layers_as_dict(comparison), file, indent=1, allow_nan=False)
                file.write("\n")
        if not quiet:
            render_layers(comparison, ReportConsole(stderr=report == "-"))
        elif comparison.verdict != "ok":
            say(verdict_text(comparison))
        if comparison.verdict != "ok":
            raise typer.Exit(EXIT_FAILED)


def parse_against(text: str, reference: DeviceSettings) -> DeviceSettings:
    """The settings of ``reference`` with what ``text`` (``device=GPU,precision=f16``) says instead.

    Raises UsageError.
    """
    given: dict[str, str] = {}
    key = ""
    for part in text.split(",") if text else []:
        name, equals, value = part.partition("=")
        if equals:
            key = name.strip()
            if key not in _KEYS or key in given or not value.strip():
                raise UsageError(f"--against '{text}': expected device=…,precision=…, each once, found '{part}'")
            given[key] = value.strip()
        elif key == "device":  # HETERO:GPU,CPU
            given[key] += f",{part.strip()}"
        else:
            raise UsageError(f"--against '{text}': expected KEY=VALUE, as in precision=bf16, found '{part}'")
    known = [each.value for each in o.Precision]
    if given.get("precision", "f32") not in known:
        raise UsageError(f"--against precision={given['precision']}: expected one of {', '.join(known)}")
    precision = o.Precision(given["precision"]).value if "precision" in given else reference.precision
    return replace(reference, device=given.get("device", reference.device), precision=precision)
