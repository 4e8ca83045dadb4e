"""The worker with vosk: run by a Python that has it."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.recognition.pacing import FRAME, RATE, SAMPLE_BYTES
from benchmarks.recognition.worker import Worker, serve

STEP, FUTURE = 21, 12
"""Frames of a step of the network (20, rounded up to a multiple of 3), and those after it that it needs."""


class VoskSession:
    """A KaldiRecognizer, which is asked for what it has after each piece."""

    def __init__(self, module: Any, model: Any) -> None:
        """Begin."""
        self._recognizer = module.KaldiRecognizer(model, RATE)
        self._texts: list[str] = []
        self._samples = 0

    def accept(self, piece: bytes) -> float:
        """Seconds that the search has taken, which vosk does not tell: by the steps of its network."""
        self._samples += len(piece) // SAMPLE_BYTES
        if self._recognizer.AcceptWaveform(piece):
            self._texts.append(json.loads(self._recognizer.Result())["text"])
        else:
            json.loads(self._recognizer.PartialResult())
        frames = max(0, round(self._samples / RATE / FRAME) - 2 - FUTURE)
        return frames // STEP * STEP * FRAME

    def finish(self) -> str:
        """The words of everything."""
        self._texts.append(json.loads(self._recognizer.FinalResult())["text"])
        return " ".join(filter(None, self._texts))


class VoskWorker:
    """A model of vosk."""

    def __init__(self, folder: str) -> None:
        """Load it."""
        import vosk

        vosk.SetLogLevel(-1)
        self._module, self._model = vosk, vosk.Model(folder)

    def begin(self, low_latency: bool) -> VoskSession:
        """A new session."""
        return VoskSession(self._module, self._model)

    def whole(self, paths: list[str]) -> dict[str, str]:
        """Not there: vosk takes sound in pieces."""
        raise NotImplementedError


def load(folder: str) -> Worker:
    """The worker for a folder."""
    return VoskWorker(folder)


if __name__ == "__main__":
    serve(load, sys.argv[1:])
