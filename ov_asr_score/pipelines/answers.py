"""What a pipeline answers: a text, and where it was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ov_asr_score.pipelines.pauses import cut_at_pauses
from ov_asr_score.pipelines.refusals import PipelineUsageError
from ov_asr_score.transcript.services.hugging_face import hugging_face
from ov_asr_score.transcript.transcript import Transcript

Timestamps = bool | Literal["word"]


class PipelineAnswer(dict[str, Any]):
    """``text``, with timestamps ``chunks`` of text with ``(start, end)`` in seconds, and what came with the input.

    ``transcript`` has more: alternatives, costs, warnings.
    """

    def __init__(self, items: Mapping[str, Any], transcript: Transcript) -> None:
        """Hold the items."""
        super().__init__(items)
        self.transcript = transcript


def parse_timestamps(value: object) -> Timestamps:
    """What times are wanted: none, those of segments, or of words. Raises PipelineUsageError."""
    if value is None or value is False:
        return False
    if value is True or value == "word":
        return True if value is True else "word"
    if value == "char":
        raise PipelineUsageError(
            "return_timestamps: 'char': times of letters are not known, models of Kaldi have words; ask for 'word'",
            fields=("return_timestamps",),
        )
    raise PipelineUsageError(
        f"return_timestamps: expected True, False or 'word', found {value!r}", fields=("return_timestamps",)
    )


def answer_of(transcript: Transcript, timestamps: Timestamps, extra: Mapping[str, Any]) -> PipelineAnswer:
    """The answer about one input; ``extra`` is copied, but never in the place of what was recognized."""
    view = hugging_face(cut_at_pauses(transcript) if timestamps is True else transcript, timestamps)
    for chunk in view.get("chunks", ()):
        chunk["timestamp"] = tuple(chunk["timestamp"])
    return PipelineAnswer({**extra, **view}, transcript)
