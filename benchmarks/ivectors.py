"""Speed of online i-vectors: ``python -m benchmarks.ivectors [--kaldi FOLDER]``.

Seconds of sound (100 frames each) per second of processor time, of one thread, in turns with ivector-extract-online2
where a folder with it is given. Its time for the first utterance alone, which is mostly loading, is subtracted, as
loading is not counted here either; reading features and writing i-vectors counts for Kaldi, its share is small.

``small`` is the extractor in models/chain_ivector/ivector_extractor with features of speech, ``large`` one of 512
Gaussians and 100 dimensions that is generated, with features that change as slowly as those of speech.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from benchmarks.models.extractors import ExtractorSize, write_extractor
from benchmarks.models.subjects import ROOT
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.extractor import Extractor, load_extractor
from ov_asr_score.ivector.live import LiveIvectors
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.settings.speech.ivectors import IvectorOptions

FRAMES_PER_SECOND = 100
OURS, ALONE, SPEAKER, LIVE, KALDI = "utterances", "one utterance", "one speaker", "pieces of 0.1 s", "Kaldi"
LEAST = 1000
"""Times real time that the small extractor is to reach."""
SUBJECTS = ("small", "large")
SIZE = ExtractorSize()

_SMALL = ROOT / "models" / "chain_ivector" / "ivector_extractor"
_SPEECH = ROOT / "tests" / "kaldi_speech" / "ivector" / "feats.ark"


@dataclass(frozen=True, slots=True)
class Subject:
    """An extractor, its configuration for Kaldi, and features by utterance."""

    name: str
    extractor: Extractor
    config: Path
    features: dict[str, NDArray[np.float32]]

    @property
    def seconds(self) -> float:
        """Of all utterances together."""
        return sum(map(len, self.features.values())) / FRAMES_PER_SECOND


def make_subject(name: str, folder: Path, seconds: float, size: ExtractorSize = SIZE) -> Subject:
    """The extractor ``name`` with so many seconds of features; files are written to ``folder``."""
    if name == "small":
        config = folder / "small.conf"
        text = (_SMALL / "ivector_extractor.conf").read_text(encoding="utf-8")
        config.write_text(text.replace("models/chain_ivector/ivector_extractor", str(_SMALL)), encoding="utf-8")
        speech = dict(read_table(f"ark:{_SPEECH}"))
        times = max(1, round(seconds * FRAMES_PER_SECOND / sum(map(len, speech.values()))))
        features = {f"{key}-{copy}": rows for copy in range(times) for key, rows in speech.items()}
    else:
        config = write_extractor(folder / name, size)
        features = dict(made_features(seconds, size.features))
    return Subject(name, load_extractor(IvectorOptions(str(config))), config, features)


def made_features(seconds: float, width: int, frames: int = 600) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Utterances of some frames: noise on waves that last about half a second."""
    random = np.random.default_rng(1)
    for number in range(max(1, round(seconds * FRAMES_PER_SECOND / frames))):
        phases = np.arange(frames)[:, None] / 7 + 9 * random.normal(size=width)
        rows = 1.7 * random.normal(size=(frames, width)) + 1.2 * np.sin(phases)
        yield f"utterance-{number:04d}", rows.astype(np.float32)


def extract(subject: Subject, speaker: str = "") -> None:
    """Extract the i-vectors of all utterances."""
    given = (IvectorUtterance(key, rows, speaker) for key, rows in subject.features.items())
    for _ in extract_ivectors(subject.extractor, given):
        pass


def extract_alone(subject: Subject) -> None:
    """Extract the i-vectors of all frames as of one utterance."""
    joined = np.concatenate(list(subject.features.values()))
    for _ in extract_ivectors(subject.extractor, [IvectorUtterance("", joined)]):
        pass


def extract_live(subject: Subject) -> None:
    """Ask for an i-vector every tenth of a second, which is the period."""
    live = LiveIvectors(subject.extractor)
    for rows in subject.features.values():
        for begin in range(0, len(rows), 10):
            live.accept(rows[begin : begin + 10])
            if live.frames_ready:
                live.ivector(live.frames_ready - 1)
        live.restore()


def kaldi_run(folder: Path, subject: Subject, program: Path) -> Callable[[], float]:
    """A run of Kaldi's program; seconds of processor time without those for the first utterance alone."""
    archive = folder / f"{subject.name}.ark"
    with TableWriter(f"ark:{archive}") as writer:
        for key, rows in subject.features.items():
            writer.write(key, rows)
    speakers = [f"{key} {key}\n" for key in subject.features]
    lists = [folder / f"{subject.name}.{count}" for count in ("all", "first")]
    for path, lines in zip(lists, (speakers, speakers[:1]), strict=True):
        path.write_text("".join(lines), encoding="utf-8")

    def seconds(speakers: Path) -> float:
        started = _children_seconds()
        command = [str(program), f"--config={subject.config}", f"ark:{speakers}", f"ark:{archive}", "ark:/dev/null"]
        subprocess.run(command, check=True, capture_output=True, env={"OPENBLAS_NUM_THREADS": "1"})
        return _children_seconds() - started

    return lambda: seconds(lists[0]) - seconds(lists[1])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def contestants_of(subject: Subject, folder: Path, kaldi: Path | None) -> Iterator[Contestant]:
    """The contestants for one extractor."""
    runs: dict[str, Callable[[Subject], None]] = {
        OURS: extract,
        SPEAKER: lambda subject: extract(subject, "speaker"),
        ALONE: extract_alone,
        LIVE: extract_live,
    }

    def timed(run: Callable[[Subject], None]) -> Callable[[], tuple[float, float]]:
        def turn() -> tuple[float, float]:
            started = time.process_time()
            run(subject)
            return subject.seconds, time.process_time() - started

        return turn

    for name, run in runs.items():
        yield Contestant(f"{subject.name}, {name}", timed(run))
    if kaldi is not None:
        measure = kaldi_run(folder, subject, kaldi / "ivector-extract-online2")
        first = len(next(iter(subject.features.values()))) / FRAMES_PER_SECOND
        yield Contestant(f"{subject.name}, {KALDI}", lambda: (subject.seconds - first, measure()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the contestants in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ivectors", description=__doc__)
    parser.add_argument("--kaldi", type=Path, metavar="FOLDER", help="with ivector-extract-online2")
    parser.add_argument("--seconds", type=float, default=450.0, help="of sound")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], choices=SUBJECTS, metavar="SUBJECT", help="a few subjects")
    options = parser.parse_args(arguments)
    names = options.only or SUBJECTS
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="benchmark-ivectors-") as name:
        folder = Path(name)
        subjects = [make_subject(each, folder, options.seconds) for each in names]
        line_up = [each for subject in subjects for each in contestants_of(subject, folder, options.kaldi)]
        figures = take_turns(line_up, options.turns, lambda text: print(text, file=sys.stderr))
    print(f"{'median':>10} {'least':>10} {'most':>10}  times real time per second of processor")
    for name, values in figures.items():
        found = spread(values)
        missed = f"; below {LEAST}" if name == f"small, {OURS}" and found.median < LEAST else ""
        print(f"{found.median:10,.0f} {found.smallest:10,.0f} {found.largest:10,.0f}  {name}{missed}")
    for ratio in ratios(figures, [Target(f"{each}, {OURS}", f"{each}, {KALDI}") for each in names]):
        found = ratio.found
        print(f"{found.median:10.2f} {found.smallest:10.2f} {found.largest:10.2f}  {ratio.target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
