from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.sound_specifier import is_sound_source, parse_sound_specifier
from ov_asr_score.errors import SpecifierError
from ov_asr_score.settings.path_map import parse_path_map


@pytest.mark.parametrize(
    ("text", "form", "filename"),
    [
        ("a.wav", "files", "a.wav"),
        ("a:b.wav", "files", "a:b.wav"),
        ("-", "files", "-"),
        ("wav:x/**/*.flac", "files", "x/**/*.flac"),
        ("wav:x:y.wav", "files", "x:y.wav"),
        ("wav,scp:w.scp", "scp", "w.scp"),
        ("wav,p,s,cs,scp:w.scp", "scp", "w.scp"),
        ("scp,wav:w", "scp", "w"),
        ("scp:w", "scp", "w"),
        ("w.scp", "scp", "w.scp"),
        ("wav,ark:-", "ark", "-"),
        ("wav,ark:cat x |", "ark", "cat x |"),
        ("w.ark", "ark", "w.ark"),
    ],
)
def test_forms(text: str, form: str, filename: str) -> None:
    parsed = parse_sound_specifier(text)
    assert (parsed.form, parsed.filename, parsed.original) == (form, filename, text)
    assert (parsed.table is not None) == (form in ("scp", "ark"))
    if parsed.table is not None:
        assert (parsed.table.form, parsed.table.filename) == (form, filename)


def test_options() -> None:
    assert parse_sound_specifier("wav,p,scp:w").permissive
    assert parse_sound_specifier("wav,p:*.wav").permissive
    assert not parse_sound_specifier("wav,p,np:*.wav").permissive
    path_map = parse_path_map(["/a=/b"])
    table = parse_sound_specifier("wav,scp,o:w", path_map).table
    assert table is not None
    assert table.once
    assert table.path_map is path_map


def test_directories(tmp_path: Path) -> None:
    assert parse_sound_specifier(str(tmp_path)).form == "directory"
    assert parse_sound_specifier(f"wav:{tmp_path}").form == "files"


def test_what_names_sound(tmp_path: Path) -> None:
    for text in ("wav:x", "wav,scp:x", "p,wav,ark:x", "x.wav", "x.FLAC", "a/*.mp3", str(tmp_path)):
        assert is_sound_source(text), text
    for text in ("scp:x", "ark:x.wav", "x.scp", "x.ark", "x.npz", "feats", "ark:cat x.wav |"):
        assert not is_sound_source(text), text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a sound file, wav:PATTERN, wav,scp:FILE or a data directory"),
        ("wav:", "expected a sound file"),
        ("wav,scp:", "expected a sound file"),
        (" a.wav", "expected a sound file"),
        ("wav,npz:x", "expected scp or ark before the colon, found npz"),
        ("wav,ark,scp:a,b", "expected scp or ark before the colon, found ark, scp"),
        ("wav,x,scp:a", "unknown option 'x' before the colon; known are wav, ark"),
        ("wav:x.scp", "use wav,scp:x.scp"),
        ("wav:x.ark", "use wav,ark:x.ark"),
        ("wav:sox x -t wav - |", "expected sound files, found a command, which has no key"),
        ("sox x -t wav - |", "expected sound files, found a command, which has no key"),
    ],
)
def test_texts_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(SpecifierError) as error:
        parse_sound_specifier(text)
    assert message in str(error.value)
    assert str(error.value).startswith(repr(text))
