"""The bundled chain model against Kaldi's online decoding, with the i-vectors that Kaldi's network was given."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.frontend.live import LiveFrontend
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.scoring.looped.compiling import compile_looped
from ov_asr_score.scoring.looped.looped_model import LoopedModel
from ov_asr_score.scoring.looped.utterance import FloatMatrix
from ov_asr_score.settings.speech.frontend import FrontendSettings
from tests.frontend.sounds import sound
from tests.places import ROOT
from tests.scoring.looped.kaldi_runs import CHAIN, STORED, joined, read_asked


@pytest.fixture(scope="module")
def model() -> LoopedModel:
    return compile_looped(CHAIN)


@pytest.fixture(scope="module")
def features() -> dict[str, FloatMatrix]:
    """What compute-mfcc-feats gives, to within rounding."""
    frontend = open_sound_frontend(FrontendSettings("mfcc", str(CHAIN.parent / "conf" / "mfcc.conf")))
    found = {}
    for path in (ROOT / "data" / "speech").glob("*.flac"):
        samples, rate = sound(path)
        live = LiveFrontend(frontend, rate, path.stem)
        found[path.stem] = np.concatenate([live.accept(samples).features, live.finish().features])
    return found


def test_shape(model: LoopedModel) -> None:
    assert (model.feature_dim, model.ivector_dim, model.num_pdfs) == (40, 24, 56)
    assert (model.frames_per_chunk, model.subsampling) == (24, 3)
    assert (model.left_context, model.right_context) == (12, 12)


@pytest.mark.parametrize("most_chunks", [1, 8])
@pytest.mark.parametrize("name", ["chunk0.18", "chunk1.0", "offline"])
def test_scores_and_ivectors_asked_for_are_those_of_kaldi(
    model: LoopedModel, features: dict[str, FloatMatrix], name: str, most_chunks: int
) -> None:
    asked, steps = read_asked(name), 0
    for key, expected in read_table(f"ark:{STORED / f'{name}.ark'}"):
        fed, utterance = 0, model.begin()
        scores = []
        for piece in asked[key]:
            utterance.accept(features[key][fed : piece.frames])
            fed = piece.frames
            if piece is asked[key][-1]:
                utterance.finish()
            assert utterance.rows_ready == piece.rows
            ivectors = list(piece.ivectors)
            while (request := utterance.next_chunk(most_chunks)) is not None:
                chunks = -(-request.num_rows // model.shape.rows_per_chunk)
                assert {frame for frame, _ in ivectors[:chunks]} == {request.ivector_frame}
                scores += model.run([request.with_ivector(ivectors[0][1])])
                ivectors = ivectors[chunks:]
                steps += 1
            assert not ivectors
        assert utterance.is_done
        np.testing.assert_allclose(joined(scores), expected, atol=1e-4)
    chunks = sum(len(piece.ivectors) for key, _ in read_table(f"ark:{STORED / f'{name}.ark'}") for piece in asked[key])
    assert steps == chunks if most_chunks == 1 else steps < chunks
