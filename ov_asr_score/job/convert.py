"""Convert a Kaldi model and write it as OpenVINO IR."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score import __version__
from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.nonfinite_weights import nonfinite_note
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.saving import check_ir_name, save_ir
from ov_asr_score.convert.static_shapes import fix_shapes
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.job.inspection.sections import Section, origin_section
from ov_asr_score.job.outputs.overwriting import check_files, kaldi_files_read
from ov_asr_score.kaldi_io.files.input import describe_input, keep_inputs
from ov_asr_score.kaldi_io.foreign import MODEL
from ov_asr_score.ov_model.file_kind import kind_name, read_model_kind
from ov_asr_score.ov_model.model_description import ModelDescription, describe_model
from ov_asr_score.ports import shape_text
from ov_asr_score.settings.model_jobs import ConvertJob


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What was converted and written, and how long it took."""

    job: ConvertJob
    facts: ConversionFacts
    description: ModelDescription
    seconds: float

    def sections(self) -> list[Section]:
        """Titles with facts for people."""
        weights = Path(self.job.output).with_suffix(".bin")
        model: dict[str, object] = {
            "path": self.job.output,
            "weights": f"{weights} ({weights.stat().st_size:,} bytes{', f16' if self.job.compress_to_fp16 else ''})",
            "parameters": f"{self.description.parameter_count:,} in the graph, where layers are folded",
            "seconds": f"{self.seconds:.2f}",
            "note": nonfinite_note(self.facts.nonfinite_weights) if self.facts.nonfinite_weights else "",
        }
        inputs: dict[str, object] = {port.name: shape_text(port.shape) for port in self.description.inputs}
        outputs: dict[str, object] = {port.name: shape_text(port.shape) for port in self.description.outputs}
        return [origin_section(self.facts), ("Model", model), ("Inputs", inputs), ("Outputs", outputs)]


def run_conversion(job: ConvertJob) -> ConversionReport:
    """The report of a conversion; both files of the IR are there when this returns, and untouched when it raises.

    Raises UsageError (options, a name that does not end in .xml, a file that is read and written),
    UnsupportedModelError (no Kaldi model, or one that cannot be converted), ModelFormatError (damaged, or weights that
    are not finite), FileAccessError.
    """
    beside = (job.kaldi.feature_transform, job.kaldi.class_frame_counts)
    with keep_inputs((job.model, *beside), allow_commands=job.allow_commands):
        return _convert(job)


def _convert(job: ConvertJob) -> ConversionReport:
    started = time.perf_counter()
    check_ir_name(job.output)
    kind = read_model_kind(Path(job.model))
    if kind == "unknown" and (what := describe_input(job.model, MODEL)):
        raise UnsupportedModelError(f"{job.model}: {what}")
    if kind not in ("kaldi", "unknown"):
        what = "a Kaldi archive" if kind == "table" else f"{kind_name(kind)} already"
        raise UnsupportedModelError(f"{job.model}: is {what}; expected a Kaldi model")
    check_files(_read_by(job), iter([("output", job.output), ("output", str(Path(job.output).with_suffix(".bin")))]))
    model = convert_file(job.model, job.kaldi, __version__, allow_nonfinite=job.allow_nonfinite)
    facts = read_facts(model, job.model)
    if facts is None:
        raise ValueError("a converted model has no facts")
    if job.static:
        fix_shapes(model, facts)
    save_ir(model, job.output, compress_to_fp16=job.compress_to_fp16)
    return ConversionReport(job, facts, describe_model(model), time.perf_counter() - started)


def _read_by(job: ConvertJob) -> Iterator[tuple[str, str]]:
    yield "model", job.model
    yield from kaldi_files_read(job.kaldi)
