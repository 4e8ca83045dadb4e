"""Sound to words, held against what Kaldi's programs find for whole files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ov_asr_score.errors import MissingUtteranceError, UsageError
from ov_asr_score.job.score import run_job
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.settings.recognition.search_choices import SearchChoices
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.json_form import read_transcript
from tests.command_line import DATA, ROOT
from tests.job.transcribe.directories import EXPERIMENT, FOLDER, ONLINE

SPEECH = DATA / "speech"
KALDI = ROOT / "tests" / "kaldi_speech" / "recognition" / "offline"
SOUND = f"wav:{SPEECH}/*.flac"
WEIGHTED = replace(ONLINE, silence_weighting=SilenceWeightingOptions(tuple(range(1, 11)), 0.001))


def transcribed(path: Path, directory: ModelDirectory = ONLINE, *sources: str, **more: object) -> list[str]:
    """The lines that a transcription writes into ``path``."""
    job = TranscribeJob(str(FOLDER), sources or (SOUND,), files=WordFiles(text=str(path)), decode_workers=1)
    report = run_transcription(replace(job, **more), directory=directory)  # type: ignore[arg-type]
    assert report.verdict == "ok"
    return path.read_text().splitlines()


@pytest.mark.parametrize("directory", [ONLINE, EXPERIMENT], ids=["online", "experiment"])
def test_words_are_those_of_kaldi(directory: ModelDirectory, tmp_path: Path) -> None:
    assert transcribed(tmp_path / "text", directory) == (SPEECH / "kaldi_text").read_text().splitlines()


@pytest.mark.parametrize(
    ("directory", "spk2utt", "name"),
    [(ONLINE, "", "utt"), (ONLINE, f"ark:{SPEECH}/spk2utt", "spk"), (WEIGHTED, "", "sw")],
    ids=["each its own speaker", "state carried on", "weights of silence"],
)
def test_costs_are_those_of_whole_files_online(
    directory: ModelDirectory, spk2utt: str, name: str, tmp_path: Path
) -> None:
    costs = tmp_path / "costs"
    files = WordFiles(nbest_costs=str(costs))
    job = TranscribeJob(str(FOLDER), (SOUND,), spk2utt=spk2utt, files=files, decode_workers=1)
    run_transcription(job, directory=directory)
    found = {line.split()[0].removesuffix("-1"): line.split()[1:] for line in costs.read_text().splitlines()}
    expected = {line.split()[0]: line.split()[1:] for line in (KALDI / f"costs_{name}.txt").read_text().splitlines()}
    assert list(found) == list(expected)
    numbers, wanted = (np.array(list(each.values()), float) for each in (found, expected))
    np.testing.assert_allclose(numbers, wanted, atol=0.02)  # a sum over up to 126 frames


def test_scores_are_those_of_one_ivector_for_the_file(tmp_path: Path) -> None:
    scores = tmp_path / "scores.ark"
    job = TranscribeJob(str(FOLDER), (SOUND,), files=WordFiles(text=str(tmp_path / "text")), decode_workers=1)
    worst = {}
    for directory in (ONLINE, EXPERIMENT):
        run_job(replace(scoring_job(job, directory), outputs=(f"ark:{scores}",)))
        found = dict(read_table(str(scores)))
        known = dict(read_table(str(KALDI / "scores.ark")))
        worst[directory.layout] = max(float(np.abs(found[key] - known[key]).max()) for key in known)
    assert worst["kaldi online"] < 1e-4
    assert worst["kaldi experiment"] > 0.1  # an i-vector for each chunk


def test_the_options_of_the_search_count_more_than_the_directory() -> None:
    job = TranscribeJob(str(FOLDER), (SOUND,), search=SearchChoices(beam=16.0, decoding_scale=0.5))
    search = scoring_job(job, ONLINE).decoding.search
    assert (search.beam, search.decoding_scale, search.max_active, search.lattice_beam) == (16.0, 0.5, 7000, None)


def test_searches_of_online_decoding_end_where_the_sound_does() -> None:
    for directory, allowed in ((ONLINE, True), (EXPERIMENT, False)):
        job = TranscribeJob(model=str(directory.folder), sources=["x.wav"])
        assert scoring_job(job, directory).decoding.search.allow_partial is allowed
        asked = replace(job, search=SearchChoices(allow_partial=not allowed))
        assert scoring_job(asked, directory).decoding.search.allow_partial is not allowed


def test_a_search_for_lattices_leaves_out_what_it_does_not_know() -> None:
    files = WordFiles(transcript="x.json", confidence="mbr")
    words = replace(ONLINE.words, search=replace(ONLINE.words.search, hash_ratio=3.0))
    found = scoring_job(TranscribeJob(str(FOLDER), (SOUND,), files=files), replace(ONLINE, words=words))
    search = found.decoding.search
    assert (search.max_active, search.lattice_beam, search.hash_ratio) == (7000, 8.0, None)
    assert list(found.notes) == ["hash_ratio: not used, as the search for lattices has no such table"]


def test_words_go_to_standard_output_where_no_file_is_named() -> None:
    assert scoring_job(TranscribeJob(str(FOLDER), SOUND), ONLINE).decoding.files.text == "-"
    assert scoring_job(
        TranscribeJob(str(FOLDER), SOUND, files=WordFiles(transcript="out/")), ONLINE
    ).decoding.files == WordFiles(transcript="out/", transcript_format="text")


def test_sound_files_one_by_one_are_those_of_a_pattern(tmp_path: Path) -> None:
    names = sorted(map(str, SPEECH.glob("*.flac")))
    lines = transcribed(tmp_path / "text", ONLINE, *names[:3])
    assert lines == (SPEECH / "kaldi_text").read_text().splitlines()[:3]


def test_sound_that_cannot_be_read_is_named_and_left_out(tmp_path: Path) -> None:
    good, bad = SPEECH / "es_Andrea-t0004.flac", tmp_path / "bad.flac"
    bad.write_bytes(good.read_bytes()[:100])
    (tmp_path / "empty.wav").write_bytes(b"")
    text = tmp_path / "text"
    names = (str(bad), str(tmp_path / "empty.wav"), str(good))
    job = TranscribeJob(str(FOLDER), names, files=WordFiles(text=str(text)), on_error="skip", decode_workers=1)
    report = run_transcription(job, directory=ONLINE)
    assert (report.verdict, [each.key for each in report.failures]) == ("failed", ["bad", "empty"])
    assert text.read_text() == "es_Andrea-t0004 off\n"


def test_speakers_need_ivectors() -> None:
    plain = replace(ONLINE, frontend=replace(ONLINE.frontend, ivector_extractor="", ivector_options=None))
    with pytest.raises(UsageError, match="spk2utt: is for i-vectors"):
        scoring_job(TranscribeJob(str(FOLDER), SOUND, spk2utt="ark:spk2utt"), plain)


def stereo(path: Path, *names: str) -> None:
    """A call: utterances of ``SPEECH`` in the channels of a file, as far as the shorter one goes."""
    sounds = [soundfile.read(SPEECH / f"{name}.flac", dtype="int16")[0] for name in names]
    shortest = min(map(len, sounds))
    soundfile.write(path, np.stack([sound[:shortest] for sound in sounds], axis=1), 16000)


def test_channels_apart(tmp_path: Path) -> None:
    stereo(tmp_path / "call.wav", "flite_slt-t0017", "es_Annie-t0002")
    mono = str(SPEECH / "es_john-t0021.flac")
    files = WordFiles(transcript=str(tmp_path / "t.json"), text=str(tmp_path / "text"))
    sources = (str(tmp_path / "call.wav"), mono)
    job = TranscribeJob(str(FOLDER), sources, files=files, sound=SoundSettings(channel="all"), decode_workers=1)
    run_transcription(job, directory=ONLINE)
    assert (tmp_path / "text").read_text() == "call-0 three one\ncall-1 six\nes_john-t0021 no\n"
    found = [(each.recording, each.channel, each.text) for each in read_transcript(tmp_path / "t.json").segments]
    assert sorted(found) == [("", 1, "no"), ("call", 1, "three one"), ("call", 2, "six")]


def test_channels_of_segments_apart(tmp_path: Path) -> None:
    stereo(tmp_path / "call.wav", "es_f4-t0000", "es_john-t0021")
    (tmp_path / "wav.scp").write_text(f"call {tmp_path}/call.wav\n")
    (tmp_path / "segments").write_text("talk call 0.1 0.9\n")
    files = WordFiles(transcript=str(tmp_path / "t.json"))
    sound = SoundSettings(channel="all")
    job = TranscribeJob(str(FOLDER), (str(tmp_path),), files=files, sound=sound, decode_workers=1)
    run_transcription(job, directory=ONLINE)
    found = read_transcript(tmp_path / "t.json").segments
    places = [(each.utterance, each.recording, each.channel, each.start, each.end) for each in found]
    assert places == [("talk-0", "call", 1, 0.1, 0.9), ("talk-1", "call", 2, 0.1, 0.9)]
    assert all(word.start is not None and word.start >= 0.1 for each in found for word in each.alternatives[0].words)


def test_the_report_tells_the_time_of_all_stages(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    lines = transcribed(tmp_path / "text", ONLINE, report=str(report), long_after=2.0)  # some are recognized in pieces
    assert len(lines) == 9
    stages = json.loads(report.read_text())["totals"]["stage_seconds"]
    assert list(stages) == ["sound", "features", "i-vectors", "network", "search"]
    assert all(seconds > 0 for seconds in stages.values())


def test_the_duration_of_rows_counts_more_than_that_of_the_directory() -> None:
    known = replace(ONLINE, words=replace(ONLINE.words, row_shift_seconds=0.02))
    job = TranscribeJob(str(FOLDER), SOUND)
    assert scoring_job(job, known).decoding.row_shift_seconds == 0.02
    assert scoring_job(replace(job, row_shift_seconds=0.04), known).decoding.row_shift_seconds == 0.04


def test_messages_name_the_settings_of_transcribing(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    soundfile.write(sound, np.zeros(8000, np.int16), 16000)
    (tmp_path / "spk2utt").write_text("speaker another\n")
    job = TranscribeJob(str(FOLDER), (str(sound),), files=WordFiles(transcript=str(sound), transcript_format="text"))
    with pytest.raises(UsageError, match=r"^transcript .*: is the same file as that of sources; ") as same:
        run_transcription(job, directory=ONLINE)
    assert same.value.fields == ("transcript", "sources")
    job = TranscribeJob(str(FOLDER), (str(sound),), spk2utt=f"ark:{tmp_path}/spk2utt", decode_workers=1)
    with pytest.raises(MissingUtteranceError, match=r"^spk2utt: expected the speaker of utterance 'a'") as lacking:
        run_transcription(job, directory=ONLINE)
    assert lacking.value.fields == ("spk2utt",)
