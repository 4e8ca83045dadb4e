"""Decoding of stored scores, against latgen-faster-mapped and nbest-to-ctm."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.job.decode import run_decode
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.settings.shard import parse_shard
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decode_job import DecodeJob
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles, WordSettings
from tests.command_line import ROOT
from tests.decoding.ctc.small_graph import write_graph

SPEECH = ROOT / "data" / "speech"
CHAIN = ROOT / "models" / "chain_ivector"
GRAPH = CHAIN / "graph" / "HCLG.fst"
MODEL = ROOT / "models" / "chain_ivector" / "final.mdl"
SCORES = SPEECH / "kaldi_scores.ark"


def job(files: WordFiles, *, scores: Path | str = SCORES, **settings: object) -> DecodeJob:
    words = WordSettings(GraphSettings(str(GRAPH)), files=files, decode_workers=1)
    return DecodeJob(f"ark:{scores}", str(MODEL), replace(words, **settings), frame_subsampling_factor=3)  # type: ignore[arg-type]


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


@pytest.mark.parametrize("workers", [1, 2])
def test_words_as_kaldi(workers: int, tmp_path: Path) -> None:
    files = WordFiles(text=f"{tmp_path}/text", reference_text=str(SPEECH / "text"))
    report = run_decode(job(files, decode_workers=workers))
    assert (tmp_path / "text").read_bytes() == (SPEECH / "kaldi_text").read_bytes()
    totals = report.totals
    assert (totals.utterances, totals.frames, totals.words, totals.partial, totals.num_failures) == (9, 460, 20, 0, 0)
    # latgen-faster-mapped logs 4.04335
    assert totals.log_likelihood_per_frame == pytest.approx(4.04335, abs=1e-5)
    assert totals.errors is not None
    assert totals.errors.lines[0] == "%WER 5.00 [ 1 / 20, 0 ins, 0 del, 1 sub ]"
    assert report.notes == [f"words of {GRAPH.parent}/words.txt", "acoustic scale 1, as usual for chain models"]
    assert report.verdict == "ok"


def test_alignments(tmp_path: Path) -> None:
    found = {}
    for kind in ("transition-ids", "pdfs", "frame-phones"):
        files = WordFiles(alignment=f"ark:{tmp_path}/{kind}.ark", alignment_as=kind)
        run_decode(job(files))
        found[kind] = dict(read_table(f"ark:{tmp_path}/{kind}.ark"))
    from ov_asr_score.kaldi_model.transitions import load_transitions

    transitions = load_transitions(MODEL)
    for key, ids in found["transition-ids"].items():
        np.testing.assert_array_equal(found["pdfs"][key], transitions.pdfs[ids])
        np.testing.assert_array_equal(found["frame-phones"][key], transitions.phones[ids])
    scores = dict(read_table(f"ark:{SCORES}"))
    assert {key: len(ids) for key, ids in found["frame-phones"].items()} == {
        key: len(rows) for key, rows in scores.items()
    }


def test_what_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    scores = dict(read_table(f"ark:{SCORES}"))
    with TableWriter(f"ark:{tmp_path}/odd.ark") as writer:
        first, second = list(scores)[:2]
        writer.write(first, scores[first])
        writer.write("empty", np.zeros((0, 56), np.float32))
        nan = scores[second].copy()
        nan[3, 5] = np.nan
        writer.write("nan", nan)
        writer.write("short", scores[second][:1])
    files = WordFiles(text=f"{tmp_path}/text")
    report = run_decode(job(files, scores=tmp_path / "odd.ark"))
    assert [line.split()[0] for line in lines(tmp_path / "text")] == [first]
    assert {failure.key: failure.message.split(":")[0] for failure in report.totals.failures} == {
        "empty": "no frames",
        "nan": "NaN or infinity in the scores of frame 3",
        "short": "no final state was reached, and partial paths are not allowed",
    }
    assert report.verdict == "failed"
    partial = run_decode(job(files, scores=tmp_path / "odd.ark", search=DecodingOptions(allow_partial=True)))
    assert partial.totals.partial == 1
    assert [line.split()[0] for line in lines(tmp_path / "text")] == [first, "short"]


def test_a_vector_among_scores(tmp_path: Path) -> None:
    key, rows = next(iter(read_table(f"ark:{SCORES}")))
    with TableWriter(f"ark:{tmp_path}/odd.ark") as writer:
        writer.write("vector", rows[0])
        writer.write(key, rows)
    given = job(WordFiles(text=f"{tmp_path}/text"), scores=tmp_path / "odd.ark")
    with pytest.raises(ShapeMismatchError, match="utterance 'vector': expected a matrix of scores, found a vector"):
        run_decode(given)
    totals = run_decode(replace(given, on_error="skip")).totals
    assert (totals.utterances, [failure.key for failure in totals.failures]) == (1, ["vector"])


def test_times_by_the_frames_of_a_row(tmp_path: Path) -> None:
    """The factor lies beside the model, or beside the file with its transition model; else a note tells."""
    given = job(WordFiles(ctm=f"{tmp_path}/given.ctm"))
    assert not any("row of scores" in note for note in run_decode(given).notes)
    expected = lines(tmp_path / "given.ctm")
    model = tmp_path / "final.mdl"
    model.write_bytes(MODEL.read_bytes())
    found = replace(given, model=str(model), frame_subsampling_factor=0)
    assert "times take a row of scores for one frame; chain models mostly have 3 (frame_subsampling_factor 3)" in (
        run_decode(found).notes
    )
    (tmp_path / "frame_subsampling_factor").write_text("3\n")
    graph = GraphSettings(str(GRAPH), transition_model=str(model))
    for name, job_of_model in (("model", found), ("transitions", replace(found, model=""))):
        words = replace(found.decoding, graph=graph, files=WordFiles(ctm=f"{tmp_path}/{name}.ctm"))
        run_decode(replace(job_of_model, decoding=words))
        assert lines(tmp_path / f"{name}.ctm") == expected


def test_no_utterances(tmp_path: Path) -> None:
    """Of a whole table that fails; a shard may be empty, whatever the limits."""
    (tmp_path / "none.ark").write_bytes(b"")
    files = WordFiles(text=f"{tmp_path}/text", reference_text=str(SPEECH / "text"))
    empty = job(files, scores=tmp_path / "none.ark", limits=WordLimits(max_wer=1.0))
    report = run_decode(empty)
    assert (report.verdict, report.limit_messages) == ("failed", ["there were no utterances"])
    assert run_decode(replace(empty, shard=parse_shard("2/2"))).verdict == "ok"


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    files = WordFiles(text=f"{tmp_path}/text")
    other = ROOT / "models" / "nnet3_tdnn" / "final.mdl"
    with pytest.raises(ShapeMismatchError, match=r"give the (scores of the )?model"):
        run_decode(replace(job(files), model=str(other)))
    (tmp_path / "words.txt").write_text("<eps> 0\nyes 1\n")
    with pytest.raises(ShapeMismatchError, match="expected a symbol for each"):
        run_decode(job(files, graph=GraphSettings(str(GRAPH), words=f"{tmp_path}/words.txt")))
    assert not (tmp_path / "text").exists()


def test_scores_of_other_models_are_skipped(tmp_path: Path) -> None:
    scores = dict(read_table(f"ark:{SCORES}"))
    first, second = list(scores)[:2]
    with TableWriter(f"ark:{tmp_path}/odd.ark") as writer:
        writer.write(first, scores[first][:, :20])
        writer.write(second, scores[second])
    files = WordFiles(text=f"{tmp_path}/text")
    odd = job(files, scores=tmp_path / "odd.ark")
    message = f"scores of utterance '{first}': expected 56 columns, one for each pdf of {MODEL}, found 20"
    with pytest.raises(ShapeMismatchError, match=re.escape(message)):
        run_decode(odd)
    report = run_decode(replace(odd, on_error="skip"))
    assert [failure.key for failure in report.totals.failures] == [first]
    assert [line.split()[0] for line in lines(tmp_path / "text")] == [second]


def test_options_without_effect_are_told(tmp_path: Path) -> None:
    """Only a graph is searched by a beam, and only a language model has a weight."""
    scores, graph = ROOT / "data/conv_ctc/logprobs.ark", GraphSettings()
    tokens = CtcOptions(tokens=str(ROOT / "data/conv_ctc/vocab.txt"), lm_weight=2.0)
    files, search = WordFiles(text=f"{tmp_path}/text"), DecodingOptions(beam=8.0, decoding_scale=0.5)
    told = [
        each
        for each in run_decode(job(files, ctc=tokens, search=search, scores=scores, graph=graph)).notes
        if "nothing" in each
    ]
    assert told == [
        "without a graph these options change nothing: beam, decoding_scale",
        "without a language model (lm) these options change nothing: lm_weight",
    ]
    timed = job(WordFiles(ctm=f"{tmp_path}/ctm"), ctc=tokens, scores=scores, graph=graph)
    model = tmp_path / "final.mdl"  # no frame_subsampling_factor beside it
    model.write_bytes(MODEL.read_bytes())
    unknown = replace(timed, model=str(model), frame_subsampling_factor=0)
    assert any("row_shift" in each for each in run_decode(unknown).notes)
    plain = job(files, ctc=replace(tokens, lm_weight=CtcOptions().lm_weight), scores=scores, graph=graph)
    assert not any("nothing" in each for each in run_decode(plain).notes)


def test_a_graph_of_another_model_is_noticed(tmp_path: Path) -> None:
    # as many pdfs, more transition-ids
    other = replace(
        job(WordFiles(text=f"{tmp_path}/text"), scores=ROOT / "data" / "kaldi" / "nnet3_chain_tdnnf.ark"),
        model=str(ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"),
    )
    report = run_decode(other)
    assert any("belong" in note for note in report.notes), report.notes


def test_what_is_asked_for() -> None:
    files = WordFiles(text="-")
    with pytest.raises(UsageError, match="graph: expected a decoding graph"):
        run_decode(job(files, graph=GraphSettings()))
    with pytest.raises(UsageError, match="model: expected the Kaldi model"):
        run_decode(replace(job(files), model=""))
    with pytest.raises(UsageError, match="nbest: expected a file"):
        run_decode(job(WordFiles(text="-", nbest=3)))
    with pytest.raises(UsageError, match=r"report page\.html: expected a name for JSON"):
        run_decode(replace(job(files), report="page.html"))
    with pytest.raises(UsageError, match="confidence: expected a file that shows it"):
        run_decode(job(WordFiles(text="-", confidence="mbr")))
    with pytest.raises(UsageError, match="lattice: is for the graphs of Kaldi models"):
        run_decode(job(WordFiles(lattice="ark:-"), graph=GraphSettings(), ctc=CtcOptions(tokens="tokens.txt")))


def test_ctc(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("<blk> 0\n" + "".join(f"t{number} {number}\n" for number in range(1, 12)))
    files = WordFiles(text=f"{tmp_path}/text", ctm=f"{tmp_path}/ctm")
    tokens = CtcOptions(tokens=f"{tmp_path}/tokens.txt", word_separator="each-token")
    scores = ROOT / "data" / "conv_ctc" / "logprobs.ark"
    report = run_decode(job(files, scores=scores, graph=GraphSettings(), ctc=tokens))
    for line, (key, rows) in zip(lines(tmp_path / "text"), read_table(f"ark:{scores}"), strict=True):
        best = rows.argmax(axis=1)
        changes = best[np.flatnonzero(np.diff(best, prepend=-1))]
        assert line.split() == [key, *(f"t{token}" for token in changes if token)]
    assert report.totals.words == len(lines(tmp_path / "ctm"))


def test_ctc_with_a_graph(tmp_path: Path) -> None:
    tokens = ("<blk>", "▁a", "▁b", "a", "b")
    write_graph(tmp_path, tokens, {"a": ["▁a"], "ab": ["▁a", "b"], "ba": ["▁b", "a"]})
    (tmp_path / "tokens.txt").write_text("".join(f"{token} {number}\n" for number, token in enumerate(tokens)))
    probs = np.full((8, 5), 0.01)
    probs[np.arange(8), [0, 1, 4, 0, 0, 1, 1, 0]] = 0.96
    with TableWriter(f"ark:{tmp_path}/scores.ark") as writer:
        writer.write("u1", np.log(probs).astype(np.float32))
        writer.write("u2", np.full((2, 5), np.nan, np.float32))
        writer.write("u3", np.zeros((0, 0), np.float32))
    files = WordFiles(text=f"{tmp_path}/text", ctm=f"{tmp_path}/ctm", nbest=2, nbest_text=f"{tmp_path}/nbest")
    given = job(
        files,
        scores=tmp_path / "scores.ark",
        graph=GraphSettings(f"{tmp_path}/TLG.fst"),
        ctc=CtcOptions(tokens=f"{tmp_path}/tokens.txt"),
    )
    report = run_decode(replace(given, model="", frame_subsampling_factor=4))
    assert lines(tmp_path / "text") == ["u1 ab a"]
    # frames of 40 ms
    assert [line.split()[:5] for line in lines(tmp_path / "ctm")] == [
        ["u1", "1", "0.04", "0.08", "ab"],
        ["u1", "1", "0.20", "0.08", "a"],
    ]
    assert lines(tmp_path / "nbest")[0] == "u1-1 ab a" and len(lines(tmp_path / "nbest")) == 2
    assert report.notes == [f"words of {tmp_path}/words.txt"]
    assert (report.totals.utterances, report.totals.num_failures) == (1, 2)
    alone = replace(given.decoding, graph=GraphSettings(), files=WordFiles(text=f"{tmp_path}/greedy"))
    greedy = run_decode(replace(given, model="", decoding=alone))
    assert [(each.key, each.message) for each in greedy.totals.failures] == [
        (each.key, each.message) for each in report.totals.failures
    ]
    assert lines(tmp_path / "greedy") == ["u1 ab a"]


def test_report(tmp_path: Path) -> None:
    files = WordFiles(text=f"{tmp_path}/text")
    run_decode(replace(job(files), report=f"{tmp_path}/report.json"))
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["format"], report["verdict"]) == ("ov-asr-score-decode", "ok")
    assert report["totals"]["words"] == 20
    assert set(report["versions"]) == {"kaldi-decoder", "kaldifst", "numpy", "python", "platform"}
