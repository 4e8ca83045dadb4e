"""A model directory that all contestants read, in the layout of vosk, and sound for it."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np

from benchmarks.models.subjects import ROOT
from benchmarks.models.widened import RECOGNIZER, widen
from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.audio.sample_formats import round_to_int16

_PAUSE_SAMPLES = 12_000
SPEECH = ROOT / "data/speech"
BEAM, LATTICE_BEAM, MAX_ACTIVE, MIN_ACTIVE = 13.0, 6.0, 7000, 200
_SEARCH = f"--beam={BEAM:g}\n--lattice-beam={LATTICE_BEAM:g}\n--max-active={MAX_ACTIVE}\n--min-active={MIN_ACTIVE}\n"
_SILENCE = "1:2:3:4:5:6:7:8:9:10"
_MODEL_CONF = f"{_SEARCH}--acoustic-scale=1.0\n--frame-subsampling-factor=3\n--endpoint.silence-phones={_SILENCE}\n"


def write_directory(folder: Path, *, wide: bool, graph: Path | None = None) -> None:
    """Write the bundled recognizer as vosk has it: with a large network if ``wide``, and with another graph.

    It has no place in it for options of i-vectors: those of the bundled model but for max-count are the defaults there.
    """
    for name in ("am", "conf", "graph/phones", "ivector"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if wide:
        widen(RECOGNIZER / "final.mdl", folder / "am/final.mdl")
    else:
        shutil.copyfile(RECOGNIZER / "final.mdl", folder / "am/final.mdl")
    shutil.copyfile(RECOGNIZER / "conf/mfcc.conf", folder / "conf/mfcc.conf")
    (folder / "conf/model.conf").write_text(_MODEL_CONF)
    graph = graph or RECOGNIZER / "graph"
    for name in ("HCLG.fst", "words.txt", "phones.txt", "phones/word_boundary.int"):
        shutil.copyfile(graph / name, folder / "graph" / name)
    for name in ("final.dubm", "final.ie", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf"):
        shutil.copyfile(RECOGNIZER / "ivector_extractor" / name, folder / "ivector" / name)


def write_kaldi_conf(folder: Path) -> Path:
    """The configuration with which Kaldi's program does the same as vosk with the directory, as a file in it."""
    ivector = folder / "ivector"
    extractor = folder / "kaldi_ivector.conf"
    extractor.write_text(
        f"--splice-config={ivector}/splice.conf\n--cmvn-config={ivector}/online_cmvn.conf\n"
        f"--lda-matrix={ivector}/final.mat\n--global-cmvn-stats={ivector}/global_cmvn.stats\n"
        f"--diag-ubm={ivector}/final.dubm\n--ivector-extractor={ivector}/final.ie\n--max-count=100\n"
    )
    online = folder / "kaldi_online.conf"
    online.write_text(
        f"--feature-type=mfcc\n--mfcc-config={folder}/conf/mfcc.conf\n--ivector-extraction-config={extractor}\n"
        f"--endpoint.silence-phones={_SILENCE}\n"
    )
    return online


def write_sound(folder: Path, seconds: float) -> tuple[list[Path], float]:
    """Wav files of the bundled speech, again and again until they last so long together, and how long they do."""
    folder.mkdir(parents=True, exist_ok=True)
    sounds = [(path.stem, read_audio(path)) for path in sorted(SPEECH.glob("*.flac"))]
    once = sum(audio.samples.shape[1] / audio.rate for _, audio in sounds)
    paths = []
    turns = max(1, round(seconds / once))
    for turn in range(turns):
        for name, audio in sounds:
            path = folder / f"{name}-{turn:03}.wav"
            _write(path, round_to_int16(audio.samples[0]).astype(np.int16).tobytes(), audio.rate)
            paths.append(path)
    return paths, once * turns


def write_streams(folder: Path, count: int, seconds: float) -> list[Path]:
    """Wav files of streams: the bundled utterances one after the other, with pauses, each from another one on."""
    folder.mkdir(parents=True, exist_ok=True)
    # light noise: the model takes perfect silence for speech
    pause = (np.random.default_rng(1).standard_normal(_PAUSE_SAMPLES) * 10).astype(np.int16).tobytes()
    sounds = [read_audio(path) for path in sorted(SPEECH.glob("*.flac"))]
    paths = []
    for number in range(count):
        data, place = b"", number
        while len(data) < seconds * 32000:
            audio = sounds[place % len(sounds)]
            data += round_to_int16(audio.samples[0]).astype(np.int16).tobytes() + pause
            place += 1
        paths.append(folder / f"stream-{number:02}.wav")
        _write(paths[-1], data[: round(seconds * 16000) * 2], 16000)
    return paths


def _write(path: Path, samples: bytes, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
