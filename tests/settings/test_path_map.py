from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.path_map import NO_PATH_MAP, parse_path_map


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/old/exp/a.ark:15", "/new/exp/a.ark:15"),
        ("/old", "/new"),
        ("/older/a.ark", "/older/a.ark"),
        ("/old/mfcc/a.ark", "/feats/a.ark"),
        ("/old/mfcc2/a.ark", "/new/mfcc2/a.ark"),
        ("exp/a.ark", "/work/exp/a.ark"),
        ("./exp/a.ark", "/work/exp/a.ark"),
        ("data/raw/a.ark", "/raw/a.ark"),
        ("cat /old/a |", "cat /old/a |"),
        ("-", "-"),
        ("", ""),
        ("/x/old/a.ark", "/x/old/a.ark"),
    ],
)
def test_beginnings_are_whole_components_and_the_longest_counts(path: str, mapped: str) -> None:
    path_map = parse_path_map(["/old/=/new", ".=/work/", "/old/mfcc=/feats", "data/raw=/raw"])
    assert path_map.mapped(path) == mapped


def test_the_root_and_no_map() -> None:
    assert parse_path_map(["/=/mnt/disk"]).mapped("/a/b") == "/mnt/disk/a/b"
    assert parse_path_map(["/a=/"]).mapped("/a/b") == "/b"
    assert parse_path_map([]) == NO_PATH_MAP
    assert NO_PATH_MAP.mapped("/a/b") == "/a/b"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["/old"], "path_map '/old': expected OLD=NEW"),
        (["=/new"], "expected OLD=NEW"),
        (["/old="], "expected OLD=NEW"),
        (["/a=/b", "/a/=/c"], "path_map '/a/=/c': /a is mapped to /b already"),
    ],
)
def test_what_is_no_map_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_path_map(texts)
    assert message in str(caught.value)
    assert caught.value.fields == ("path_map",)
