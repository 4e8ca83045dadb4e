"""Cases that begin with sound: random options of features and pitch, on random sound in a list of any kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError
from tests.kaldi_judge.features.options import COMPUTATION, PITCH, PROCESSING, random_options, spelled
from tests.kaldi_judge.features.running import Case
from tests.kaldi_judge.features.sounds import Sound, files_of, random_sound

_TOLERANCES = {"mfcc": 2e-3, "plp": 2e-3, "fbank": 1e-3, "spectrogram": 1e-3, "pitch": 1e-3}
_SOURCES = ("script", "script", "files", "pattern", "archive", "directory", "segments", "data segments")


def computation_case(kind: str, folder: Path, chance: np.random.Generator) -> Case:
    """Features of a type, or pitch, by options on the command line or in a file."""
    sounds = _sounds(chance)
    options = random_options(PITCH if kind == "pitch" else COMPUTATION[kind], chance)
    rate = sounds[0].rate
    if chance.random() < 0.9:
        options["sample-frequency"] = str(rate)
    elif chance.random() < 0.5:
        options["sample-frequency"] = str(chance.choice((16000, 8000, 11025, 7999.5, 22050)))
    processing: dict[str, str] = {}
    steps = ["compute-kaldi-pitch-feats"] if kind == "pitch" else [f"compute-{kind}-feats"]
    if kind == "pitch":
        how = str(chance.choice(("raw", "both", "one")))
        if how != "raw":
            processing = random_options(PROCESSING, chance)
            steps = ["compute-kaldi-pitch-feats", "process-kaldi-pitch-feats"]
        if how != "raw" and "simulate-first-pass-online" in options:
            how = "one"  # only there processing is online, too
        if how == "one":
            steps = ["compute-and-process-kaldi-pitch-feats"]
    in_file = chance.random() < 0.3
    theirs, ours = _spelled(folder, options, chance, in_file=in_file, pitch=False)
    more, ours_more = _spelled(folder, processing, chance, in_file=False, pitch=True)
    if kind not in ("pitch",):
        theirs.append("--dither=0")
    files: list[str] = []
    if kind != "pitch" and chance.random() < 0.1:
        theirs, ours = _with_warps(folder, kind, sounds, theirs, ours, chance)
    if kind != "pitch" and chance.random() < 0.1:
        theirs, ours = [*theirs, "--write-utt2dur=ark,t:utt2dur"], [*ours, "--write-utt2dur=ark,t:utt2dur"]
        files.append("utt2dur")
    noise = ["--delta-pitch-noise-stddev=0"]
    source, their_first, our_source, keys = _listed(folder, sounds, chance)
    has_warps = any(word.startswith("--vtln-map") for word in ours)
    if "data" in our_source and kind not in ("pitch", "spectrogram") and not has_warps and chance.random() < 0.3:
        theirs = [*theirs, *_warps_of_directory(folder, kind, keys, chance)]
    if len(steps) == 2:
        commands = [[steps[0], *theirs, source, "ark:raw.ark"], [steps[1], *noise, *more, "ark:raw.ark", "ark:out.ark"]]
    elif steps[0].startswith("compute-and"):
        commands = [[steps[0], *noise, *theirs, *more, source, "ark:out.ark"]]
    else:
        commands = [[steps[0], *theirs, source, "ark:out.ark"]]
        # Kaldi's pitch is that of the first channel, ours that of the channel that is chosen
        if kind not in ("spectrogram", "pitch") and "channel" not in options and not files and chance.random() < 0.15:
            commands, ours_more = _with_pitch(folder, options, theirs, source, commands, chance)
    if kind == "pitch" and (len(steps) == 2 or steps[0].startswith("compute-and")):
        ours_more.append("--process-pitch")
    command = ["features", "--type", kind, *ours, *ours_more, *our_source, "ark:out.ark"]
    return Case(
        "pitch" if kind == "pitch" else kind,
        folder,
        [*their_first, *commands],
        command,
        keys,
        _TOLERANCES[kind],
        1e-4,
        "; ".join(sound.text for sound in sounds),
        lambda seed: unsettle(folder, seed),
        other_kernels=True,
        files=files,
    )


def _with_pitch(
    folder: Path,
    options: Mapping[str, str],
    words: Sequence[str],
    source: str,
    commands: Sequence[list[str]],
    chance: np.random.Generator,
) -> tuple[list[list[str]], list[str]]:
    """Kaldi's commands with processed pitch pasted behind the features, and our options for it."""
    chosen = {
        "sample-frequency": options.get("sample-frequency", "16000"),
        # a delay makes rows, which Kaldi's paste-feats refuses
        **random_options({**PITCH, **{name: of for name, of in PROCESSING.items() if name != "delay"}}, chance),
    }
    # what is said of frames beside a file is said of both
    shared = ("sample-frequency", "frame-length", "frame-shift", "snip-edges")
    said = [word for word in words if word[2:].partition("=")[0].replace("_", "-") in shared]
    for side in ("kaldi", "ours"):
        (folder / side / "pitch.conf").write_text("".join(f"--{name}={value}\n" for name, value in chosen.items()))
    pitch = ["compute-and-process-kaldi-pitch-feats", "--delta-pitch-noise-stddev=0", "--config=pitch.conf"]
    pasted = ["paste-feats", "--length-tolerance=2", "ark:first.ark", "ark:pitch.ark", "ark:out.ark"]
    first = [*commands[:-1], [*commands[-1][:-1], "ark:first.ark"]]
    return [*first, [*pitch, *said, source, "ark:pitch.ark"], pasted], ["--pitch-config=pitch.conf"]


def _sounds(chance: np.random.Generator) -> list[Sound]:
    first = random_sound(chance)
    more = int(chance.choice((0, 0, 1, 2)))
    same_rate = chance.random() < 0.9
    return [first, *(random_sound(chance, first.rate if same_rate else None) for _ in range(more))]


def _spelled(
    folder: Path, options: Mapping[str, str], chance: np.random.Generator, *, in_file: bool, pitch: bool
) -> tuple[list[str], list[str]]:
    """Options for Kaldi and for us, perhaps some of them in a file."""
    inside = {name: value for name, value in options.items() if in_file and chance.random() < 0.7}
    outside = {name: value for name, value in options.items() if name not in inside}
    theirs = spelled(outside, chance)
    # add-deltas has an option of this name, too
    ours = [re.sub("^--(?=delta.window)", "--pitch-", word) if pitch else word for word in theirs]
    if inside:
        lines = [f"{word}  # of {name}" for name, word in zip(inside, spelled(inside, chance), strict=True)]
        text = "\n".join(["# options", "", *lines, ""])
        for side in ("kaldi", "ours"):
            (folder / side / "features.conf").write_text(text)
        theirs, ours = ["--config=features.conf", *theirs], ["--config=features.conf", *ours]
    return theirs, ours


def _with_warps(
    folder: Path, kind: str, sounds: Sequence[Sound], theirs: list[str], ours: list[str], chance: np.random.Generator
) -> tuple[list[str], list[str]]:
    """VTLN warps in a table, by utterance or by speaker; one may be missing."""
    if kind == "spectrogram":
        return theirs, ours
    by_speaker = chance.random() < 0.5
    names = [f"u{number}" for number in range(len(sounds))]
    speakers = {name: f"s{number % 2}" for number, name in enumerate(names)}
    wanted = sorted(set(speakers.values())) if by_speaker else names
    lines = [f"{name} {chance.choice((0.9, 1.0, 1.1, 1.2))}\n" for name in wanted]
    missing = chance.random() < 0.2
    for side in ("kaldi", "ours"):
        (folder / side / "warps").write_text("".join(lines[1:] if missing else lines))
        (folder / side / "utt2spk").write_text("".join(f"{key} {value}\n" for key, value in speakers.items()))
    more = ["--vtln-map=ark:warps", *(["--utt2spk=ark:utt2spk"] if by_speaker else [])]
    return [*theirs, *more], [*ours, *more]


def _warps_of_directory(folder: Path, kind: str, keys: Sequence[str], chance: np.random.Generator) -> list[str]:
    """Warps in the data directory, which make_mfcc.sh hands to Kaldi's program."""
    by_speaker = kind == "mfcc" and chance.random() < 0.5  # the others refuse both options together
    text = "".join(f"{key} {chance.choice((0.9, 1.0, 1.1))}\n" for key in keys)
    (folder / "ours" / "data" / ("spk2warp" if by_speaker else "utt2warp")).write_text(text)
    (folder / "kaldi" / "warps").write_text(text)
    (folder / "kaldi" / "utt2spk").write_text("".join(f"{key} {key}\n" for key in keys))
    return ["--vtln-map=ark:warps", *(["--utt2spk=ark:utt2spk"] if by_speaker else [])]


def _listed(
    folder: Path, sounds: Sequence[Sound], chance: np.random.Generator
) -> tuple[str, list[list[str]], list[str], list[str]]:
    """Kaldi's rspecifier, its commands before, our source with its options, and the keys, with all files written."""
    how = str(chance.choice(_SOURCES))
    endless = ("size0", "sizeF", "riff0")
    if any(sound.form == "flac" for sound in sounds) or any(sound.form in endless for sound in sounds[:-1]):
        how = "script" if how == "archive" else how
    keys = [f"u{number}" for number in range(len(sounds))]
    pairs = dict(zip(keys, map(files_of, sounds), strict=True))
    for key, (ours, theirs) in pairs.items():
        (folder / "ours" / f"{key}.wav").write_bytes(ours)
        (folder / "kaldi" / f"{key}.wav").write_bytes(theirs)
    script = "".join(f"{key} {key}.wav\n" for key in keys)
    (folder / "kaldi" / "wav.scp").write_text(script)
    (folder / "ours" / "wav.scp").write_text(script)
    if how == "files":
        return "scp:wav.scp", [], [f"{key}.wav" for key in keys], keys
    if how == "pattern":
        return "scp:wav.scp", [], ["wav:u*.wav"], keys
    if how == "archive":
        for side, number in (("ours", 0), ("kaldi", 1)):
            content = b"".join(key.encode() + b" " + pair[number] for key, pair in pairs.items())
            (folder / side / "wav.ark").write_bytes(content)
        return "ark:wav.ark", [], ["wav,ark:wav.ark"], keys
    if how in ("segments", "data segments"):
        return _segmented(folder, sounds, keys, chance, is_directory=how != "segments")
    if how == "directory":
        _write_directory(folder / "ours", keys)
        return "scp:wav.scp", [], ["data"], keys
    return "scp:wav.scp", [], ["wav,scp:wav.scp"], keys


def _write_directory(folder: Path, keys: Sequence[str]) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "wav.scp").write_text((folder / "wav.scp").read_text())
    (folder / "data" / "utt2spk").write_text("".join(f"{key} {key}\n" for key in keys))


def _segmented(
    folder: Path, sounds: Sequence[Sound], recordings: Sequence[str], chance: np.random.Generator, *, is_directory: bool
) -> tuple[str, list[list[str]], list[str], list[str]]:
    """Segments of the recordings, some of them odd, with options of extract-segments."""
    lines, keys = [], []
    for recording, sound in zip(recordings, sounds, strict=True):
        seconds = sound.samples.shape[1] / sound.rate
        for number in range(int(chance.integers(1, 4))):
            start = chance.uniform(0, seconds)
            end = start + chance.uniform(-0.01, seconds) if chance.random() < 0.5 else chance.uniform(start, seconds)
            words = [f"{recording}-{number}", recording, f"{start:.3f}", f"{end:.3f}"]
            if chance.random() < 0.05:
                words[int(chance.integers(1, 4))] = str(chance.choice(("-1", "x", "nan", "1e9", "none", "0")))
            if len(sound.samples) > 1 or chance.random() < 0.05:
                words += [str(chance.choice(("0", "1", "-1", "2")))] * int(chance.random() < 0.9)
            lines.append(" ".join(words) + "\n")
            keys.append(words[0])
    options = random_options(
        {"min-segment-length": (0.1, 0.02, 0, 0.5), "max-overshoot": (0.5, 0.1, 0, 10)}, chance, odd=0
    )
    words = [f"--{name}={value}" for name, value in options.items()]
    for side in ("kaldi", "ours"):
        (folder / side / "segments").write_text("".join(lines))
    first = [["extract-segments", *words, "scp:wav.scp", "segments", "ark:segments.ark"]]
    if is_directory:
        _write_directory(folder / "ours", keys)
        (folder / "ours" / "data" / "segments").write_text("".join(lines))
        return "ark:segments.ark", first, [*words, "data"], keys
    return "ark:segments.ark", first, [*words, "--segments=segments", "wav,scp:wav.scp"], keys


def unsettle(case: Path, seed: int) -> None:
    """Change the samples of all files by 100 to 120 dB less than they have."""
    chance = np.random.default_rng(seed)
    folder = case / "ours"
    for path in folder.glob("u*.wav"):
        try:
            audio = read_audio(case / "kaldi" / path.name)
        except OvAsrScoreError:
            continue
        samples = audio.samples.astype(np.float64)
        scale = np.sqrt(np.mean(samples**2)) + np.abs(samples)
        samples += chance.standard_normal(samples.shape) * (1e-6, 3e-6, 1e-5)[seed] * scale
        soundfile.write(path, (samples / 32768).T.astype(np.float32), audio.rate, format="WAV", subtype="FLOAT")
    archive = folder / "wav.ark"
    if archive.exists():
        paths = sorted(folder.glob("u*.wav"))
        archive.write_bytes(b"".join(path.stem.encode() + b" " + path.read_bytes() for path in paths))
