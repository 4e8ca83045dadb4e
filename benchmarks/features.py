"""Speed of features: ``python -m benchmarks.features [--kaldi FOLDER] [SOUND …]``.

Seconds of sound per second of processor time, of one thread, in turns with kaldi-native-fbank (from Python, as its
users call it) and with Kaldi's programs where a folder with them is given (their reading of wav files and writing of
archives counts; its share is small). The sounds are given as files of one channel and 16 kHz; without them they are the
recordings of the tests. They are computed one by one, and joined to one long sound.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.measuring.turns import Contestant, Target, ratios, spread, take_turns
from benchmarks.models.subjects import ROOT
from ov_asr_score.features.computing import compute_features
from ov_asr_score.features.live import LiveFeatures
from ov_asr_score.features.options import FeatureOptions, MfccOptions, resolve_options

Samples = NDArray[np.float32]

RATE = 16000
OURS, LONG, LIVE, NATIVE, KALDI = "short sounds", "a long sound", "pieces of 0.1 s", "kaldi-native-fbank", "Kaldi"
LEAST = 1500
"""Times real time that MFCC and filterbank features are to reach."""

SUBJECTS: dict[str, tuple[str, dict[str, object]]] = {
    "MFCC 13": ("mfcc", {}),
    "MFCC 40": ("mfcc", {"num_mel_bins": 40, "num_ceps": 40, "use_energy": False, "high_freq": -400.0}),
    "fbank 40": ("fbank", {"num_mel_bins": 40}),
    "fbank 80": ("fbank", {"num_mel_bins": 80}),
    "PLP 13": ("plp", {}),
}
_SPEECH = ("es_Annie-t0024", "es_f4-t0000", "es_john-t0021", "flite_slt-t0017")


@dataclass(frozen=True, slots=True)
class Sounds:
    """Short sounds, and all of them as one."""

    short: tuple[Samples, ...]
    long: Samples

    @property
    def seconds(self) -> float:
        """Of all sounds together."""
        return len(self.long) / RATE


def read_sounds(paths: Sequence[Path], seconds: float) -> Sounds:
    """The sounds of files, again and again until they last so many ``seconds``."""
    import soundfile

    read = [soundfile.read(path, dtype="int16", always_2d=True) for path in paths]
    if wrong := [str(path) for path, (_, rate) in zip(paths, read, strict=True) if rate != RATE]:
        raise SystemExit(f"{wrong[0]}: expected a rate of {RATE} Hz")
    samples = [np.ascontiguousarray(sound[:, 0], np.float32) for sound, _ in read]
    times = max(1, round(seconds * RATE / sum(map(len, samples))))
    return Sounds(tuple(samples * times), np.concatenate(samples * times))


def turn(run: Callable[[], object], seconds: float) -> Callable[[], tuple[float, float]]:
    """A turn of ``run`` on ``seconds`` of sound, again and again for half a second; it is run once before."""
    run()

    def timed() -> tuple[float, float]:
        started, times = _processor_seconds(), 0
        while not times or _processor_seconds() - started < 0.5:
            run()
            times += 1
        return seconds * times, _processor_seconds() - started

    return timed


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def live(samples: Samples, options: FeatureOptions) -> None:
    """Compute features of pieces of 0.1 s."""
    stream = LiveFeatures(options)
    for begin in range(0, len(samples), RATE // 10):
        stream.accept(samples[begin : begin + RATE // 10])
    stream.finish()


def native(samples: Samples, options: FeatureOptions) -> NDArray[np.float32]:
    """The features of kaldi-native-fbank, frame by frame, as there is no other way in it."""
    import kaldi_native_fbank as knf

    is_mfcc = isinstance(options, MfccOptions)
    theirs: Any = knf.MfccOptions() if is_mfcc else knf.FbankOptions()
    theirs.frame_opts.dither = 0
    theirs.mel_opts.num_bins = options.mel.num_mel_bins  # type: ignore[union-attr]
    theirs.mel_opts.high_freq = options.mel.high_freq  # type: ignore[union-attr]
    theirs.use_energy = options.use_energy  # type: ignore[union-attr]
    if isinstance(options, MfccOptions):
        theirs.num_ceps = options.num_ceps
    computer: Any = knf.OnlineMfcc(theirs) if is_mfcc else knf.OnlineFbank(theirs)
    computer.accept_waveform(RATE, samples.tolist())
    computer.input_finished()
    return np.stack([computer.get_frame(frame) for frame in range(computer.num_frames_ready)])


def kaldi_command(folder: Path, kind: str, given: dict[str, object], script: Path) -> list[str]:
    """The command of Kaldi's program for features of one kind."""
    options = [f"--{name.replace('_', '-')}={str(value).lower()}" for name, value in given.items()]
    return [str(folder / f"compute-{kind}-feats"), "--dither=0", *options, f"scp:{script}", "ark:/dev/null"]


def write_script(folder: Path, sounds: Sounds) -> Path:
    """Write the short sounds as wav files; the path of the script that lists them."""
    lines = []
    for number, samples in enumerate(sounds.short):
        path = folder / f"{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.astype("<i2").tobytes())
        lines.append(f"{number} {path}\n")
    script = folder / "wav.scp"
    script.write_text("".join(lines), encoding="utf-8")
    return script


def contestants_of(subject: str, sounds: Sounds, kaldi: Path | None, script: Path) -> Iterator[Contestant]:
    """The contestants for one subject."""
    kind, given = SUBJECTS[subject]
    options = resolve_options(kind, (), given).options

    def all_short(compute: Callable[[Samples, FeatureOptions], object]) -> Callable[[], None]:
        def run() -> None:
            for samples in sounds.short:
                compute(samples, options)

        return run

    runs: dict[str, Callable[[], object]] = {
        OURS: all_short(compute_features),
        LONG: lambda: compute_features(sounds.long, options),
        LIVE: all_short(live),
    }
    if kind in ("mfcc", "fbank") and find_spec("kaldi_native_fbank"):
        runs[NATIVE] = all_short(native)
    if kaldi is not None:
        command = kaldi_command(kaldi, kind, given, script)
        runs[KALDI] = lambda: subprocess.run(command, check=True, capture_output=True)
    for name, run in runs.items():
        yield Contestant(f"{subject}, {name}", turn(run, sounds.seconds))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the contestants in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.add_argument("sounds", nargs="*", type=Path, metavar="SOUND", help="files of one channel and 16 kHz")
    parser.add_argument("--kaldi", type=Path, metavar="FOLDER", help="with compute-mfcc-feats and its siblings")
    parser.add_argument("--seconds", type=float, default=50.0, help="of sound, which is repeated")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], choices=SUBJECTS, metavar="SUBJECT", help="a few subjects")
    options = parser.parse_args(arguments)
    recordings = [ROOT / "tests" / "kaldi_speech" / "features" / "wav" / f"{name}.flac" for name in _SPEECH]
    sounds = read_sounds(options.sounds or recordings, options.seconds)
    print(f"{len(sounds.short)} sounds of {sounds.seconds:.0f} s together; times real time per second of processor")
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="benchmark-features-") as folder:
        script = write_script(Path(folder), sounds)
        subjects = options.only or list(SUBJECTS)
        line_up = [each for subject in subjects for each in contestants_of(subject, sounds, options.kaldi, script)]
        figures = take_turns(line_up, options.turns, lambda text: print(text, file=sys.stderr))
    print(f"{'median':>10} {'least':>10} {'most':>10}")
    for name, values in figures.items():
        found = spread(values)
        missed = f"; below {LEAST}" if name.endswith((OURS, LONG)) and found.median < LEAST else ""
        print(f"{found.median:10,.0f} {found.smallest:10,.0f} {found.largest:10,.0f}  {name}{missed}")
    targets = [Target(f"{subject}, {OURS}", f"{subject}, {other}") for subject in subjects for other in (NATIVE, KALDI)]
    for ratio in ratios(figures, targets):
        found = ratio.found
        print(f"{found.median:10.2f} {found.smallest:10.2f} {found.largest:10.2f}  {ratio.target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
