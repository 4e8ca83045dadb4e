"""The pipeline for speech recognition: sound of any kind in, texts with times out, as transformers gives them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from types import TracebackType
from typing import Any, TypeGuard

from ov_asr_score.pipelines.answers import PipelineAnswer, Timestamps, answer_of, parse_timestamps
from ov_asr_score.pipelines.in_order import map_in_order
from ov_asr_score.pipelines.refusals import PipelineUsageError
from ov_asr_score.pipelines.sound_inputs import InputOptions, SoundInput, checked_rate, open_input
from ov_asr_score.pipelines.window_bounds import check_windows
from ov_asr_score.transcript.transcript import Transcript


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What a call of a pipeline may say, and its creation for all calls."""

    inputs: InputOptions
    timestamps: Timestamps = False
    batch_size: int = 1


Recognize = Callable[[SoundInput], Transcript]
"""What makes a transcript of sound, from several threads at once."""


class SpeechRecognitionPipeline:
    """Called with one input it gives a `PipelineAnswer`, with a list a list, with an iterator or data set an iterator.

    ``batch_size`` recordings of a list or an iterator are recognized at once, and share the requests of the network;
    answers come in order, one after the other. ``task`` is its name.
    """

    task = "automatic-speech-recognition"

    def __init__(self, recognize: Recognize, options: CallOptions, close: Callable[[], None] = lambda: None) -> None:
        """Recognize with ``recognize``; ``close`` gives back what it holds, at the latest when nobody holds this."""
        self._recognize, self._options = recognize, options
        self._close = weakref.finalize(self, close)

    def __call__(
        self,
        inputs: Any,
        *,
        return_timestamps: bool | str | None = None,
        chunk_length_s: float | None = None,
        stride_length_s: float | Sequence[float] | None = None,
        batch_size: int | None = None,
        sampling_rate: int | None = None,
    ) -> Any:
        """The answer about sound, or those about several sounds.

        ``inputs``: a path, the bytes of a file, an array with ``sampling_rate``, a mapping (see `open_input`), or a
        list, an iterator or a data set of these. ``return_timestamps``: True for segments, ``"word"`` for words.
        ``chunk_length_s`` and ``stride_length_s`` change no result.

        Raises PipelineUsageError at once, and with the answer of an input what `open_input` and the recognizer raise.
        """
        check_windows(chunk_length_s, stride_length_s)
        options = self._options
        if return_timestamps is not None:
            options = replace(options, timestamps=parse_timestamps(return_timestamps))
        if batch_size is not None:
            options = replace(options, batch_size=checked_batch_size(batch_size))
        if sampling_rate is not None:
            options = replace(options, inputs=replace(options.inputs, sampling_rate=checked_rate(sampling_rate)))

        def answer(given: Any) -> PipelineAnswer:
            with open_input(given, options.inputs) as sound:
                return answer_of(self._recognize(sound), options.timestamps, sound.extra)

        if not _is_many(inputs):
            return answer(inputs)
        answers = map_in_order(answer, _items(inputs), options.batch_size)
        return list(answers) if isinstance(inputs, (list, tuple)) else answers

    def __enter__(self) -> SpeechRecognitionPipeline:
        """The pipeline itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give back the model."""
        self._close()


def checked_batch_size(value: object) -> int:
    """A number of recordings. Raises PipelineUsageError."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise PipelineUsageError(
        f"batch_size: expected a number of recordings, 1 or more, found {value!r}", fields=("batch_size",)
    )


def _is_many(inputs: Any) -> TypeGuard[Iterable[Any]]:
    """Whether there are several inputs: a list, an iterator or a data set."""
    is_one = isinstance(inputs, (str, bytes, bytearray, memoryview, PathLike, dict)) or hasattr(inputs, "__array__")
    is_one = is_one or hasattr(inputs, "get_all_samples") or hasattr(inputs, "keys")
    return not is_one and (hasattr(inputs, "__iter__") or hasattr(inputs, "__getitem__"))


def _items(inputs: Iterable[Any]) -> Iterator[Any]:
    for item in inputs:
        if isinstance(item, (int, float)):
            raise PipelineUsageError(
                "expected an input or a list of inputs, found a list of numbers; give samples as an array of numpy"
            )
        yield item
