"""What vosk has and this package does not: named, with what to do instead."""

from __future__ import annotations

from typing import NoReturn

from ov_asr_score.errors import UnsupportedModelError, UsageError


class SpkModel:
    """A model of speakers (x-vectors), which vosk tells speakers apart with."""

    def __init__(self, model_path: str) -> None:
        """Raise UnsupportedModelError."""
        raise UnsupportedModelError(
            f"{model_path}: models of speakers are not supported; leave SpkModel out, or score the network with "
            "'ov-asr-score score', which gives its x-vectors"
        )


class BatchModel:
    """A model on a graphics card, which vosk recognizes many files with at once."""

    def __init__(self, model_path: str, *args: object) -> None:
        """Raise UnsupportedModelError."""
        raise UnsupportedModelError(
            f"{model_path}: BatchModel is for graphics cards; take Model, whose recognizers share requests, or "
            "'ov-asr-score transcribe' for many files"
        )


class BatchRecognizer:
    """A recognizer of a BatchModel."""

    def __init__(self, *args: object) -> None:
        """Raise UnsupportedModelError."""
        raise UnsupportedModelError("BatchRecognizer is for graphics cards; take KaldiRecognizer")


class Processor:
    """A processor of texts, which vosk writes numbers and dates in digits with."""

    def __init__(self, *args: object) -> None:
        """Raise UnsupportedModelError."""
        raise UnsupportedModelError(
            f"{', '.join(map(str, args))}: texts are given as they were spoken; Processor is not supported"
        )


def refuse_speakers(model: object) -> NoReturn:
    """Raise UsageError: nothing can be a model of speakers here."""
    raise UsageError(
        f"expected a grammar as JSON text, found {type(model).__name__}; models of speakers are not supported"
    )
