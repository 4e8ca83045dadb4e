"""Our own description of a model in one file."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import pytest

from ov_asr_score.errors import ConfigFormatError, FileAccessError, OvAsrScoreError
from ov_asr_score.frontend.opening import open_sound_frontend
from ov_asr_score.model_directory.layouts.model_toml import TABLES
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.recognition.endpointing import EndpointRule
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.model_directory.layouts.places import CHAIN, lay_out, lay_out_online

ROOT = Path(__file__).parents[3]
WHOLE = """language = "en"

[model]
file = "final.mdl"

[features]
type = "mfcc"
config = "conf/mfcc.conf"
cmvn = "none"
options = { num-ceps = 40, dither = 0 }

[ivectors]
folder = "ivector_extractor"
max-count = 50

[graph]
folder = "graph"

[search]
beam = 12
acoustic_scale = 0.9
max-active = 500

[endpoint]
silence_phones = "1:2:3"
rule2 = { min_trailing_silence = 0.25, max_relative_cost = inf }

[live]
frames-per-chunk = 51
silence_phones = [1, 2]
silence_weight = 0.5
"""


def test_a_whole_description(tmp_path: Path) -> None:
    folder = lay_out(lay_out_online(tmp_path / "model"), {"model.toml": WHOLE})
    shutil.rmtree(folder / "conf" / "online.conf", ignore_errors=True)
    found = read_model_directory(folder)
    assert (found.layout, found.program) == ("model.toml", "online2-wav-nnet3-latgen-faster")
    assert (found.model, found.language) == (str(folder / "final.mdl"), "en")
    assert found.words.search == DecodingOptions(12.0, 500, 200, 8.0, decoding_scale=0.9)
    assert type(found.words.search.max_active) is int  # the decoder takes nothing else
    assert found.words.graph.word_boundary == str(folder / "graph/phones/word_boundary.int")
    assert (found.looped.frames_per_chunk, found.looped.frame_subsampling_factor) == (51, 3)
    assert found.endpoints.silence_phones == (1, 2, 3)
    assert found.endpoints.rule2 == EndpointRule(True, 0.25, math.inf, 0.0)
    assert (found.silence_weighting.silence_phones, found.silence_weighting.silence_weight) == ((1, 2), 0.5)
    frontend = open_sound_frontend(found.frontend)
    assert frontend.features is not None
    assert frontend.features.options.frame.dither == 0
    assert frontend.ivectors is not None
    assert frontend.ivectors.extractor.options.max_count == 50


@pytest.mark.parametrize("number", ["500.5", "500.0", "true", '"500"', "1"])
def test_whole_numbers_are_whole(number: str, tmp_path: Path) -> None:
    text = WHOLE.replace("max-active = 500", f"max-active = {number}")
    folder = lay_out(lay_out_online(tmp_path / "model"), {"model.toml": text})
    with pytest.raises(ConfigFormatError, match=r"model\.toml:22: max.active: expected a whole number of at least 2"):
        read_model_directory(folder)


def test_options_without_a_file_of_them(tmp_path: Path) -> None:
    text = WHOLE.replace('config = "conf/mfcc.conf"\n', "").replace("40, dither", "23, use-energy = false, dither")
    folder = lay_out(lay_out_online(tmp_path / "model"), {"model.toml": text})
    frontend = open_sound_frontend(read_model_directory(folder, checks=False).frontend)
    assert frontend.features is not None
    assert frontend.features.options.num_ceps == 23  # type: ignore[union-attr]
    folder = lay_out(folder, {"model.toml": text.replace("num-ceps", "num-cepts")})
    with pytest.raises(ConfigFormatError, match="num-cepts"):
        open_sound_frontend(read_model_directory(folder, checks=False).frontend)


def test_ctc_model_of_another_toolkit(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "models/conv_ctc.onnx", tmp_path / "model.onnx")
    shutil.copyfile(ROOT / "data/conv_ctc/vocab.txt", tmp_path / "vocab.txt")
    text = '[model]\nfile = "model.onnx"\nrow-shift = 0.02\n[features]\ntype = "wave"\nwave_normalize = "utterance"\n'
    found = read_model_directory(
        lay_out(tmp_path, {"model.toml": text + '[ctc]\ntokens = "vocab.txt"\nctc_beam = 4\n'})
    )
    assert (found.program, found.model) == ("ctc", str(tmp_path / "model.onnx"))
    assert (found.words.ctc.tokens, found.words.ctc.ctc_beam) == (str(tmp_path / "vocab.txt"), 4)
    assert (found.frontend.feature_type, found.frontend.wave.wave_normalize) == ("wave", "utterance")
    assert found.words.row_shift_seconds == 0.02
    assert found.words.graph.graph == ""
    assert not found.kaldi.asked


def test_the_program_of_chunks(tmp_path: Path) -> None:
    text = WHOLE.replace('"final.mdl"', '"final.mdl"\nprogram = "nnet3-latgen-faster"\nextra-left-context = 5')
    found = read_model_directory(lay_out(lay_out_online(tmp_path / "model"), {"model.toml": text}))
    assert (found.program, found.kaldi.frames_per_chunk, found.kaldi.extra_left_context) == (
        "nnet3-latgen-faster",
        50,
        5,
    )
    assert found.kaldi.frame_subsampling_factor == 3


def test_what_another_layout_says_is_kept(tmp_path: Path) -> None:
    text = '[model]\nlayout = "kaldi online"\n[search]\nbeam = 11\n[endpoint]\nrule1 = { min_trailing_silence = 3 }\n'
    found = read_model_directory(lay_out(lay_out_online(tmp_path / "model"), {"model.toml": text}))
    assert found.layout == "model.toml"
    assert found.words.search == DecodingOptions(11.0, 7000, 200, 8.0)
    assert found.endpoints.silence_phones == tuple(range(1, 11))
    assert found.endpoints.rule1.min_trailing_silence == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("beam = 12", "beem = 12", r"model.toml:20: unknown key 'beem'; did you mean 'beam'"),
        ("[search]", "[serach]", r"model.toml:19: unknown key 'serach'; did you mean 'search'"),
        ("beam = 12", 'beam = "x"', "model.toml:20: beam: expected a number"),
        ("beam = 12", "blank = 12", r"model.toml:20: unknown key 'blank'; it belongs into \[ctc\]"),
        ("language = ", "folder = ", r"model.toml:1: unknown key 'folder'; it belongs into \["),
        ('file = "final.mdl"', "", r"model.toml:3: expected file = .* or layout"),
        ('file = "final.mdl"', 'layout = "kaldy"', "model.toml:4: layout: expected vosk 2 or "),
        ('file = "final.mdl"', 'file = "gone.mdl"', r"expected gone.mdl \(acoustic model\), found none"),
        ('type = "mfcc"', 'type = "lpc"', "model.toml:7: type: expected mfcc or"),
        ('type = "mfcc"\nconfig = "conf/mfcc.conf"', "", r"expected type = .* in \[features\]"),
        ('cmvn = "none"', 'cmvn = "nine"', "model.toml:9: cmvn: expected none or"),
        ('folder = "graph"', 'folder = "grph"', r"expected grph/HCLG.fst \(decoding graph\)"),
        ('folder = "graph"', 'folder = "graph"\nfile = "graph/HCLG.fst"', "file: folder says it already"),
        ("acoustic_scale", "decoding-scale = 1\nacoustic_scale", "acoustic_scale: decoding_scale says it already"),
        ('"1:2:3"', '"1:x"', "model.toml:25: silence_phones: expected numbers of phones"),
        ("0.25", '"a"', "min_trailing_silence: expected a number, found 'a'"),
        ("rule2", "rule6", "unknown key 'rule6'"),
        ("frames-per-chunk = 51", "frames-per-chunk = 0", "frames_per_chunk: expected a whole number of at least 1"),
        ("[model]", "[model", "model.toml: expected a TOML file, found none: .*line"),
    ],
)
def test_mistakes_are_told_with_their_lines(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = lay_out(lay_out_online(tmp_path / "model"), {"model.toml": WHOLE.replace(old, new)})
    with pytest.raises((ConfigFormatError, FileAccessError), match=message) as caught:
        read_model_directory(folder)
    assert "\n" not in str(caught.value)


def test_a_foreign_file(tmp_path: Path) -> None:
    folder = lay_out_online(tmp_path / "model")
    shutil.copyfile(CHAIN / "final.mdl", folder / "model.toml")
    with pytest.raises(OvAsrScoreError, match="expected a TOML file in UTF-8, found byte"):
        read_model_directory(folder)


def test_the_document_has_every_key() -> None:
    document = (ROOT / "docs/model-directories.md").read_text()
    for name, keys in TABLES.items():
        section = re.search(rf"^#+ `\[{name}\]`$(.*?)(?=^#|\Z)", document, re.MULTILINE | re.DOTALL)
        assert section, name
        assert set(re.findall(r"^\| `(\w+)`", section[1], re.MULTILINE)) == set(keys), name
