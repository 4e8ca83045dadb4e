from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.speakers import read_speakers, read_spk2utt
from ov_asr_score.errors import TableFormatError

FIXTURES = Path(__file__).parents[2] / "kaldi_speech" / "features"
UTT2SPK, SPK2UTT = str(FIXTURES / "utt2spk"), str(FIXTURES / "spk2utt")
SPEAKERS = {
    "clip": "spkB",
    "es_Annie-t0024": "spkA",
    "es_f4-t0000": "spkA",
    "es_john-t0021": "spkB",
    "flite_slt-t0017": "spkA",
    "silent": "spkC",
}


def test_utterances_of_speakers(tmp_path: Path) -> None:
    assert list(read_spk2utt(f"ark:{SPK2UTT}").items()) == [
        ("spkB", ("clip", "es_john-t0021")),
        ("spkA", ("es_Annie-t0024", "es_f4-t0000", "flite_slt-t0017")),
        ("spkC", ("silent",)),
    ]
    path = tmp_path / "spk2utt"
    path.write_bytes(b"a\tx  y \r\nb\n")
    assert read_spk2utt(str(path)) == {"a": ("x", "y"), "b": ()}
    path.write_text("a x\na y\n")
    with pytest.raises(TableFormatError, match="line 2: speaker 'a' came before"):
        read_spk2utt(str(path))


def test_speakers_from_either_file_or_both() -> None:
    assert read_speakers(UTT2SPK, "") == SPEAKERS
    assert read_speakers("", SPK2UTT) == SPEAKERS
    assert list(read_speakers(UTT2SPK, SPK2UTT).items()) == list(SPEAKERS.items())
    assert read_speakers("", "") == {}


@pytest.mark.parametrize(
    ("spk2utt", "found"),
    [
        (
            "s a\nt b\n",
            "utterance 'b': expected the same speaker in both directions, found 's' in .*utt2spk and 't' in",
        ),
        ("s a\n", "utterance 'b': .* found 's' in .*utt2spk and none in .*spk2utt"),
        ("s a b c\n", "utterance 'c': .* found none in .*utt2spk and 's' in .*spk2utt"),
        ("s a b\nt a\n", "utterance 'a': expected one speaker, found 's' and 't'"),
    ],
)
def test_files_that_contradict_each_other(tmp_path: Path, spk2utt: str, found: str) -> None:
    (tmp_path / "utt2spk").write_text("a s\nb s\n")
    (tmp_path / "spk2utt").write_text(spk2utt)
    with pytest.raises(TableFormatError, match=found):
        read_speakers(str(tmp_path / "utt2spk"), str(tmp_path / "spk2utt"))
