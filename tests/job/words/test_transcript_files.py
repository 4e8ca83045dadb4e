"""Transcripts of runs: one file, or a folder with one for each recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.job.decode import run_decode
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.transcript.json_form import read_transcript
from tests.command_line import ROOT
from tests.job.test_decode import SCORES, SPEECH, job, lines


def test_a_document_of_all_utterances(tmp_path: Path) -> None:
    files = WordFiles(transcript=f"{tmp_path}/all.json", data_dir=str(SPEECH), confidence="mbr", nbest=2)
    run_decode(job(files))
    transcript = read_transcript(tmp_path / "all.json")
    assert [segment.utterance for segment in transcript.segments] == [
        line.split()[0] for line in lines(SPEECH / "text")
    ]
    assert {segment.speaker for segment in transcript.segments} == {
        line.split()[1] for line in lines(SPEECH / "utt2spk")
    }
    words = [word for segment in transcript.segments for word in segment.alternatives[0].words]
    assert len(words) == 20
    assert all(word.confidence is not None and word.confidence > 0.3 for word in words)


def test_captions_are_a_file_for_each_recording(tmp_path: Path) -> None:
    run_decode(job(WordFiles(transcript=f"{tmp_path}/srt/", transcript_format="srt")))
    captions = sorted((tmp_path / "srt").iterdir())
    assert [path.name for path in captions] == sorted(f"{line.split()[0]}.srt" for line in lines(SPEECH / "text"))
    assert captions[0].read_text() == "1\n00:00:00,270 --> 00:00:01,270\noff\n"
    short = job(WordFiles(transcript=f"{tmp_path}/short/", transcript_format="srt"))
    run_decode(replace(short, decoding=replace(short.decoding, captions=CaptionOptions(caption_min_seconds=0.3))))
    assert (tmp_path / "short" / captions[0].name).read_text() == "1\n00:00:00,270 --> 00:00:00,570\noff\n"


def test_keys_that_make_the_same_name_are_files_of_their_own(tmp_path: Path) -> None:
    key, rows = next(iter(read_table(f"ark:{SCORES}")))
    with TableWriter(f"ark:{tmp_path}/scores.ark") as writer:
        for name in ("a/b", "a_b", ".a_b", key):
            writer.write(name, rows)
    files = WordFiles(transcript=f"{tmp_path}/json/", transcript_format="json")
    run_decode(job(files, scores=tmp_path / "scores.ark"))
    found = {path.name: read_transcript(path).segments[0].utterance for path in (tmp_path / "json").iterdir()}
    assert found == {"a_b.json": "a/b", "a_b-2.json": "a_b", "a_b-3.json": ".a_b", f"{key}.json": key}


def test_files_of_services_have_the_suffix_of_json(tmp_path: Path) -> None:
    for name, suffix in (("riva", ".json"), ("vosk", ".jsonl"), ("kaldi-ctm", ".ctm"), ("nbest-text", ".txt")):
        run_decode(job(WordFiles(transcript=f"{tmp_path}/{name}/", transcript_format=name)))
        assert {path.suffix for path in (tmp_path / name).iterdir()} == {suffix}


def test_what_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"transcript .*\.srt: expected one recording, found 'es_Annie-t0002', too"):
        run_decode(job(WordFiles(transcript=f"{tmp_path}/all.srt")))
    with pytest.raises(UsageError, match="transcript_format: expected the format of the files"):
        run_decode(job(WordFiles(transcript=f"{tmp_path}/")))
    with pytest.raises(UsageError, match="transcript_format: expected one of json, text"):
        run_decode(job(WordFiles(transcript=f"{tmp_path}/x", transcript_format="subtitles")))
    assert not list(tmp_path.iterdir())


def test_a_page_with_sound(tmp_path: Path) -> None:
    run_decode(job(WordFiles(transcript=f"{tmp_path}/all.html", data_dir=str(ROOT / "data" / "speech"))))
    page = (tmp_path / "all.html").read_text()
    assert page.count("data:audio/wav;base64,") == 9
