"""Sound, lists, configurations and extractors that cannot be used: one line with the place, and on with the rest."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.audio.sounds import by_soundfile, speech
from tests.command_line import DATA, MODELS, names_in, run
from tests.frontend.places import EXTRACTOR, stored
from tests.kaldi_judge.features.sounds import plain_wav
from tests.tiny_model import write_table

GOOD = plain_wav(speech(0.3), 16000)
FLAC = by_soundfile(speech(0.3), "FLAC", "PCM_16")


def floats(*values: float) -> bytes:
    """A wav file of floats."""
    data = np.array(values, "<f4").tobytes()
    head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\3\0\1\0\x80\x3e\0\0\0\xfa\0\0\4\0\x20\0data"
    return head + len(data).to_bytes(4, "little") + data


SOUNDS: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "u2.wav: is empty; expected a sound file"),
    "text": (b"This is no sound at all.\n", "expected"),
    "zeros": (bytes(2000), "expected"),
    "features": (b"utt \0BFM \4\1\0\0\0\4\1\0\0\0\0\0\0\0", "expected"),
    "cut header": (GOOD[:30], "expected"),
    "no samples": (GOOD[:44], "expected"),
    "cut flac": (FLAC[:200], "u2.wav"),
    "damaged flac": (FLAC[: len(FLAC) // 2] + bytes(300) + FLAC[len(FLAC) // 2 + 300 :], "u2.wav"),
    "nan": (floats(*([0.1] * 800), float("nan"), *([0.1] * 800)), "expected a number, found NaN"),
    "infinite": (floats(*([0.1] * 800), float("inf")), "expected"),
    "rate": (plain_wav(speech(0.3), 8000), "expected sound of 16000 Hz"),
}
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "features": ("features", "--type", "fbank", "--config", "fbank.conf", "wav,scp:wav.scp", "ark:x.ark"),
    "speakers": (
        *("features", "--config", "fbank.conf", "wav,scp:wav.scp", "ark:x.ark", "--cmvn=speaker"),
        *("--feature-utt2spk", "utt2spk"),
    ),
    "pitch": ("features", "--type", "pitch", "wav,scp:wav.scp", "ark:x.ark"),
    "both": ("features", "--config", "fbank.conf", "--pitch-config", "pitch.conf", "wav,scp:wav.scp", "ark:x.ark"),
    "score": ("score", "-m", "model.xml", "-i", "wav,scp:wav.scp", "-o", "ark:x.ark", "--feature-config", "fbank.conf"),
}


@pytest.fixture
def place(tiny_model: str, folder: Path) -> Path:
    """A folder with three recordings, lists of them, configurations and a model."""
    for suffix in (".xml", ".bin"):
        shutil.copy(Path(tiny_model).with_suffix(suffix), folder / f"model{suffix}")
    for key in ("u1", "u2", "u3"):
        Path(f"{key}.wav").write_bytes(GOOD)
    Path("wav.scp").write_text("u1 u1.wav\nu2 u2.wav\nu3 u3.wav\n")
    Path("utt2spk").write_text("u1 s\nu2 s\nu3 s\n")
    Path("fbank.conf").write_text("--num-mel-bins=4\n")
    Path("pitch.conf").write_text("--min-f0=60\n")
    return folder


def check(capfd: pytest.CaptureFixture[str], *words: str, code: int = 3) -> str:
    """The error of a command that leaves everything as it was; libraries say nothing by themselves."""
    before = names_in(Path())
    outcome = run(*words)
    assert outcome.code == code, outcome
    assert capfd.readouterr().err == ""
    assert names_in(Path()) == before
    assert outcome.stdout == ""
    lines = outcome.stderr.splitlines()
    assert [line for line in lines[:-1] if not line.startswith(("warning: ", "note: "))] == []
    assert lines[-1].startswith("error: ") and lines[-1].isprintable()
    return lines[-1]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", SOUNDS)
def test_sound(kind: str, command: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, expected = SOUNDS[kind]
    Path("u2.wav").write_bytes(content)
    words = COMMANDS[command]
    error = check(capfd, *words)
    assert "u2" in error and expected in error
    outcome = run(*words, "--on-error", "skip")
    assert outcome.code == 1, outcome
    assert capfd.readouterr().err == ""
    assert list(stored("x.ark")) == ["u1", "u3"]
    if command != "score":  # whose report says it
        assert [line for line in outcome.stderr.splitlines() if line.startswith("skipped: u2: ")] != []


def test_sound_without_a_frame_is_a_table_without_rows(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("u2.wav").write_bytes(plain_wav(speech(0.01), 16000))
    for command in ("features", "pitch"):
        assert run(*COMMANDS[command]).code == 0
        assert len(stored("x.ark")["u2"]) == 0
    Path("x.ark").unlink()
    assert "'u2'" in check(capfd, *COMMANDS["speakers"])


LISTS: Mapping[str, tuple[str, str, str]] = {
    "a missing file": ("wav.scp", "u1 u1.wav\nu2 none.wav\nu3 u3.wav\n", "wav.scp: line 2: recording 'u2': none.wav"),
    "no file": ("wav.scp", "u1 u1.wav\nu2\nu3 u3.wav\n", "wav.scp: line 2"),
    "an effect": ("wav.scp", "u1 u1.wav\nu2 sox u2.wav -t wav - speed 2 |\nu3 u3.wav\n", "wav.scp: line 2"),
    "a command": ("wav.scp", "u1 u1.wav\nu2 rm -f u3.wav |\nu3 u3.wav\n", "wav.scp: line 2"),
    "an end behind the recording": ("segments", "u1 u1 0 0.2\nu2 u2 0.1 5\nu3 u3 0 0.3\n", "segments: line 2"),
    "a start behind the recording": ("segments", "u1 u1 0 0.2\nu2 u2 4 5\nu3 u3 0 0.3\n", "segments: line 2"),
    "no time": ("segments", "u1 u1 0 0.2\nu2 u2 0.1 x\nu3 u3 0 0.3\n", "segments: line 2"),
    "no recording": ("segments", "u1 u1 0 0.2\nu2 r2 0.1 0.3\nu3 u3 0 0.3\n", "segments: line 2"),
    "a missing channel": ("segments", "u1 u1 0 0.2\nu2 u2 0.1 0.3 1\nu3 u3 0 0.3\n", "segments: line 2"),
    "a word too many": ("segments", "u1 u1 0 0.2\nu2 u2 0.1 0.3 1 2 3\nu3 u3 0 0.3\n", "segments: line 2"),
    "no speaker": ("utt2spk", "u1 s\nu3 s\n", "utt2spk: expected the speaker of utterance 'u2', found none"),
    "two speakers": ("utt2spk", "u1 s\nu2 s s\nu3 s\n", "utt2spk"),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists(kind: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name, text, expected = LISTS[kind]
    Path(name).write_text(text)
    words = [*COMMANDS["speakers" if name == "utt2spk" else "features"]]
    words += ["--segments", "segments"] if name == "segments" else []
    is_command = kind in ("an effect", "a command")  # which is wrong usage, as everywhere
    assert expected in check(capfd, *words, code=2 if is_command else 3)
    assert Path("u3.wav").exists()
    if is_command or kind in ("no file", "two speakers"):  # the others are no lists
        return
    outcome = run(*words, "--on-error", "skip")
    assert outcome.code == 1, outcome
    assert list(stored("x.ark")) == ["u1", "u3"]


def test_statistics_that_are_not_finite(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = np.ones((3, 2), np.float32)
    write_table("ark:in.ark", {"u1": rows, "u2": np.full((3, 2), np.nan, np.float32), "u3": rows})
    words = ("features", "ark:in.ark", "ark:x.ark", "--cmvn=utterance", "--norm-vars=true")
    assert "utterance 'u2': CMVN: expected finite CMVN statistics" in check(capfd, *words)
    outcome = run(*words, "--on-error", "skip")
    assert outcome.code == 1 and list(stored("x.ark")) == ["u1", "u3"]


CONFIGS: Mapping[str, tuple[str, str, int]] = {
    "unknown": ("--num-mel-bin=4\n", "fbank.conf: line 1: expected an option of filterbank features", 3),
    "of another type": ("# x\n--num-ceps=4\n", "fbank.conf: line 2: expected an option of filterbank features", 3),
    "no number": ("--num-mel-bins=four\n", "fbank.conf: line 1: num-mel-bins: expected an integer, found 'four'", 3),
    "too few bins": ("--num-mel-bins=2\n", "fbank.conf: line 1: num-mel-bins", 3),
    "frequencies": ("--high-freq=9000\n", "fbank.conf: line 1: ", 3),
    "no option": ("num-mel-bins=4\n", "fbank.conf: line 1: expected an option of the form --name=value", 3),
    "sound": (GOOD.decode("latin-1"), "fbank.conf: ", 3),
}


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("command", ["features", "score"])
def test_configurations(kind: str, command: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text, expected, code = CONFIGS[kind]
    Path("fbank.conf").write_text(text, encoding="latin-1")
    assert expected in check(capfd, *COMMANDS[command], code=code)


def test_widths_that_do_not_fit(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("fbank.conf").write_text("--num-mel-bins=5\n")
    error = check(capfd, *COMMANDS["score"])
    assert "4" in error and "5" in error
    write_table("ark:transform.ark", {"s": np.ones((3, 9), np.float32)})
    error = check(capfd, *COMMANDS["speakers"], "--transform", "ark:transform.ark")
    assert "utterance 'u1': transform ark:transform.ark: " in error


@pytest.fixture
def extractor(folder: Path) -> Path:
    """A folder with an extractor, and features for it."""
    shutil.copytree(EXTRACTOR, folder / "extractor")
    features = np.random.default_rng(1).standard_normal((3, 50, 40)).astype(np.float32)
    write_table("ark:in.ark", {f"u{number}": rows for number, rows in enumerate(features, 1)})
    return folder / "extractor"


IVECTORS = ("ivectors", "--config", "extractor", "ark:in.ark", "ark:x.ark")


@pytest.mark.parametrize("name", ["final.ie", "final.dubm", "final.mat", "global_cmvn.stats"])
@pytest.mark.parametrize("damage", ["empty", "cut", "text", "other", "none"])
def test_files_of_extractors(name: str, damage: str, extractor: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = extractor / name
    whole = path.read_bytes()
    other = extractor / ("final.mat" if name != "final.mat" else "final.dubm")
    changed = {"empty": b"", "cut": whole[: len(whole) // 2], "text": b"no extractor\n", "other": other.read_bytes()}
    if damage == "none":
        path.unlink()
    else:
        path.write_bytes(changed[damage])
    assert name in check(capfd, *IVECTORS)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.ones((50, 39), np.float32), "40"),
        (np.full((50, 40), np.nan, np.float32), "NaN"),
        (np.full((50, 40), 1e30, np.float32), ""),
        (np.zeros((0, 0), np.float32), ""),
    ],
)
def test_features_that_do_not_fit_an_extractor(
    rows: np.ndarray, expected: str, extractor: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = dict(stored("in.ark"))
    write_table("ark:in.ark", {"u1": table["u1"], "u2": rows, "u3": table["u3"]})
    error = check(capfd, *IVECTORS)
    assert "'u2'" in error and expected in error
    outcome = run(*IVECTORS, "--on-error", "skip")
    assert outcome.code == 1
    assert "\nskipped: u2: " in outcome.stderr
    assert list(stored("x.ark")) == ["u1", "u3"]


def test_speakers_and_weights_of_ivectors(extractor: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("spk2utt").write_text("s u1 u4\nt u2\n")
    assert "'u4'" in check(capfd, *IVECTORS, "--spk2utt", "ark:spk2utt")
    outcome = run(*IVECTORS, "--spk2utt", "ark:spk2utt", "--on-error", "skip")
    assert outcome.code == 1 and list(stored("x.ark")) == ["u1", "u2"]
    Path("x.ark").unlink()
    write_table("ark:weights.ark", {"u1": np.ones(50, np.float32), "u2": np.ones(48, np.float32)})
    weights = ("--frame-weights-rspecifier", "ark:weights.ark")
    assert "'u2'" in check(capfd, *IVECTORS, *weights)
    outcome = run(*IVECTORS, *weights, "--on-error", "skip")
    assert outcome.code == 1 and list(stored("x.ark")) == ["u1"]
    Path("x.ark").unlink()
    write_table("ark:weights.ark", {"u2": np.ones(50, np.float32)})
    error = "error: --frame-weights-rspecifier: expected weights of utterance 'u1', found none"
    assert check(capfd, *IVECTORS, *weights) == error
    write_table("ark:weights.ark", {"u1": np.ones((50, 1), np.float32)})
    assert "--frame-weights-rspecifier: utterance 'u1': expected a vector" in check(capfd, *IVECTORS, *weights)


def test_speakers_of_ivectors_of_a_model(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "spk2utt").write_text("es_Andrea es_Andrea-t0004\n")
    words = [
        *("score", "-m", str(MODELS / "chain_ivector" / "final.mdl"), "-i", f"wav:{DATA}/speech/*.flac"),
        *("-o", "ark:x.ark", "--feature-config", str(MODELS / "chain_ivector" / "conf" / "mfcc.conf")),
        *("--ivector-extractor", str(EXTRACTOR)),
    ]
    error = check(capfd, *words, "--ivector-spk2utt", "ark:spk2utt")
    assert error == "error: --ivector-spk2utt: expected the speaker of utterance 'es_Annie-t0002', found none"
    Path("small.conf").write_text("--num-ceps=13\n")
    error = check(capfd, *words, "--feature-type", "mfcc", "--feature-config", "small.conf")
    assert "utterance 'es_Andrea-t0004': expected features of 40 columns" in error
