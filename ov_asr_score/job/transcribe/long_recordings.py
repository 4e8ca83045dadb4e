"""Recordings that are recognized piece by piece, in memory that does not grow with them, beside all others.

They are those that are long, and those whose length is not known before their end; all of them where recordings are cut
into segments. Their words are the same as if they were scored as a whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.decoding.search import PARTIAL
from ov_asr_score.job.words.outcome import FoundUtterance, Outcome
from ov_asr_score.transcript.transcript import Segment

if TYPE_CHECKING:  # loaded for the first recording that needs it
    from ov_asr_score.recognition.whole_recordings import RecordingWords

Recognize: TypeAlias = "Callable[[Recording], RecordingWords | None]"
"""Gives nothing where the model scores whole recordings only."""


class LongRecordings:
    """Recognizes long recordings as they are read, and keeps what was found until its turn comes."""

    def __init__(self, recognize: Recognize, least_seconds: float, frame_seconds: float, row_seconds: float) -> None:
        """``recognize`` is for recordings of ``least_seconds`` or more; the others are the time of frames and rows."""
        self._recognize, self._least_seconds = recognize, least_seconds
        self._frame_seconds, self._row_seconds = frame_seconds, row_seconds
        self._read: deque[tuple[str, FoundUtterance | None]] = deque()  # None: scored with all others
        self.stage_seconds: dict[str, float] = {}
        self.count = 0

    def take(self, recording: Recording) -> Recording | None:
        """The recording, of which features are to be computed; None: it was one of these, and is recognized now.

        Raises what ``recognize`` raises.
        """
        recording = self._with_length(recording)
        if recording.length is not None and recording.length < self._least_seconds * recording.rate:
            self._read.append((recording.key, None))
            return recording
        found = self._recognize(recording)
        if found is None:
            self._read.append((recording.key, None))
            return recording
        self.count += 1
        for stage, seconds in found.stage_seconds.items():
            self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + seconds
        outcomes = tuple(self._outcome(each, recording) for each in found.segments)
        num_frames = round(found.seconds / self._frame_seconds)
        self._read.append((recording.key, FoundUtterance(recording.key, outcomes, num_frames)))
        return None

    def _with_length(self, recording: Recording) -> Recording:
        """The recording; one of unknown length as if it were known, if it ends before it is long."""
        if recording.length is not None:
            return recording
        pieces = recording.pieces()
        begin: list[Samples] = []
        count, most = 0, self._least_seconds * recording.rate
        for piece in pieces:
            begin.append(piece)
            count += len(piece)
            if count >= most:
                return replace(recording, read=lambda: chain(begin, pieces))
        return replace(recording, length=count, read=lambda: iter(begin))

    def before(self, key: str | None) -> Iterator[FoundUtterance]:
        """What was found in recordings before an utterance and was not given yet; None: before the end."""
        while self._read:
            name, found = self._read.popleft()
            if found is not None:
                yield found
            elif name == key:
                return

    def _outcome(self, segment: Segment, recording: Recording) -> Outcome:
        """The outcome of a segment: part of a recording where it has another key, or is one of several channels."""
        if recording.base or segment.utterance != recording.key:
            channel = recording.channel + 1 if recording.base and isinstance(recording.channel, int) else 1
            segment = replace(segment, recording=recording.base or recording.key, channel=channel)
        rows = round(((segment.end or 0.0) - (segment.start or 0.0)) / self._row_seconds)
        best = segment.alternatives[0] if segment.alternatives else None
        return Outcome(
            segment,
            segment,
            rows,
            PARTIAL in segment.warnings,
            graph_cost=0.0 if best is None else best.graph_cost or 0.0,
            acoustic_cost=0.0 if best is None else best.acoustic_cost or 0.0,
        )
