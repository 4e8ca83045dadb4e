"""What a pipeline takes for sound: names of files, bytes of files, arrays with their rate, and mappings of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.channels import one_channel
from ov_asr_score.audio.decoding import open_audio
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.pipelines.refusals import PipelineSoundError, PipelineUsageError
from ov_asr_score.pipelines.remote_sound import is_url, read_url
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.text import printable_name

Samples: TypeAlias = NDArray[np.float32]

_MOST_CHANNELS = 8
_FULL_SCALE = 32768.0
_LOUDEST = 16 * _FULL_SCALE  # floats that are louder are on another scale
_RAW = ("raw", "array")


@dataclass(frozen=True, slots=True)
class InputOptions:
    """How sound is read. ``sampling_rate`` is that of arrays that come without one, None: they are refused."""

    sampling_rate: int | None = None
    allow_urls: bool = False
    sound: SoundSettings = field(default_factory=lambda: SoundSettings(channel="mix"))


@dataclass(frozen=True, slots=True, eq=False)
class SoundInput:
    """Pieces of samples [n] on the scale of 16-bit integers, ``rate`` of them a second; they can be read once.

    Reading raises PipelineSoundError for what cannot be decoded. ``extra`` is for the answer.
    """

    pieces: Iterator[Samples]
    rate: int
    extra: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def open_input(given: object, options: InputOptions) -> Iterator[SoundInput]:
    """The sound of one input, to be read while the ``with`` lasts; channels become their mean.

    A text names a file, or with ``allow_urls`` a page; bytes are those of a file; arrays are samples [n], [C, n] or
    [n, C]: floats from -1 to 1, or integers, whose type says the scale. A mapping has ``raw`` or ``array`` with
    ``sampling_rate``, or ``path`` or ``bytes``, or one of these under ``audio``; its other keys become ``extra``.
    Raises PipelineUsageError, PipelineSoundError, FileAccessError and MissingExtraError.
    """
    source, extra = _source_of(given, options)
    if isinstance(source, _ArraySource):
        yield SoundInput(iter((samples_of_array(source.array),)), source.rate, extra)
        return
    try:
        with open_audio(source.data, options.sound, name=source.name) as stream:
            pieces = (one_channel(block, "mix") for block in stream.blocks())
            yield SoundInput(_with_pipeline_errors(pieces), stream.rate, extra)
    except PipelineSoundError:
        raise
    except SoundFormatError as error:
        raise PipelineSoundError(str(error), fields=error.fields) from error


def _with_pipeline_errors(pieces: Iterator[Samples]) -> Iterator[Samples]:
    try:
        yield from pieces
    except SoundFormatError as error:
        raise PipelineSoundError(str(error), fields=error.fields) from error


@dataclass(frozen=True, slots=True, eq=False)
class _ArraySource:
    array: object
    rate: int


@dataclass(frozen=True, slots=True, eq=False)
class _FileSource:
    data: Path | bytes
    name: str


_Source: TypeAlias = "_ArraySource | _FileSource"


def _source_of(given: object, options: InputOptions) -> tuple[_Source, dict[str, Any]]:
    """Where the samples are, and what else a mapping has."""
    if isinstance(given, Mapping):
        return _of_mapping({str(key): value for key, value in given.items()}, options)
    if isinstance(given, (str, PathLike)):
        return _named(fspath(given), options), {}
    if isinstance(given, (bytes, bytearray, memoryview)):
        return _FileSource(bytes(given), "bytes of a file"), {}
    if hasattr(given, "get_all_samples"):  # decoders of torchcodec, which rows of datasets have
        decoded = given.get_all_samples()
        return _ArraySource(decoded.data, checked_rate(decoded.sample_rate)), {}
    if hasattr(given, "__array__"):
        if options.sampling_rate is None:
            raise PipelineUsageError(
                "array: expected its rate, found none; give {'raw': array, 'sampling_rate': HZ}, or sampling_rate=HZ",
                fields=("sampling_rate",),
            )
        return _ArraySource(given, options.sampling_rate), {}
    raise PipelineUsageError(
        f"expected a path, bytes of a file, an array or a mapping of these, found {type(given).__name__}"
    )


def samples_of_array(given: object) -> Samples:
    """Samples [n] on the scale of 16-bit integers of an array of samples, whose channels become their mean.

    Raises PipelineUsageError for other shapes and types, PipelineSoundError for no samples, for NaN and
    infinity, and for floats that are on another scale than from -1 to 1.
    """
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise PipelineUsageError(f"array: expected numbers, found none: {str(error)[:60]}") from error
    scale, offset = _scale(array.dtype), 128 if array.dtype == np.uint8 else 0
    if array.ndim == 2:
        array = _mean_of_channels(array)
    elif array.ndim != 1:
        raise PipelineUsageError(f"array: expected samples [n] or [channels, n], found {array.ndim} dimensions")
    if not array.size:
        raise PipelineSoundError("array: expected samples, found none")
    with np.errstate(over="ignore", invalid="ignore"):
        samples = ((array.astype(np.float64) - offset) * scale).astype(np.float32)
    finite = np.isfinite(samples)
    if not finite.all():
        place = int(np.argmin(finite))
        raise PipelineSoundError(f"array: sample {place}: expected a number, found {array[place]:g}")
    if array.dtype.kind == "f" and np.abs(samples).max() > _LOUDEST:
        place = int(np.argmax(np.abs(samples) > _LOUDEST))
        raise PipelineSoundError(
            f"array: sample {place}: expected a number from -1 to 1, found {array[place]:g}; samples of 16 bits are "
            "arrays of int16, or divided by 32768"
        )
    return samples


def _scale(dtype: np.dtype[Any]) -> float:
    """What a number of an array is multiplied with to be on the scale of 16-bit integers."""
    if dtype.kind == "f":
        return _FULL_SCALE
    if dtype.kind in "iu" and dtype.itemsize in (1, 2, 4) and dtype.name not in ("uint16", "uint32"):
        return 2.0 ** (16 - 8 * dtype.itemsize)
    raise PipelineUsageError(f"array: expected floats from -1 to 1, or int16 or int32, found {dtype}")


def _mean_of_channels(array: NDArray[Any]) -> NDArray[Any]:
    few = [axis for axis in (0, 1) if 0 < array.shape[axis] <= _MOST_CHANNELS]
    if len(few) != 1:
        raise PipelineUsageError(
            f"array: expected samples [n] or [channels, n] with at most {_MOST_CHANNELS} channels, found "
            f"{list(array.shape)}; which axis is which is not clear: give one channel"
        )
    mean: NDArray[Any] = array.mean(axis=few[0], dtype=np.float64)
    return mean


def _of_mapping(rest: dict[str, Any], options: InputOptions) -> tuple[_Source, dict[str, Any]]:
    if "stride" in rest:
        raise PipelineUsageError("stride: parts of sound to leave out are not supported; cut the array")
    places = [key for key in (*_RAW, "bytes", "path") if rest.get(key) is not None]
    if not places and rest.get("audio") is not None:
        source, extra = _source_of(rest.pop("audio"), options)
        return source, {**extra, **rest}
    if not places:
        raise PipelineUsageError(
            "expected a mapping with 'raw' or 'array' and 'sampling_rate', or with 'path' or 'bytes', found "
            f"{', '.join(map(repr, rest)) or 'an empty one'}"
        )
    key, value = places[0], rest[places[0]]
    rate = rest.pop("sampling_rate", None)
    for used in (*_RAW, "bytes", "path"):
        rest.pop(used, None)
    if key not in _RAW:
        return _source_of(value, options)[0], rest
    rate = options.sampling_rate if rate is None else rate
    if rate is None:
        raise PipelineUsageError(f"sampling_rate: expected the rate of '{key}', found none", fields=("sampling_rate",))
    return _ArraySource(value, checked_rate(rate)), rest


def checked_rate(rate: Any) -> int:
    """A rate in whole samples per second. Raises PipelineUsageError."""
    try:
        whole = int(rate)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole < 1 or whole != rate:
        raise PipelineUsageError(
            f"sampling_rate: expected whole samples per second, 1 or more, found {rate!r}", fields=("sampling_rate",)
        )
    return whole


def _named(name: str | bytes, options: InputOptions) -> _FileSource:
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    if not is_url(text):
        return _FileSource(Path(text), text)
    if not options.allow_urls:
        raise PipelineUsageError(
            f"{printable_name(text)}: sound is fetched from pages with allow_urls=True only", fields=("allow_urls",)
        )
    return _FileSource(read_url(text, options.sound.max_sound_size), text)
