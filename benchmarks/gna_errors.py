"""Quantization errors of GNA on the shipped models: ``python -m benchmarks.gna_errors``.

Writes the table in docs/gna.md and the picture docs/gna_errors.png (needs matplotlib). Errors are those of the integer
scores against the float scores of the same layers (GNA_SW_FP32).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.gna.layer_errors import LayerError, measure_layers
from ov_asr_score.job import ScoreJob
from ov_asr_score.job.run.trial import TrialRun, open_trial
from ov_asr_score.scoring.gna.emulation import requests_of
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.gna import GnaSettings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT, PICTURE = ROOT / "docs" / "gna.md", ROOT / "docs" / "gna_errors.png"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
_MOST_UTTERANCES = 1000
_MOST_FRAMES = 1000


@dataclass(frozen=True)
class Subject:
    """A shipped model with its table of features; ``is_cut``: its softmax runs on the CPU."""

    model: str
    features: str
    is_cut: bool = False


SUBJECTS = (
    Subject("models/dnn_digits.xml", "data/dnn_digits/features.ark"),
    Subject("models/lstm_mem.xml", "data/lstm_mem/features.ark"),
    Subject("models/tdnn_al.xml", "data/tdnn_al/features.ark"),
    Subject("models/nnet3_chain_tdnnf/final.mdl", "data/kaldi/hires.ark"),
    Subject("models/nnet3_tdnn/final.mdl", "data/kaldi/hires.ark", is_cut=True),
)
WAYS = {
    "16 bit": GnaSettings(),
    "16 bit, -pwl_me 1": GnaSettings(pwl_max_error_percent=1.0),
    "8 bit": GnaSettings(weight_bits=8),
    "8 bit, -pwl_me 1": GnaSettings(weight_bits=8, pwl_max_error_percent=1.0),
}
_COLORS = ("#0b6e99", "#7fb6cf", "#b5541c", "#e0a982")


def open_subject(subject: Subject, mode: str, gna: GnaSettings) -> TrialRun:
    """The model in a GNA mode, with the utterances of its table."""
    device = f"HETERO:{mode},CPU" if subject.is_cut else mode
    job = ScoreJob(model=subject.model, inputs=(subject.features,), device=DeviceSettings(device, gna=gna))
    return open_trial(job, _MOST_UTTERANCES)


def error_of(subject: Subject, gna: GnaSettings) -> ScoreDifference:
    """The error of all scores."""
    exact, floats = (open_subject(subject, mode, gna) for mode in ("GNA_SW_EXACT", "GNA_SW_FP32"))
    total = ScoreDifference()
    pairs = zip(exact.scorer.score(exact.utterances), floats.scorer.score(floats.utterances), strict=True)
    for integers, expected in pairs:
        for name, scores in integers.scores.items():
            total += compare_scores(scores, expected.scores[name])
    return total


def layer_errors(subject: Subject, gna: GnaSettings) -> list[LayerError]:
    """The error of each layer."""
    trial = open_subject(subject, "GNA_SW_EXACT", replace(gna, accuracy_report=True))
    emulation = trial.scorer.emulation
    if emulation is None or emulation.watched is None:
        raise ValueError(f"{subject.model}: a runtime with a GNA plugin tells nothing of layers")
    utterances = (requests_of(utterance, trial.model.inputs) for utterance in trial.utterances)
    return measure_layers(emulation.watched, utterances, _MOST_FRAMES)[0]


def rows() -> Iterator[str]:
    """Lines of the table."""
    for subject in SUBJECTS:
        for way, gna in WAYS.items():
            error = error_of(subject, gna)
            yield (
                f"| `{subject.model}` | {way} | {error.max_abs:.2g} | {error.rms:.2g} | "
                f"{error.mean_abs_reference:.3g} | {error.class_changes} of {error.frames} |"
            )


def render() -> str:
    """The table in Markdown."""
    lines = [
        "| model | how | largest error | rms error | mean size of scores | best class changed, frames |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *rows(), ""])


def draw(path: Path, subjects: Sequence[Subject]) -> None:
    """Write a PNG of the signal-to-noise ratio from layer to layer."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4 * len(subjects)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for panel, subject in zip(figure.subplots(len(subjects), 1, squeeze=False)[:, 0], subjects, strict=True):
        for (way, gna), color in zip(WAYS.items(), _COLORS, strict=True):
            errors = layer_errors(subject, gna)
            names = [error.name for error in errors]
            panel.plot(range(len(errors)), [error.signal_to_noise for error in errors], "o-", color=color, label=way)
        panel.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
        panel.set_ylabel("signal to noise, dB", fontsize=8)
        panel.set_title(subject.model, loc="left", fontsize=10)
        panel.grid(axis="y", color="#dddddd")
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(fontsize=8, frameon=False, loc="upper center", ncols=len(WAYS))
    figure.savefig(path)


def main() -> None:
    """Write the table between its markers, and the picture."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{render()}\n{END}{after}", encoding="utf-8")
    draw(PICTURE, SUBJECTS[:2])


if __name__ == "__main__":
    main()
