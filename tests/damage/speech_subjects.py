"""Files between sound and features that are damaged: sound, lists of it, configurations, extractors of i-vectors."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.features import write_features
from ov_asr_score.job.ivectors import write_ivectors
from ov_asr_score.settings.speech.feature_jobs import ComputationSettings, FeaturesJob, IvectorsJob
from ov_asr_score.settings.speech.feature_steps import FeatureSteps
from ov_asr_score.settings.speech.features import UtteranceSettings
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.sounds import by_av, by_soundfile, speech
from tests.kaldi_judge.features.sounds import plain_wav
from tests.tiny_model import write_table

Read = Callable[[Path], None]

_ROOT = Path(__file__).parents[2]
_EXTRACTOR = _ROOT / "models" / "chain_ivector" / "ivector_extractor"
_KALDI = _ROOT / "tests" / "kaldi_speech"
_MFCC = FrontendSettings("mfcc")


def speech_subjects(folder: Path) -> Iterator[tuple[str, Path, Read]]:
    """Kind, file and what reads it. What else it needs is in its folder, which is copied as a whole but for sound."""
    yield from _sounds(folder)
    yield from _lists(folder / "lists")
    yield from _configurations(folder / "configurations")
    yield from _extractor(folder / "ivectors")


def _sounds(folder: Path) -> Iterator[tuple[str, Path, Read]]:
    made = folder / "sounds"
    made.mkdir()
    sound = speech(0.5, 2)
    written = [("WAV", "PCM_16"), ("WAVEX", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "IMA_ADPCM"), ("NIST", "PCM_16")]
    written += [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16")]
    written += [("WAV", "ALAW"), ("WAV", "PCM_U8"), ("NIST", "ULAW")]
    files = {f"{form}.{subtype}": by_soundfile(sound, form, subtype) for form, subtype in written}
    files["aac.m4a"] = by_av(sound, "ipod", "aac")
    files["opus.webm"] = by_av(sound, "webm", "libopus", 48000)
    for name, content in files.items():
        path = made / name
        path.write_bytes(content)
        yield "sound", path, _read_sound
        if not name.startswith(("aac", "opus")):
            yield "features", path, _as_features


def _read_sound(path: Path) -> None:
    read_audio(path)


def _as_features(path: Path) -> None:
    """MFCC of any rate, with pitch behind them; of both channels."""
    sound = SoundSettings(channel="all", allow_downsample=True, allow_upsample=True)
    _computed(FeaturesJob([f"wav:{path.name}"], "ark:/dev/null", replace(_MFCC, sound=sound)))


def _computed(job: FeaturesJob) -> None:
    """Compute; where that stops, going on must work, or be refused in one line, too."""
    _stopped_or_going_on(lambda on_error: write_features(replace(job, on_error=on_error)))


def _stopped_or_going_on(write: Callable[[Literal["stop", "skip"]], object]) -> None:
    """Write; the error that stops it is raised after it was tried to go on."""
    try:
        write("stop")
    except OvAsrScoreError as error:
        try:
            write("skip")
        except OvAsrScoreError as other:
            _check_line(other)
        raise error


def _check_line(error: OvAsrScoreError) -> None:
    assert str(error).isprintable(), str(error)


def _lists(made: Path) -> Iterator[tuple[str, Path, Read]]:
    """A data directory with all its lists, and an archive of sound."""
    data = made / "data"
    data.mkdir(parents=True)
    sound = speech(0.5, 2)
    waves = {"r1": plain_wav(sound[:1], 16000), "r2": plain_wav(sound, 16000), "r3": plain_wav(sound[1:], 16000)}
    for key, content in waves.items():
        (data / f"{key}.wav").write_bytes(content)
    (data / "r4.flac").write_bytes(by_soundfile(sound[:1], "FLAC", "PCM_16"))
    lines = [*(f"{key} {key}.wav\n" for key in waves), "r4 flac -c -d -s r4.flac |\n", "r5 sox r1.wav -t wav - |\n"]
    keys = [f"s-{number}" for number in range(4)]
    segments = ["s-0 r1 0.0 0.2\n", "s-1 r1 0.1 0.45\n", "s-2 r2 0.05 0.3 1\n", "s-3 r4 0.2 -1\n"]
    files = {
        "wav.scp": "".join(lines),
        "segments": "".join(segments),
        "utt2spk": "".join(f"{key} s\n" for key in keys),
        "spk2utt": f"s {' '.join(keys)}\n",
        "reco2file_and_channel": "".join(f"r{number} r{number} A\n" for number in range(1, 6)),
        "utt2warp": "".join(f"{key} 1.{number}\n" for number, key in enumerate(keys)),
    }
    for name, text in files.items():
        (data / name).write_text(text)
    (data / "wav.ark").write_bytes(b"".join(key.encode() + b" " + content for key, content in waves.items()))
    for name in ("wav.scp", "segments", "utt2spk", "spk2utt", "reco2file_and_channel"):
        yield "lists", data / name, _of_directory
    yield "lists", data / "wav.scp", _of_source("wav,scp:wav.scp")
    yield "lists", data / "utt2warp", _with_warps
    yield "lists", data / "wav.ark", _of_source("wav,ark:wav.ark")


def _of_directory(path: Path) -> None:
    steps = FeatureSteps(cmvn="speaker")
    _computed(FeaturesJob(["."], "ark:/dev/null", replace(_MFCC, steps=steps)))


def _of_source(source: str) -> Read:
    def read(path: Path) -> None:
        _computed(FeaturesJob([source], "ark:/dev/null", _MFCC))

    return read


def _with_warps(path: Path) -> None:
    computation = ComputationSettings(utterance=UtteranceSettings(vtln_map=f"ark:{path.name}"))
    _computed(FeaturesJob(["."], "ark:/dev/null", _MFCC, computation))


def _configurations(made: Path) -> Iterator[tuple[str, Path, Read]]:
    """Options of features and pitch, and an experiment directory with its statistics and transform."""
    made.mkdir()
    (made / "x.wav").write_bytes(plain_wav(speech(0.5), 16000))
    (made / "pitch.conf").write_text("--sample-frequency=16000\n--min-f0=60\n--delta-window=3\n--nccf-ballast=1000\n")
    for name in ("hires_synth.conf", "fbank_synth.conf"):
        shutil.copy(_KALDI / "features" / "conf" / name, made)
    (made / "cmvn_opts").write_text("--norm-means=true --norm-vars=true --skip-dims=1:2\n")
    (made / "splice_opts").write_text("--left-context=3 --right-context=2\n")
    (made / "online_cmvn").write_text("")
    shutil.copy(_KALDI / "features" / "post" / "cmvn_global.mat", made / "global_cmvn.stats")
    write_table(f"ark:{made / 'mat.ark'}", {"x": np.ones((3, 79), np.float32)})
    (made / "final.mat").write_bytes((made / "mat.ark").read_bytes()[2:])
    for name, kind in (("hires_synth.conf", "mfcc"), ("fbank_synth.conf", ""), ("pitch.conf", "pitch")):
        yield "configs", made / name, _configured(kind)
    for name in ("cmvn_opts", "splice_opts", "global_cmvn.stats", "final.mat"):
        yield "configs", made / name, _like_directory


def _configured(kind: str) -> Read:
    def read(path: Path) -> None:
        settings = FrontendSettings("mfcc" if kind else None, feature_config=path.name)
        if kind == "pitch":
            settings = FrontendSettings("mfcc", pitch_config=path.name)
        _computed(FeaturesJob(["x.wav"], "ark:/dev/null", settings))

    return read


def _like_directory(path: Path) -> None:
    _computed(FeaturesJob(["x.wav"], "ark:/dev/null", replace(_MFCC, steps=FeatureSteps(like_dir="."))))


def _extractor(made: Path) -> Iterator[tuple[str, Path, Read]]:
    """All files of an extractor, and the tables beside it."""
    shutil.copytree(_EXTRACTOR, made)
    features = {key: np.random.default_rng(3).standard_normal((30, 40)).astype(np.float32) * 10 for key in ("u", "v")}
    write_table(f"ark:{made / 'in.ark'}", features)
    write_table(f"ark:{made / 'weights.ark'}", {key: np.ones(30, np.float32) for key in features})
    (made / "spk2utt").write_text("s u v\n")
    names = ("final.ie", "final.ie", "final.dubm", "final.mat", "global_cmvn.stats", "ivector_extractor.conf")
    for name in (*names, "splice.conf", "online_cmvn.conf", "in.ark", "weights.ark", "spk2utt"):
        yield "ivectors", made / name, _ivectors


def _ivectors(path: Path) -> None:
    options = IvectorOptions("ivector_extractor.conf", ivector_period=5)
    job = IvectorsJob("ark:in.ark", "ark:/dev/null", "ark:spk2utt", options)
    if path.name == "weights.ark":
        job = replace(job, table=replace(job.table, frame_weights="ark:weights.ark"))
    _stopped_or_going_on(lambda on_error: write_ivectors(replace(job, on_error=on_error)))
