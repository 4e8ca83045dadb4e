"""What a user may ask of a Kaldi model, in the words of Kaldi's options."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from ov_asr_score.convert.options import TimeMode

UNSET = -1


@dataclass(frozen=True, slots=True)
class KaldiOptions:
    """Options of nnet3-compute, nnet-am-compute and nnet-forward that change the scores; all lengths in frames.

    ``frame_subsampling_factor`` and ``frames_per_chunk`` 0: the file ``frame_subsampling_factor`` beside the model, or
    1; the whole utterance. ``class_frame_counts`` and ``feature_transform`` are paths. ``chunk_size`` is nnet2's name
    for ``frames_per_chunk``. ``batch_compute`` cuts chunks as nnet3-compute-batch does: the last one is moved back so
    that it is whole, and an utterance shorter than a chunk is filled up (not with ``ensure_exact_final_context``).
    ``time`` ``auto`` converts for whole utterances, and scores as is faster. ``lockstep`` is what ``auto`` becomes if
    those may be frames in order: so are networks converted that look back only, all others for whole utterances.
    """

    time: TimeMode | Literal["auto", "lockstep"] = "auto"
    frames_per_request: int = 0
    frame_subsampling_factor: int = 0
    frames_per_chunk: int = 0
    chunk_size: int = 0
    extra_left_context: int = 0
    extra_right_context: int = 0
    extra_left_context_initial: int = UNSET
    extra_right_context_final: int = UNSET
    batch_compute: bool = False
    ensure_exact_final_context: bool = False
    output_name: str = ""
    use_priors: bool = False
    class_frame_counts: str = ""
    prior_scale: float = 1.0
    prior_floor: float = 1e-10
    no_softmax: bool = False
    apply_log: bool = False
    apply_exp: bool = False
    acoustic_scale: float = 1.0
    feature_transform: str = ""
    divide_by_priors: bool = False
    pad_input: bool = True

    @property
    def asked(self) -> dict[str, object]:
        """What differs from the defaults, by field."""
        given, defaults = asdict(self), asdict(DEFAULT_OPTIONS)
        given["time"] = "frame" if self.time == "frame" else "auto"
        given["frames_per_request"] = 0 if self.time == "lockstep" else self.frames_per_request
        given["chunk_size"] = max(self.chunk_size, 0)  # a negative one means none, as in nnet-am-compute
        return {name: value for name, value in given.items() if value != defaults[name]}

    @property
    def text(self) -> str:
        """What was asked as on a command line, in Kaldi's spelling: ``--frames-per-chunk=50 --use-priors=true``."""
        return " ".join(spelled(name, self) for name in self.asked)


DEFAULT_OPTIONS = KaldiOptions()


def spelled(name: str, options: KaldiOptions) -> str:
    """One option with its value, in Kaldi's spelling: ``--pad-input=false``."""
    value = getattr(options, name)
    text = str(value).lower() if isinstance(value, bool) else value
    return f"--{name.replace('_', '-')}={text}"
