"""How the infer requests of a model are filled: one frozen dataclass for each way. No runtime here.

``RowsPlan``       every frame on its own (a feed-forward model on spliced features): utterances share requests
``BlocksPlan``     a fixed number of frames per request, in order, one utterance at a time (models with variables, or
                   with a time axis of fixed length)
``UtterancePlan``  whole utterances, one or several of about the same length per request (models with a free time axis),
                   or windows of one length (static shapes)
``ChunksPlan``     windows of an utterance, several of the same length per request (Kaldi models converted for chunks)
``VectorsPlan``    an utterance, or windows of it, of which each gives one vector (Kaldi models of x-vectors)
``FramesPlan``     a few frames per request, in order, one utterance at a time (Kaldi models converted for streaming)
``LockstepPlan``   what ``BlocksPlan`` and ``FramesPlan`` do, with many utterances at a time: one in each lane of a
                   request, and several requests side by side (models with variables)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from ov_asr_score.convert.facts import ConversionFacts

PlanMode = Literal["rows", "blocks", "utterance", "chunks", "vectors", "frames", "lockstep"]
"""What reports call the plans."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How whole utterances share requests.

    A request takes up to ``max_utterances`` of up to ``frames`` frames together, where filling up the shorter ones
    makes up no more than the share ``waste`` of it (0: only utterances of the same length). Utterances of
    ``look_ahead`` frames may be waiting for others of their length, or for those before them. Utterances of more than
    ``longest`` frames are cut into windows of so many (0: never).
    """

    max_utterances: int
    frames: int
    waste: float
    look_ahead: int
    longest: int = 0

    def padded(self, num_frames: int) -> int:
        """The length that an utterance of so many frames is filled up to: one of sixteen for every power of two.

        The CPU plugin prepares its layers for every shape that it has not seen, which takes small models longer than
        the scoring itself, and keeps what it prepared.
        """
        if not self.waste:
            return num_frames
        step = max(1, 1 << (num_frames.bit_length() - 5)) if num_frames >= 16 else 1
        return -(-num_frames // step) * step


@dataclass(frozen=True, slots=True)
class EqualWindows:
    """How utterances are cut into overlapping windows of one length, for a model whose shapes are static.

    A window has ``frames`` frames. Its rows of scores within ``left`` frames of its beginning and ``right`` of its end
    lack context and are left out, but for the edges of the utterance. Windows begin at multiples of ``alignment``
    frames, of which ``left`` is one. With ``pad`` the last window, or an utterance that is shorter, is filled up with
    its last frame. Otherwise the last window ends with the utterance: windows are as many frames longer than ``frames``
    as that takes (less than ``alignment``), and an utterance of fewer frames is one window of its own length.
    ``factors`` are the frames for each row of every output.
    """

    frames: int
    left: int
    right: int
    alignment: int
    factors: tuple[int, ...]
    pad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _AnyPlan:
    """What all plans say: ``slots`` requests are under way at a time, ``streams`` of them are computed side by side.

    ``streams`` 0 leaves the device as it is set up. Contexts are the frames of -cw_l and -cw_r; models that were
    converted from Kaldi's have theirs inside. ``reason`` tells why this plan was chosen.
    """

    slots: int = 1
    streams: int = 0
    left_context: int = 0
    right_context: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RowsPlan(_AnyPlan):
    """Requests of ``frames_per_request`` frames of any utterances; with ``pad`` of exactly so many.

    ``conversion`` is there for models that were converted from Kaldi's.
    """

    mode: ClassVar[PlanMode] = "rows"
    stateful: ClassVar[bool] = False

    frames_per_request: int
    pad: bool = False
    conversion: ConversionFacts | None = None


@dataclass(frozen=True, slots=True)
class BlocksPlan(_AnyPlan):
    """One request after the other, each with exactly ``frames_per_request`` frames of one utterance.

    ``stateful``: the model has variables, which are reset between utterances. ``vectors`` names the outputs that are
    one vector for so many frames.

    With ``shift`` the next request begins so many frames later, and each gives ``rows_per_request`` rows of scores, of
    which every one stands for ``shift / rows_per_request`` frames.
    """

    mode: ClassVar[PlanMode] = "blocks"

    frames_per_request: int
    stateful: bool
    vectors: frozenset[str] = frozenset()
    shift: int = 0
    rows_per_request: int = 0

    @property
    def step(self) -> int:
        """Frames from the first of a request to the first of the next."""
        return self.shift or self.frames_per_request

    @property
    def rows(self) -> int:
        """Rows of scores that a request gives."""
        return self.rows_per_request or self.frames_per_request


@dataclass(frozen=True, slots=True)
class UtterancePlan(_AnyPlan):
    """A whole utterance per request or, with ``grouping``, several; ``stateful`` as in a BlocksPlan.

    ``conversion`` is there for models that were converted from Kaldi's, the only ones whose utterances share requests.
    With ``windows`` a request holds one of them.
    """

    mode: ClassVar[PlanMode] = "utterance"

    stateful: bool = False
    conversion: ConversionFacts | None = None
    grouping: Grouping | None = None
    windows: EqualWindows | None = None


@dataclass(frozen=True, slots=True)
class ChunksPlan(_AnyPlan):
    """The windows of an utterance that Kaldi's program would score, those of one length together.

    With ``single`` a request holds one window; with ``pad`` a shorter one at the end of an utterance is filled up.
    """

    mode: ClassVar[PlanMode] = "chunks"
    stateful: ClassVar[bool] = False

    conversion: ConversionFacts
    single: bool = False
    pad: bool = False

    @property
    def frames_per_chunk(self) -> int:
        """Frames of an utterance that a window gives scores of."""
        return self.conversion.frames_per_chunk


@dataclass(frozen=True, slots=True)
class VectorsPlan(_AnyPlan):
    """The windows of an utterance that Kaldi's program would make vectors of, whose mean is that of the utterance."""

    mode: ClassVar[PlanMode] = "vectors"
    stateful: ClassVar[bool] = False

    conversion: ConversionFacts

    @property
    def frames_per_chunk(self) -> int:
        """Frames of an utterance in a window; 0 for all of them."""
        return self.conversion.frames_per_chunk


@dataclass(frozen=True, slots=True)
class FramesPlan(_AnyPlan):
    """One request after the other with a few frames of one utterance, for a converted model with variables."""

    mode: ClassVar[PlanMode] = "frames"
    stateful: ClassVar[bool] = True

    conversion: ConversionFacts

    @property
    def frames_per_request(self) -> int:
        """Frames of features in every request."""
        return self.conversion.frames_per_request


@dataclass(frozen=True, slots=True)
class LockstepPlan(_AnyPlan):
    """Requests that hold ``lanes`` utterances, ``frames_per_request`` frames of each.

    With ``any_lanes`` requests may hold fewer utterances. No more utterances begin while features and scores on their
    way take ``held_bytes``. ``conversion`` is there for models that were converted from Kaldi's.
    """

    mode: ClassVar[PlanMode] = "lockstep"
    stateful: ClassVar[bool] = True

    frames_per_request: int
    lanes: int = 1
    any_lanes: bool = False
    held_bytes: int = 1 << 29
    conversion: ConversionFacts | None = None

    @property
    def rows_per_request(self) -> int:
        """Rows of scores that a request gives for each of its utterances."""
        return self.frames_per_request // (self.conversion.frame_subsampling_factor if self.conversion else 1)


InOrderPlan: TypeAlias = BlocksPlan | FramesPlan | LockstepPlan
"""Plans whose requests take the frames of an utterance in order."""

Plan: TypeAlias = RowsPlan | BlocksPlan | UtterancePlan | ChunksPlan | VectorsPlan | FramesPlan | LockstepPlan


def conversion_of(plan: Plan) -> ConversionFacts | None:
    """How the model was converted from a Kaldi model and is to be fed; None for any other model."""
    return None if isinstance(plan, BlocksPlan) else plan.conversion
