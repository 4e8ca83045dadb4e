"""Listening: streams, microphones, files that grow, states, limits and ends of every kind."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import webvtt

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError, SoundFormatError, TableFormatError, UsageError
from ov_asr_score.job.listen import run_listening
from ov_asr_score.settings.recognition.endpointing import EndpointSettings
from ov_asr_score.settings.recognition.listen_job import ListenJob
from ov_asr_score.settings.recognition.listen_sound import ListenSound
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.transcript.transcript import Segment
from tests.audio.fake_sounddevice import FakeSounddevice
from tests.command_line import DATA, MODELS, interruptible

CHAIN = str(MODELS / "chain_ivector")
# of 1.5 s: light noise, as the model takes perfect silence for speech
PAUSE = (np.random.default_rng(1).standard_normal(24000) * 10).astype("<i2").tobytes()


def samples(name: str) -> bytes:
    """The samples of an utterance, 16 bits each."""
    data: bytes = read_audio(DATA / "speech" / f"{name}.flac").samples[0].astype("<i2").tobytes()
    return data


TWO = samples("es_Gene-t0010") + PAUSE + samples("es_john-t0021")
WORDS = ["two open seven", "no"]


@dataclass
class Told:
    """A listener that remembers."""

    partials: list[str] = field(default_factory=list)
    finals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    on_final: Callable[[], None] = lambda: None

    def partial(self, text: str) -> None:
        self.partials.append(text)

    def final(self, segment: Segment) -> None:
        self.finals.append(segment.text)
        self.on_final()

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "two.raw"
    path.write_bytes(TWO)
    return path


def test_words_of_a_stream_with_all_files(raw: Path, tmp_path: Path) -> None:
    told = Told()
    job = ListenJob(
        CHAIN,
        str(raw),
        captions=str(tmp_path / "live.vtt"),
        transcript=str(tmp_path / "all.json"),
        state=str(tmp_path / "state.json"),
    )
    seen: list[list[str]] = []
    told.on_final = lambda: seen.append([cue.text for cue in webvtt.read(job.captions).captions])
    heard = run_listening(job, told)
    assert told.finals == WORDS
    assert not heard.was_stopped
    assert {"two", "two open"} <= set(told.partials)
    assert seen == [WORDS[:1], WORDS]  # the file has what was just said
    document = json.loads((tmp_path / "all.json").read_text())
    assert [each["utterance"] for each in document["segments"]] == ["two-0001", "two-0002"]
    assert document["durations"] == {"two": pytest.approx(len(TWO) / 32000, abs=1e-6)}
    starts = [segment.start for segment in heard.transcript.segments]
    assert starts[0] == 0 and 1.6 < (starts[1] or 0) < 3.2
    # the speaker's next stream begins with the state
    before = (tmp_path / "state.json").read_bytes()
    run_listening(job, told)
    assert (tmp_path / "state.json").read_bytes() != before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["all.json", "live.vtt", "state.json", "two.raw"]


def test_partial_words_come_before_the_end_of_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    told, may_end = Told(), threading.Event()
    waited: list[bool] = []

    def send() -> None:
        with path.open("wb", buffering=0) as file:
            file.write(TWO[: 2 * 16000 * 3])
            waited.append(may_end.wait(60))
            file.write(TWO[2 * 16000 * 3 :])

    told.on_final = may_end.set  # the first utterance is final while the second has not begun
    thread = threading.Thread(target=send)
    thread.start()
    run_listening(ListenJob(CHAIN, str(path)), told)
    thread.join()
    assert waited == [True] and told.finals == WORDS


def test_a_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSounddevice(TWO)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    told = Told()
    heard = run_listening(ListenJob(CHAIN), told)
    assert told.finals == WORDS
    assert (fake.opened["samplerate"], fake.opened["blocksize"], fake.closed) == (16000, 2880, 1)
    assert {each.recording for each in heard.transcript.segments} == {"microphone"}


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals go to the main thread")
def test_ctrl_c_ends_a_microphone_after_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = FakeSounddevice(TWO, goes_away=False)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    told = Told()

    def stop() -> None:
        while not told.finals:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    with interruptible():
        heard = run_listening(ListenJob(CHAIN, transcript=str(tmp_path / "all.txt")), told)
    thread.join()
    assert heard.was_stopped and told.finals == WORDS and fake.closed == 1
    assert (tmp_path / "all.txt").read_text() == "microphone-0001 two open seven\nmicrophone-0002 no\n"


def test_a_limit_of_seconds(raw: Path) -> None:
    told = Told()
    heard = run_listening(ListenJob(CHAIN, str(raw), max_seconds=1.7), told)
    assert told.finals == WORDS[:1]
    assert heard.transcript.durations == {"two": 1.7}


def test_endpoints_that_are_asked_for(raw: Path) -> None:
    told = Told()
    never = EndpointSettings(
        endpoint_rule2_min_trailing_silence=9.0,
        endpoint_rule3_min_trailing_silence=9.0,
        endpoint_rule4_min_trailing_silence=9.0,
    )
    run_listening(ListenJob(CHAIN, str(raw), endpoints=never), told)
    assert told.finals == [" ".join(WORDS)]


def test_phrases(raw: Path) -> None:
    told = Told()
    run_listening(ListenJob(CHAIN, str(raw), phrases=PhraseSettings("no;yess;[unk]", repeat_phrases=True)), told)
    assert told.finals == ["[unk] [unk] [unk]", "no"]
    assert any(note.startswith("phrase 'yess' is left out: 'yess' is not in ") for note in told.notes)


@pytest.mark.parametrize(("rate", "step"), [(8000, 2), (48000, 3)])
def test_other_rates(rate: int, step: int, tmp_path: Path) -> None:
    values = np.frombuffer(TWO, "<i2")
    (tmp_path / "two.raw").write_bytes((values[::step] if rate == 8000 else values.repeat(step)).tobytes())
    told = Told()
    run_listening(ListenJob(CHAIN, str(tmp_path / "two.raw"), sound=ListenSound(rate=rate)), told)
    assert rate == 8000 or told.finals == WORDS
    notes = [note for note in told.notes if "resampled" in note]
    assert [note.split(":")[1][:29] for note in notes] == ([" has 8000 Hz and is resampled"] if rate == 8000 else [])


def test_low_latency_takes_smaller_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSounddevice(TWO)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    told = Told()
    run_listening(ListenJob(CHAIN, low_latency=True, words=True), told)
    assert fake.opened["blocksize"] == 960 and told.finals == WORDS


def test_what_was_final_is_kept_when_words_have_no_reader(raw: Path, tmp_path: Path) -> None:
    told = Told()

    def gone() -> None:
        raise BrokenPipeError

    told.on_final = gone
    job = ListenJob(CHAIN, str(raw), captions=str(tmp_path / "a.srt"), transcript=str(tmp_path / "a.txt"))
    with pytest.raises(BrokenPipeError):
        run_listening(job, told)
    assert told.finals == WORDS[:1]
    assert (tmp_path / "a.txt").read_text().startswith("two-0001 two open seven\n")
    assert "two open seven" in (tmp_path / "a.srt").read_text()


def test_sound_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "bad.raw"
    floats = np.frombuffer(TWO, "<i2").astype("<f4") / np.float32(32768)
    floats[60000:] = np.nan
    path.write_bytes(floats.tobytes())
    told = Told()
    job = ListenJob(CHAIN, str(path), ListenSound(raw_format="f32le"), transcript=str(tmp_path / "a.txt"))
    with pytest.raises(OvAsrScoreError, match="expected"):
        run_listening(job, told)
    assert told.finals[0] == WORDS[0]
    assert (tmp_path / "a.txt").read_text().startswith("bad-0001 two open seven\n")


@pytest.mark.parametrize(
    "options, words",
    [
        ({"captions": "a.txt"}, "captions a.txt: expected a name that ends in .vtt or .srt"),
        ({"transcript": "-"}, "expected a file: words go to standard output"),
        ({"sound": ListenSound(microphone="2")}, "is not listened to where sound comes from"),
        ({"transcript": "a.docx"}, "expected a suffix"),
        ({"transcript": "a.txt", "transcript_format": "word"}, "transcript_format: expected one of"),
        ({"caption_options": CaptionOptions(caption_min_seconds=9.0)}, "caption_min_seconds: expected at most the 7"),
    ],
)
def test_options_that_contradict_each_other(raw: Path, options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_listening(ListenJob(CHAIN, str(raw), **options), Told())  # type: ignore[arg-type]


def test_states_of_something_else(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(TableFormatError, match=r"state\.json: .*; take another name to begin with a new speaker"):
        run_listening(ListenJob(CHAIN, str(raw), state=str(tmp_path / "state.json")), Told())


def test_older_captions_stay_where_there_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "none.raw").write_bytes(b"")
    (tmp_path / "live.vtt").write_text("older")
    with pytest.raises(SoundFormatError, match="expected samples, found none"):
        run_listening(ListenJob(CHAIN, str(tmp_path / "none.raw"), captions=str(tmp_path / "live.vtt")), Told())
    assert (tmp_path / "live.vtt").read_text() == "older"


def test_files_that_are_read_are_not_written(raw: Path) -> None:
    with pytest.raises(UsageError, match="is the same file as that of source"):
        run_listening(ListenJob(CHAIN, str(raw), transcript=str(raw), transcript_format="text"), Told())
    assert raw.read_bytes() == TWO
