"""Errors of bf16, f16 weights and int8 on the shipped models: ``python -m benchmarks.precision_errors``.

Writes the table in docs/precision.md. The first half of a model's utterances calibrates int8, the errors of all
precisions are those of the other half. Needs NNCF (the extra ``quantize``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.convert.saving import save_ir
from ov_asr_score.device.reports import list_devices
from ov_asr_score.job import ScoreJob
from ov_asr_score.job.run.trial import TrialRun, open_trial
from ov_asr_score.openvino_api import ov, version
from ov_asr_score.ov_model.int8 import quantize_model
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.recording.calibration import record_requests
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.speech.frontend import FrontendSettings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "precision.md"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"
_MOST_UTTERANCES = 1000


@dataclass(frozen=True)
class Subject:
    """A shipped model with its tables; paths are relative to the root of the repository."""

    model: str
    inputs: tuple[str, ...]
    kaldi: KaldiOptions = DEFAULT_OPTIONS
    frontend: FrontendSettings = field(default_factory=FrontendSettings)


_NNET1 = "models/nnet1_dnn"
SUBJECTS = (
    Subject("models/dnn_digits.xml", ("data/dnn_digits/features.ark",)),
    Subject("models/lstm_mem.xml", ("data/lstm_mem/features.ark",)),
    Subject("models/tdnn_al.xml", ("data/tdnn_al/features.ark",)),
    Subject(
        "models/two_inputs.xml",
        ("features=data/two_inputs/features.ark", "ivector=data/two_inputs/ivectors_utterance.ark"),
    ),
    Subject("models/nnet3_chain_tdnnf/final.mdl", ("ark:data/kaldi/hires.ark",)),
    Subject("models/nnet3_tdnn/final.mdl", ("ark:data/kaldi/hires.ark",)),
    Subject(
        "models/chain_ivector/final.mdl",
        ("data/speech",),
        KaldiOptions(frame_subsampling_factor=3),
        FrontendSettings(
            feature_config="models/chain_ivector/conf/mfcc.conf",
            ivector_extractor="models/chain_ivector/ivector_extractor/ivector_extractor.conf",
        ),
    ),
    Subject(
        f"{_NNET1}/final.nnet",
        ("ark:data/kaldi/fbank.ark",),
        KaldiOptions(
            feature_transform=f"{_NNET1}/final.feature_transform",
            no_softmax=True,
            class_frame_counts=f"{_NNET1}/ali_train_pdf.counts",
        ),
    ),
)

Errors = dict[str, ScoreDifference]


def measure(subject: Subject) -> dict[str, Errors]:
    """The error against f32 by precision and output; without ``bf16`` if the CPU does not support it."""
    job = ScoreJob(model=subject.model, inputs=subject.inputs, kaldi=subject.kaldi, frontend=subject.frontend)
    trial = open_trial(job, _MOST_UTTERANCES)
    middle = (len(trial.utterances) + 1) // 2
    calibration, rest = trial.utterances[:middle], trial.utterances[middle:]
    errors: dict[str, Errors] = {}
    if "BF16" in next(device.capabilities for device in list_devices(ov.Core()) if device.name == "CPU"):
        options = replace(trial.options, device=DeviceSettings(precision="bf16"))
        errors["bf16"] = _errors(trial, prepare_scorer(trial.model, options, rest[0]), rest)
    model = trial.model.loaded.model
    prepared = trial.model.model
    if model is None or prepared is None:
        raise ValueError(f"{subject.model} is a blob")
    with tempfile.TemporaryDirectory() as folder:
        f16, int8 = f"{folder}/f16.xml", f"{folder}/int8.xml"
        save_ir(model, f16, compress_to_fp16=True)
        errors["f16 weights"] = _errors(trial, _scorer(f16, rest[0]), rest)
        requests = record_requests(trial.model, trial.options, calibration)
        save_ir(quantize_model(prepared, requests, subject.model).model, int8)
        errors["int8"] = _errors(trial, _scorer(int8, rest[0]), rest)
    return errors


def _scorer(path: str, first: Utterance) -> Scorer:
    options = ScorerOptions(model=path)
    return prepare_scorer(configure_model(load_model(options), options), options, first)


def _errors(trial: TrialRun, scorer: Scorer, utterances: Sequence[Utterance]) -> Errors:
    total: Errors = {}
    pairs = zip(scorer.score(utterances), trial.scorer.score(utterances), strict=True)
    for scored, reference in pairs:
        for name, scores in scored.scores.items():
            total[name] = total.get(name, ScoreDifference()) + compare_scores(scores, reference.scores[name])
    return total


def rows(subject: Subject) -> Iterator[str]:
    """Lines of the table."""
    for precision, errors in measure(subject).items():
        for output, error in errors.items():
            where = f"`{subject.model}`" + (f" {output}" if len(errors) > 1 else "")
            yield (
                f"| {where} | {precision} | {error.max_abs:.2g} | {error.rms:.2g} | {error.mean_abs_reference:.3g} | "
                f"{error.class_changes} of {error.frames} |"
            )


def render() -> str:
    """The table in Markdown."""
    name = next(device.full_name for device in list_devices(ov.Core()) if device.name == "CPU")
    lines = [
        f"OpenVINO {version()} on {name}:",
        "",
        "| model | precision | largest error | rms error | mean size of scores | best class changed, frames |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(row for subject in SUBJECTS for row in rows(subject)), ""])


def main() -> None:
    """Write the table between its markers; the rest of the document is kept."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{render()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
