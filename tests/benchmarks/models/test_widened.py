"""The widened recognizer gives the scores of the bundled one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.widened import RECOGNIZER, main, widen
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.transitions import load_transitions
from tests.command_line import DATA, run

WIDTHS = {192: 200, 48: 50, 64: 71}


def test_scores_are_those_of_the_bundled_network(tmp_path: Path) -> None:
    path = tmp_path / "final.mdl"
    # lda and first layer; six layers of which one has no context; what is before the output; the output
    linear = 144 * 144 + 144 + 144 * 200 + 200
    factorized = (5 * 2 + 1) * 2 * 200 * 50 + 6 * 200
    last = 3 * 200 * 71 + 200 + 71 * 56 + 56
    assert widen(RECOGNIZER / "final.mdl", path, WIDTHS) == linear + factorized + last
    assert [each.name for each in tmp_path.iterdir()] == ["final.mdl"]
    random, own = load_network(path), load_network(RECOGNIZER / "final.mdl")
    wide = np.asarray(random.components["tdnnf2.affine"].fields["LinearParams"]).reshape(200, 2, 50)
    kept = np.asarray(own.components["tdnnf2.affine"].fields["LinearParams"]).reshape(192, 2, 48)
    np.testing.assert_array_equal(wide[:192, :, :48], kept)
    assert not wide[:192, :, 48:].any() and wide[192:].all()
    assert load_transitions(path).num_pdfs == 56
    np.testing.assert_allclose(_scores(path, tmp_path), _scores(RECOGNIZER / "final.mdl", tmp_path), atol=1e-3)


def _scores(model: Path, folder: Path) -> NDArray[np.float32]:
    """The scores of an utterance."""
    (folder / "wav.scp").write_text(f"john {DATA / 'speech' / 'es_john-t0021.flac'}\n")
    outcome = run(
        *("score", "-m", model, "-i", f"wav,scp:{folder / 'wav.scp'}", "--quiet"),
        *("--feature-config", RECOGNIZER / "conf" / "mfcc.conf", "--frame-subsampling-factor", "3"),
        *("--ivector-extractor", RECOGNIZER / "ivector_extractor", "-o", f"ark:{folder / 'scores.ark'}"),
    )
    assert outcome.code == 0, outcome.stderr
    return dict(read_table(f"ark:{folder / 'scores.ark'}"))["john"]


def test_a_whole_recognizer(tmp_path: Path) -> None:
    graph = tmp_path / "other"
    graph.mkdir()
    (graph / "words.txt").write_text("<eps> 0\n")
    assert main([str(tmp_path / "wide"), "--graph", str(graph)]) == 0
    assert (tmp_path / "wide" / "graph" / "words.txt").read_text() == "<eps> 0\n"
    assert not (tmp_path / "wide" / "graph" / "HCLG.fst").exists()
    assert (tmp_path / "wide" / "conf" / "online.conf").is_file()
    assert (tmp_path / "wide" / "final.mdl").stat().st_size > 4 * 18_000_000
