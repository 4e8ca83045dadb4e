"""The measured models, their inputs, and the ratios to reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring.turns import Target
from benchmarks.models.networks import FEATURES, IVECTOR, make_dnn, make_lstmp, make_tdnnf
from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.preparation import with_leading_dimension
from ov_asr_score.settings.kaldi import KaldiOptions

ROOT = Path(__file__).resolve().parents[2]

# Names of contestants in tables.
SCORE, SCORE_BF16 = "score", "score bf16"
SCORE_STARTED, SCORE_STARTED_BF16 = "score, started", "score, started, bf16"
BOUND, BOUND_BF16 = "bound", "bound bf16"
PEAK, PEAK_BF16 = "peak", "peak bf16"
OLD_ONE, OLD_EIGHT, OLD_2023_ONE, OLD_2023_EIGHT = "old 1", "old 8", "old 1, 2023.3", "old 8, 2023.3"
KALDI, ONNXRUNTIME = "Kaldi", "onnxruntime"
BOUND_OPERATIONS, BOUND_OPERATIONS_BF16 = "bound FLOP/s", "bound FLOP/s bf16"
IN_OPERATIONS = frozenset({PEAK, PEAK_BF16, BOUND_OPERATIONS, BOUND_OPERATIONS_BF16})
"""Contestants whose work is counted in floating-point operations instead of frames."""

ALWAYS = (
    Target(SCORE, BOUND),
    Target(SCORE_BF16, BOUND_BF16),
    Target(SCORE_STARTED, BOUND),
    Target(SCORE_STARTED_BF16, BOUND_BF16),
    Target(SCORE, OLD_ONE),
    Target(SCORE, OLD_EIGHT),
    Target(SCORE, KALDI),
    Target(SCORE_BF16, KALDI),
)
"""Ratios of interest for every model."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model file and its features; ``factor`` frames share a row of scores, ``outputs`` values wide.

    ``rows``: frames are independent, so that a request may hold frames of several utterances. ``program`` is the Kaldi
    program that scores the model, empty if there is none.
    """

    name: str
    path: Path
    dim: int
    outputs: int
    factor: int = 1
    ivector: int = 0
    rows: bool = False
    program: str = "nnet3-compute"
    targets: tuple[Target, ...] = ()

    @property
    def is_kaldi(self) -> bool:
        """Whether the file is a Kaldi model and not an IR."""
        return self.path.suffix != ".xml"

    @property
    def score_options(self) -> list[str]:
        """Options of ``score`` and of Kaldi's programs that this model needs."""
        return [f"--frame-subsampling-factor={self.factor}"] if self.factor > 1 else []

    def whole(self) -> ov.Model:
        """The model for whole utterances, or for any number of rows."""
        if self.is_kaldi:
            return convert_file(self.path, KaldiOptions(frame_subsampling_factor=self.factor, output_name="output"))
        return with_leading_dimension(ov.Core().read_model(self.path), [0], None)

    def framewise(self, frames: int) -> ov.Model:
        """The model with ``frames`` frames per request in order, rounded to whole rows."""
        if self.is_kaldi:
            at_once = -(-frames // self.factor) * self.factor
            options = KaldiOptions(
                time="frame", frames_per_request=at_once, frame_subsampling_factor=self.factor, output_name="output"
            )
            return convert_file(self.path, options)
        return with_leading_dimension(ov.Core().read_model(self.path), [0], frames)

    def operations_per_frame(self) -> float:
        """Floating-point operations per frame of a frame-local model, from its weights; 0 for others."""
        if not (self.rows and self.is_kaldi):
            return 0.0
        matrices = [part.fields.get("LinearParams") for part in load_network(self.path).components.values()]
        return 2.0 * sum(float(getattr(matrix, "size", 0)) for matrix in matrices)


_DNN = (
    Target(SCORE, BOUND, 0.92),
    Target(SCORE_BF16, BOUND_BF16, 0.85),
    Target(SCORE_STARTED, BOUND),
    Target(SCORE_STARTED_BF16, BOUND_BF16),
    Target(BOUND_OPERATIONS, PEAK, 0.8),
    Target(BOUND_OPERATIONS_BF16, PEAK_BF16),
    Target(SCORE, OLD_ONE, 11),
    Target(SCORE, OLD_EIGHT, 2.4),
    Target(SCORE, OLD_2023_ONE),
    Target(SCORE, OLD_2023_EIGHT, 1.4),
    Target(SCORE_BF16, OLD_2023_EIGHT, 2.7),
    Target(SCORE, KALDI, 1.3),
    Target(SCORE_BF16, KALDI, 2.6),
    Target(SCORE, ONNXRUNTIME),
)
_TDNNF = (
    Target(SCORE, BOUND, 0.92),
    Target(SCORE_BF16, BOUND_BF16, 0.85),
    Target(SCORE_STARTED, BOUND),
    Target(SCORE_STARTED_BF16, BOUND_BF16),
    Target(SCORE, OLD_ONE, 10),
    Target(SCORE, OLD_EIGHT),
    Target(SCORE, OLD_2023_EIGHT),
    Target(SCORE, KALDI, 2.0),
    Target(SCORE_BF16, KALDI, 3.6),
)
_LSTMP = (
    Target(SCORE, BOUND, 0.85),
    Target(SCORE_BF16, BOUND_BF16, 0.85),
    Target(SCORE_STARTED, BOUND),
    Target(SCORE_STARTED_BF16, BOUND_BF16),
    Target(SCORE, OLD_ONE, 10),
    Target(SCORE, OLD_EIGHT),
    Target(SCORE, OLD_2023_EIGHT),
    Target(SCORE, KALDI),
    Target(SCORE_BF16, KALDI),
)


def big_subjects(folder: Path) -> list[Subject]:
    """The benchmark models of realistic size, written into ``folder`` if they do not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.raw" for name in ("dnn", "tdnnf", "lstmp")}
    for name, make in (("dnn", make_dnn), ("tdnnf", make_tdnnf), ("lstmp", make_lstmp)):
        if not paths[name].is_file():
            temporary = folder / f"{name}.part"
            make(temporary)
            temporary.rename(paths[name])
    return [
        Subject("dnn", paths["dnn"], 440, 3425, rows=True, program="nnet-forward", targets=_DNN),
        Subject("tdnnf", paths["tdnnf"], FEATURES, 6000, factor=3, ivector=IVECTOR, targets=_TDNNF),
        Subject("lstmp", paths["lstmp"], FEATURES, 3425, targets=_LSTMP),
    ]


def shipped_subjects() -> list[Subject]:
    """The small models of this repository."""
    chain = ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"
    digits = ROOT / "models" / "dnn_digits.xml"
    return [
        Subject("nnet3_chain_tdnnf", chain, 40, 56, factor=3, targets=ALWAYS),
        Subject("dnn_digits", digits, 440, 120, rows=True, program="", targets=ALWAYS),
    ]
