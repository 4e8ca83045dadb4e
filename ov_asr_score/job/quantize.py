"""Make an int8 model of a float model, and measure how far its scores are off."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.convert.saving import check_ir_name, save_ir
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.job.inspection.sections import Section
from ov_asr_score.job.outputs.overwriting import check_files, input_files_read, kaldi_files_read, model_files_read
from ov_asr_score.job.run.trial import TrialRun, open_trial
from ov_asr_score.ov_model.int8 import QuantizedModel, import_nncf, quantize_model
from ov_asr_score.ov_model.model_description import ModelDescription, describe_model
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.model_loading import configure_model
from ov_asr_score.scoring.model_streams import keep_model_files
from ov_asr_score.scoring.recording.calibration import record_requests
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import scorer_options
from ov_asr_score.scoring.utterances.joining import InputTable
from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS
from ov_asr_score.settings.model_jobs import QuantizeJob
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.words.word_outputs import check_no_words


@dataclass(frozen=True, slots=True, eq=False)
class QuantizationReport:
    """What was made; ``comparison`` is the error of int8 against f32 on the calibration utterances, by output."""

    job: QuantizeJob
    utterances: int
    frames: int
    requests: int
    kept: tuple[str, ...]
    products: int
    before: ModelDescription
    after: ModelDescription
    comparison: dict[str, ScoreDifference]
    words: WordTotals | None  # of the int8 model, with what changed since f32; only if they are asked for
    notes: tuple[str, ...]
    seconds: float

    def sections(self) -> list[Section]:
        """Titles with facts for people."""
        weights = Path(self.job.output).with_suffix(".bin")
        inside = self.products - len(self.kept)
        model: dict[str, object] = {
            "path": self.job.output,
            "weights": f"{weights} ({weights.stat().st_size:,} bytes)",
            "constants": f"{_constants(self.after)}; before {_constants(self.before)}",
            "matrix products": f"{inside} of {self.products} to be int8",
            "layers kept f32": ", ".join(self.kept),
        }
        calibration: dict[str, object] = {
            "utterances": f"{self.utterances:,} with {self.frames:,} frames in {self.requests:,} requests",
            "preset": self.job.preset,
            "seconds": f"{self.seconds:.2f}",
        }
        return [("Model", model), ("Calibration", calibration)]


def run_quantization(job: QuantizeJob) -> QuantizationReport:
    """The report of a quantization; both files of the IR are there when this returns, and untouched when it raises.

    Raises UsageError (options, a name that does not end in .xml, no table, a file that is read and written),
    UnsupportedModelError (NNCF is not installed or cannot take the model), and what scoring raises.
    """
    with keep_model_files(job.scoring):
        return _quantize(job)


def _quantize(job: QuantizeJob) -> QuantizationReport:
    started = time.perf_counter()
    _check(job)
    import_nncf()  # what is missing is better known before minutes of reading
    # What is written takes whole utterances unless it is asked for another.
    options = replace(scorer_options(job.scoring), auto_time="utterance")
    trial = open_trial(job.scoring, job.max_utterances, options)
    written = [job.output, str(Path(job.output).with_suffix(".bin"))]
    check_files(_read_by(job.scoring, trial.tables), (("output", name) for name in written))
    model = trial.model.model
    if model is None:
        raise UnsupportedModelError(f"{job.scoring.model}: is compiled already; quantize the model it was made of")
    requests = record_requests(trial.model, trial.options, trial.utterances)
    made = quantize_model(
        model,
        requests,
        job.scoring.model,
        preset=job.preset,
        first_layers=job.first_layers,
        show_progress=job.show_progress,
    )
    comparison, words = _compare(trial, made, job.scoring)
    save_ir(made.model, job.output)
    return QuantizationReport(
        job=job,
        utterances=len(trial.utterances),
        frames=sum(utterance.num_frames for utterance in trial.utterances),
        requests=len(requests),
        kept=made.kept,
        products=made.products,
        before=describe_model(model),
        after=describe_model(made.model),
        comparison=comparison,
        words=words,
        notes=trial.model.notes,
        seconds=time.perf_counter() - started,
    )


def _compare(
    trial: TrialRun, made: QuantizedModel, job: ScoreJob
) -> tuple[dict[str, ScoreDifference], WordTotals | None]:
    """The error of the int8 model by output, and its words.

    Both models score side by side, so that no scores pile up.
    """
    # What is done after the network is in the graph that was quantized, in the usual order of axes.
    options = replace(trial.options, kaldi=DEFAULT_OPTIONS, layout="")
    configured = configure_model(replace(trial.model.loaded, model=made.model), options)
    int8 = prepare_scorer(configured, options, trial.utterances[0])
    total: dict[str, ScoreDifference] = {}

    def compared() -> Iterator[UtteranceScores]:
        pairs = zip(int8.score(trial.utterances), trial.scorer.score(trial.utterances), strict=True)
        for scored, reference in pairs:
            for name, scores in scored.scores.items():
                difference = compare_scores(scores, reference.scores[name], key=scored.key)
                total[name] = total[name] + difference if name in total else difference
            yield scored

    if job.decoding.is_wanted:
        from ov_asr_score.job.words.words_before import decode_both  # loaded where it is asked for

        words = decode_both(job, trial.scorer.score(trial.utterances), compared(), _output(trial))
        return total, words
    deque(compared(), maxlen=0)
    return total, None


def _output(trial: TrialRun) -> str:
    """The name of the output whose scores are decoded."""
    return trial.scorer.runner.outputs[0].name


def _check(job: QuantizeJob) -> None:
    check_ir_name(job.output)
    if not job.scoring.decoding.is_wanted:
        check_no_words(job.scoring.decoding)
    if job.max_utterances < 1:
        raise UsageError(f"max_utterances {job.max_utterances}: expected 1 or more", fields=("max_utterances",))


def _read_by(job: ScoreJob, tables: Sequence[InputTable]) -> Iterator[tuple[str, str]]:
    yield from model_files_read("model", job.model)
    yield from kaldi_files_read(job.kaldi)
    yield from input_files_read(tables, parse_path_map(job.path_map))
    if job.decoding.is_wanted:
        from ov_asr_score.job.words.word_run import word_files_read

        yield from word_files_read(job.decoding)


def _constants(description: ModelDescription) -> str:
    return ", ".join(f"{name} {size:,} bytes" for name, size in description.weight_bytes.items())
