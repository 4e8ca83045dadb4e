"""What a user may ask of a Kaldi model, in the words of Kaldi's options; some of it holds for all models."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from ov_asr_score.settings.setting import AFTER, SCORES, TIME, Setting, settings_of

UNSET = -1


def _kaldi(help: str, panel: str, metavar: str | None = None, **more: Any) -> Setting:
    # Ranges are checked with the model, as everything else is; on a help page they would take the room of the names.
    return Setting(help, metavar=metavar, panel=panel, checked_later=True, in_suite=True, changes_bytes=True, **more)


@dataclass(frozen=True, slots=True)
class KaldiOptions:
    """Options of nnet3-compute, nnet-am-compute and nnet-forward that change the scores; all lengths in frames.

    ``scores_per`` ``auto``: as the network tells; the meaning of ``chunk_size`` and ``pad_input`` depends on it.
    ``frame_subsampling_factor`` and ``frames_per_chunk`` 0: the file ``frame_subsampling_factor`` beside the model, or
    1; the whole utterance. ``class_frame_counts`` and ``feature_transform`` are paths. ``chunk_size`` is nnet2's name
    for ``frames_per_chunk``; for networks that give one vector per utterance it is the length of the chunks whose
    vectors are averaged. ``batch_compute`` cuts chunks as nnet3-compute-batch does: the last one is moved back so
    that it is whole, and an utterance shorter than a chunk is filled up (not with ``ensure_exact_final_context``).
    ``time`` ``auto`` converts for whole utterances, and scores as is faster. ``lockstep`` is what ``auto`` becomes if
    those may be frames in order: so are networks converted that look back only, all others for whole utterances.

    The options in ``AFTER_NETWORK`` hold for IR and ONNX models, too.
    """

    time: Annotated[
        Literal["auto", "utterance", "frame", "lockstep"],
        _kaldi(
            "What a request takes: a whole utterance, or (frame) a few frames in order, with state kept between "
            "requests; auto: whole utterances, or whichever is faster when scoring.",
            TIME,
            "MODE",
            choices=("auto", "utterance", "frame"),
        ),
    ] = "auto"
    frames_per_request: Annotated[
        int, _kaldi("Frames per request with --time frame; 0: chosen automatically.", TIME, "N", least=UNSET)
    ] = 0
    scores_per: Annotated[
        Literal["auto", "frame", "utterance"],
        _kaldi(
            "nnet3: a row of scores per frame, as nnet3-compute gives, or one vector per utterance, as "
            "nnet3-xvector-compute gives; auto: as the network tells (docs/kaldi-models.md).",
            TIME,
            only_for=(3,),
        ),
    ] = "auto"
    frame_subsampling_factor: Annotated[
        int,
        _kaldi(
            "One row of scores per N frames (chain models); 0: as the file of this name beside the model says, else 1.",
            TIME,
            "N",
            least=UNSET,
            only_for=(3,),
        ),
    ] = 0
    frames_per_chunk: Annotated[
        int,
        _kaldi(
            "Score in chunks of N frames as nnet3-compute does (its default is 50); 0: the whole utterance at once.",
            TIME,
            "N",
            least=UNSET,
            only_for=(2, 3),
        ),
    ] = 0
    chunk_size: Annotated[
        int,
        _kaldi(
            "nnet2: score in chunks of N frames, as nnet-am-compute does; x-vectors: average the vectors of chunks of "
            "N frames, as nnet3-xvector-compute does. 0 or -1: the whole utterance at once.",
            TIME,
            "N",
            least=UNSET,
            only_for=(2, 3),
        ),
    ] = 0
    min_chunk_size: Annotated[
        int,
        _kaldi(
            "x-vectors: the smallest number of frames in a chunk; see --pad-input.",
            TIME,
            "N",
            least=1,
            only_for=(3,),
        ),
    ] = 100
    extra_left_context: Annotated[
        int, _kaldi("Extra frames of context before each chunk (nnet3).", TIME, "N", least=UNSET, only_for=(3,))
    ] = 0
    extra_right_context: Annotated[
        int, _kaldi("Extra frames of context after each chunk (nnet3).", TIME, "N", least=UNSET, only_for=(3,))
    ] = 0
    extra_left_context_initial: Annotated[
        int,
        _kaldi(
            "Extra left context of the first chunk; -1: same as the other chunks.",
            TIME,
            "N",
            least=UNSET,
            only_for=(3,),
        ),
    ] = UNSET
    extra_right_context_final: Annotated[
        int,
        _kaldi(
            "Extra right context of the last chunk; -1: same as the other chunks.",
            TIME,
            "N",
            least=UNSET,
            only_for=(3,),
        ),
    ] = UNSET
    batch_compute: Annotated[
        bool,
        _kaldi(
            "Cut chunks as nnet3-compute-batch does: the last one is moved back so that it is complete.",
            TIME,
            only_for=(3,),
        ),
    ] = False
    ensure_exact_final_context: Annotated[
        bool,
        _kaldi("With --batch-compute: do not pad utterances that are shorter than a chunk.", TIME, only_for=(3,)),
    ] = False
    output_name: Annotated[
        str, _kaldi("Nodes to make outputs of the model, separated by commas, such as output-xent.", SCORES, "NODES")
    ] = ""
    use_priors: Annotated[bool, _kaldi("Subtract the log priors stored in the model.", SCORES, only_for=(2, 3))] = False
    class_frame_counts: Annotated[
        str, _kaldi("Subtract log priors computed from the counts in FILE.", AFTER, "FILE")
    ] = ""
    prior_scale: Annotated[float, _kaldi("Scale of the log priors.", AFTER, "X")] = 1.0
    prior_floor: Annotated[float, _kaldi("Exclude pdfs whose relative frequency is below X.", AFTER, "X")] = 1e-10
    no_softmax: Annotated[
        bool, _kaldi("Remove the last softmax or log-softmax (nnet1, IR, ONNX).", AFTER, only_for=(1,))
    ] = False
    log_softmax: Annotated[bool, _kaldi("Take the log-softmax of the scores (all models).", AFTER)] = False
    apply_log: Annotated[
        bool, _kaldi("Take the logarithm of the scores (nnet1, nnet2, IR, ONNX).", AFTER, only_for=(1, 2))
    ] = False
    apply_exp: Annotated[bool, _kaldi("Take the exponential of the scores, as the last step.", AFTER)] = False
    acoustic_scale: Annotated[float, _kaldi("Scale of the scores.", AFTER, "X")] = 1.0
    feature_transform: Annotated[
        str, _kaldi("Network to put in front of the model (nnet1).", SCORES, "FILE", only_for=(1,))
    ] = ""
    divide_by_priors: Annotated[
        bool,
        _kaldi("Divide the posteriors by the stored priors and normalize each row (nnet2).", SCORES, only_for=(2,)),
    ] = False
    pad_input: Annotated[
        bool,
        _kaldi(
            "Repeat the first and last frames so that every frame has its context (nnet2), or so that a chunk has "
            "--min-chunk-size frames (x-vectors; without it, shorter chunks are left out).",
            SCORES,
            only_for=(2, 3),
        ),
    ] = True

    @property
    def asked(self) -> dict[str, object]:
        """What differs from the defaults, by field."""
        given, defaults = asdict(self), asdict(DEFAULT_OPTIONS)
        given["time"] = "frame" if self.time == "frame" else "auto"
        given["frames_per_request"] = 0 if self.time == "lockstep" else self.frames_per_request
        given["chunk_size"] = max(self.chunk_size, 0)  # a negative one means none, as in nnet-am-compute
        return {name: value for name, value in given.items() if value != defaults[name]}

    @property
    def output_names(self) -> tuple[str, ...]:
        """The nodes in ``output_name``."""
        return tuple(name.strip() for name in self.output_name.split(",") if name.strip())

    @property
    def text(self) -> str:
        """What was asked as on a command line, in Kaldi's spelling: ``--frames-per-chunk=50 --use-priors=true``."""
        return spelled_options(self, self.asked)


DEFAULT_OPTIONS = KaldiOptions()

AFTER_NETWORK = tuple(
    each.name for each in settings_of(KaldiOptions) if each.setting is not None and each.setting.panel == AFTER
)
"""Options that change the scores of a network of any kind."""


def spelled_options(options: KaldiOptions, names: Iterable[str]) -> str:
    """Those of the options, in Kaldi's spelling: ``--frames-per-chunk=50 --use-priors=true``."""
    return " ".join(spelled(name, options) for name in names)


def spelled(name: str, options: KaldiOptions) -> str:
    """One option with its value, in Kaldi's spelling: ``--pad-input=false``."""
    setting, value = named(name, options).split("=", 1)
    return f"--{setting.replace('_', '-')}={value}"


def named(name: str, options: KaldiOptions) -> str:
    """One option with its value, by the name of the field: ``pad_input=false``."""
    value = getattr(options, name)
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
