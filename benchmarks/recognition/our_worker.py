"""The worker with this package."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.recognition.worker import Worker, serve
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.recognition.live_session import LiveSession
from ov_asr_score.recognition.recognizer import load_recognizer
from ov_asr_score.recognition.results import Final, Partial
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles


class OurSession:
    """A session of a recognizer."""

    def __init__(self, session: LiveSession) -> None:
        """Begin."""
        self._session = session
        self._texts: list[str] = []
        self._reached = 0.0

    def accept(self, piece: bytes) -> float:
        """Seconds that the search has taken."""
        self._keep(self._session.accept(piece))
        partial = self._session.partial
        if partial is not None:
            self._reached = max(self._reached, partial.end)
        return self._reached

    def finish(self) -> str:
        """The words of everything."""
        self._keep(self._session.finish())
        return " ".join(filter(None, self._texts))

    def _keep(self, results: list[Partial | Final] | list[Final]) -> None:
        for result in results:
            if isinstance(result, Final):
                self._texts.append(result.text)
                self._reached = max(self._reached, result.segment.end or 0.0)


class OurWorker:
    """A recognizer."""

    def __init__(self, folder: str) -> None:
        """Load it."""
        self._folder = folder
        self._work = TemporaryDirectory(prefix="benchmark-recognition-")
        self._recognizer = load_recognizer(folder, device=DeviceSettings(threads=1))

    def begin(self, low_latency: bool) -> OurSession:
        """A new session."""
        return OurSession(self._recognizer.session(low_latency=low_latency))

    def whole(self, paths: list[str]) -> dict[str, str]:
        """The words of whole files, as the command transcribe has them, whose start is part of it."""
        words = Path(self._work.name) / "words"
        report = run_transcription(
            TranscribeJob(
                model=self._folder,
                sources=paths,
                device=DeviceSettings(threads=1),
                decode_workers=1,
                files=WordFiles(text=str(words)),
                conversion_cache=self._work.name,
            )
        )
        assert report.verdict == "ok"
        lines = (line.split() for line in words.read_text().splitlines())
        return {line[0]: " ".join(line[1:]) for line in lines}


def load(folder: str) -> Worker:
    """The worker for a folder."""
    return OurWorker(folder)


if __name__ == "__main__":
    serve(load, sys.argv[1:])
