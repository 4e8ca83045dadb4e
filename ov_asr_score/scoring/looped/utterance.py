"""One utterance on its way through a looped network: which frames a chunk takes, and when it can be computed.

Sources: nnet3/decodable-online-looped.cc, nnet3/nnet-compile-looped.cc. The i-vector of chunk k is for whole periods of
as many frames as a chunk has, numbered from frame 0: for those that begin among the frames which the chunk brings. The
frames before them, whose period chunk k - 1 began, keep its i-vector; chunk 0 gives the one of all its frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError

FloatMatrix = NDArray[np.float32]
FloatVector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LoopedShape:
    """What a looped network takes and gives; lengths in frames of features.

    ``delay`` frames of scores come before frame 0: chunk 0 takes ``delay`` / ``frames_per_chunk`` steps more than the
    others. ``left_context`` and ``right_context`` are those of the network. ``state_size`` are the float32 values
    that an utterance leaves between two chunks.
    """

    feature_dim: int
    ivector_dim: int | None
    num_pdfs: int
    frames_per_chunk: int
    subsampling: int
    left_context: int
    right_context: int
    delay: int
    state_size: int

    @property
    def rows_per_chunk(self) -> int:
        """Rows of scores that a chunk gives."""
        return self.frames_per_chunk // self.subsampling

    @property
    def ivector_begin(self) -> int:
        """The first of a chunk's new frames that its own i-vector is for, where another chunk came before."""
        return -self.right_context % self.frames_per_chunk


@dataclass(frozen=True, slots=True, eq=False)
class LoopedRequest:
    """One chunk of an utterance, or several in a row, ready to be computed.

    ``features`` [N, D] are the frames that come in, ``num_rows`` the rows of scores that come out; the first of them is
    row ``first_row`` of the utterance. ``ivector_frame`` is the frame up to which features are there, for which the
    i-vector is asked (None: the network takes none): ``with_ivector`` gives it.
    """

    utterance: LoopedUtterance
    features: FloatMatrix
    first_row: int
    num_rows: int
    num_steps: int  # requests of one chunk that it takes
    ivector_frame: int | None
    ivector: FloatVector | None = None

    def with_ivector(self, ivector: FloatVector) -> LoopedRequest:
        """The request with its i-vector [I]. Raises ShapeMismatchError."""
        expected, found = self.utterance.shape.ivector_dim, np.asarray(ivector, np.float32)
        if found.shape != (expected,):
            raise ShapeMismatchError(f"i-vector: expected {expected} values, found shape {list(found.shape)}")
        return LoopedRequest(
            self.utterance, self.features, self.first_row, self.num_rows, self.num_steps, self.ivector_frame, found
        )


class LoopedUtterance:
    """The frames of one utterance that no chunk has taken, and the ``state`` [S] that the chunks before have left."""

    def __init__(self, shape: LoopedShape) -> None:
        """An utterance without frames."""
        self.shape = shape
        self.state = np.zeros(shape.state_size, np.float32)
        self.num_frames = 0
        self.rows_taken = 0
        self._pieces: list[FloatMatrix] = []
        self._consumed = 0  # frames that are in no piece any more
        self._last: FloatMatrix | None = None
        self._is_over = False
        self._chunks = 0
        self._ivector: FloatVector | None = None

    def accept(self, features: FloatMatrix) -> None:
        """Append frames [T, D]; they are copied. Raises ShapeMismatchError, and OvAsrScoreError after the end."""
        if self._is_over:
            raise OvAsrScoreError("expected no features after the end of the utterance")
        found = np.array(features, np.float32, ndmin=2)
        if found.ndim != 2 or (found.shape[1] != self.shape.feature_dim and found.size):
            raise ShapeMismatchError(
                f"features: expected {self.shape.feature_dim} columns, found shape {list(found.shape)}"
            )
        if len(found) and found.size:
            self._pieces.append(found)
            self._last = found[-1:]
            self.num_frames += len(found)

    def finish(self) -> None:
        """End the utterance: copies of its last frame stand for those that are missing behind it."""
        self._is_over = True

    @property
    def is_over(self) -> bool:
        """Whether no frames follow."""
        return self._is_over

    @property
    def rows_ready(self) -> int:
        """Rows of scores, counted from the first of the utterance, that can be computed now.

        Source: ``DecodableNnetLoopedOnlineBase::NumFramesReady`` without an offset.
        """
        if self.num_frames == 0:
            return 0
        factor = self.shape.subsampling
        if self._is_over:
            return -(-self.num_frames // factor)
        chunks = max(0, self.num_frames - self.shape.right_context) // self.shape.frames_per_chunk
        return chunks * self.shape.rows_per_chunk

    @property
    def is_done(self) -> bool:
        """Whether the utterance has ended and all of its rows have been taken."""
        return self._is_over and self.rows_taken >= self.rows_ready

    @property
    def chunks_ready(self) -> int:
        """How many chunks ``next_chunk`` could take now."""
        return -(-(self.rows_ready - self.rows_taken) // self.shape.rows_per_chunk)

    def next_chunk(self, most_chunks: int = 1) -> LoopedRequest | None:
        """The next chunk, or up to ``most_chunks`` of those that are ready, with one i-vector; None if none is.

        Requests are to be computed in this order, each before the next one of the utterance is.
        """
        chunks = min(self.chunks_ready, max(1, most_chunks))
        if chunks <= 0:
            return None
        shape = self.shape
        begin = self._chunks * shape.frames_per_chunk + shape.right_context
        end = begin + chunks * shape.frames_per_chunk
        warm_up = 0
        if self._chunks == 0:
            begin, warm_up = shape.right_context - shape.delay, shape.delay // shape.frames_per_chunk
        features = self._frames(begin, end)
        self._chunks += chunks
        first_row = self.rows_taken
        self.rows_taken = min(self.rows_ready, self._chunks * shape.rows_per_chunk)
        frame = None if shape.ivector_dim is None else self.num_frames - 1
        return LoopedRequest(self, features, first_row, self.rows_taken - first_row, warm_up + chunks, frame)

    def columns(self, request: LoopedRequest) -> FloatMatrix:
        """What goes into the network for ``request``: its features, with the i-vector of each frame behind them.

        To be called once per request, in their order: the i-vector is kept for the frames that go on with it.
        """
        shape = self.shape
        if shape.ivector_dim is None:
            return request.features
        if request.ivector is None:
            raise OvAsrScoreError(f"chunk at row {request.first_row}: expected an i-vector, found none")
        columns = np.empty((len(request.features), shape.feature_dim + shape.ivector_dim), np.float32)
        columns[:, : shape.feature_dim] = request.features
        columns[:, shape.feature_dim :] = request.ivector
        if self._ivector is not None:
            columns[: shape.ivector_begin, shape.feature_dim :] = self._ivector
        self._ivector = request.ivector
        return columns

    def _frames(self, begin: int, end: int) -> FloatMatrix:
        """Frames from ``begin`` to ``end`` of the utterance, its edges repeated; those before ``end`` are let go."""
        pieces = self._pieces if self._last is None or self._pieces else [self._last]
        start = self._consumed if self._pieces else self.num_frames - 1
        kept = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
        if start <= begin and end <= self.num_frames:
            frames = kept[begin - start : end - start]
        else:
            frames = kept[np.clip(np.arange(begin, end), start, self.num_frames - 1) - start]
        rest = kept[max(0, end - start) :]
        self._pieces = [rest.copy()] if len(rest) else []
        self._consumed = min(max(end, start), self.num_frames)
        return np.ascontiguousarray(frames, np.float32)
