"""Models cut anywhere and with anything changed: a network, or one line that says where, and nothing else.

What can still be read is converted too, which must end as well. Neither may take much memory: a damaged length is no
reason to ask for gigabytes.
"""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network_summary import summarize_network
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_model.model_files import ALL, FOLDER, name_of

resource = pytest.importorskip("resource")  # Linux and macOS

SMALL = [
    FOLDER / name
    for stem, suffix in (("nnet1_every", "nnet"), ("nnet2_am", "mdl"), ("nnet3_usual_am", "mdl"))
    for name in (f"{stem}.{suffix}", f"{stem}.txt")
]
GOLDEN = Path(__file__).parents[1] / "golden"
MOST_MEMORY = 2 << 30
PLACE = re.compile(
    r"at byte \d+|component '|node '|output '|no network follows|modulus of at most|at least one"
    r"|expected a neural network|expected frames from 0 or less"
)
NUMBERS = (0, 1, -1, 2, 3, 5, 255, 65536, 1 << 20, 2**31 - 1, -(2**31), 10**9)
WORDS = b"-1 0 1 2 3 7 100 1000000000 2147483647 -2147483648 99999999999 nan inf 1e38 [ ] T x 1,2 <Dim> </Nnet>".split()


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Not much more memory than there is in use, and no warnings of numpy."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():
        used = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY, limits[1]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def check(path: Path, damage: object, *options: KaldiOptions) -> bool:
    """Whether the damaged model can be read, summarized and converted; fails for what must not happen."""
    try:
        summarize_network(load_network(path))
        for each in options:
            convert_file(path, each)
    except OvAsrScoreError as error:
        message = str(error)
        assert message.startswith(f"{path}: "), (damage, message)
        assert PLACE.search(message.removeprefix(str(path))), (damage, message)
        assert "\n" not in message, (damage, message)
        assert message.isprintable(), (damage, message)
        return False
    except Exception as error:
        raise AssertionError(f"{path.name} with {damage}: {error!r}") from error
    return True


def check_cuts(folder: Path, source: Path, places: Iterator[int] | range) -> int:
    """How many of the models that end at one of ``places`` can be read."""
    content, path = source.read_bytes(), folder / source.name
    readable = 0
    for place in places:
        path.write_bytes(content[:place])
        readable += check(path, f"an end at byte {place}")
    return readable


def token_ends(content: bytes) -> Iterator[int]:
    for match in re.finditer(rb"<[!/]?[A-Za-z0-9]+>", content):
        yield match.start()
        yield match.end()
        yield match.end() + 1


@pytest.mark.parametrize("source", SMALL, ids=name_of)
def test_cut_at_tokens(tmp_path: Path, source: Path) -> None:
    ends = sorted(set(token_ends(source.read_bytes())))
    whole = [end for end in ends if end >= len(source.read_bytes().rstrip())]
    # Only the last blank may be missing, and not even that where a token must have one.
    assert check_cuts(tmp_path, source, iter(ends)) <= len(whole)
    assert len(ends) > 50


@pytest.mark.parametrize("source", SMALL, ids=name_of)
def test_cut_anywhere(tmp_path: Path, source: Path) -> None:
    size = len(source.read_bytes().rstrip())
    assert check_cuts(tmp_path, source, range(0, size - 1, 43)) == 0


def damaged(content: bytes, numbers: random.Random, is_text: bool) -> tuple[bytes, list[object]]:
    """The content with one to five changes: bits, bytes, numbers of four bytes, words; and what was done."""
    data = bytearray(content)
    done: list[object] = []
    for _ in range(numbers.choice((1, 1, 1, 2, 5))):
        kind = "word" if is_text else numbers.choice(("bit", "byte", "number", "word"))
        place = numbers.randrange(len(data))
        change: object = None
        if kind == "bit":
            data[place] ^= 1 << numbers.randrange(8)
        elif kind == "byte":
            data[place] = numbers.randrange(256)
        elif kind == "number":
            change = numbers.choice(NUMBERS)
            data[place : place + 4] = change.to_bytes(4, "little", signed=True)
        else:
            spans = [match.span() for match in re.finditer(rb"[^\s=(),]+", bytes(data))]
            start, end = numbers.choice(spans)
            change = numbers.choice(WORDS) if numbers.random() < 0.7 else bytes(data[slice(*numbers.choice(spans))])
            place, data[start:end] = start, change
        done.append((kind, place, change))
    return bytes(data), done


def check_changes(folder: Path, source: Path, count: int, *options: KaldiOptions) -> int:
    content, path = source.read_bytes(), folder / source.name
    numbers = random.Random(f"{source.parent.name}/{source.name}")
    readable = 0
    for _ in range(count):
        changed, done = damaged(content, numbers, source.suffix == ".txt")
        path.write_bytes(changed)
        readable += check(path, done, *options)
    return readable


@pytest.mark.parametrize("source", SMALL, ids=name_of)
def test_changed_anywhere(tmp_path: Path, source: Path) -> None:
    # Most damage is found; changed parameters are parameters like others.
    assert 0 < check_changes(tmp_path, source, 60, KaldiOptions()) < 50


@pytest.mark.slow
@pytest.mark.parametrize("source", ALL, ids=name_of)
def test_every_cut(tmp_path: Path, source: Path) -> None:
    size = len(source.read_bytes().rstrip())
    assert check_cuts(tmp_path, source, range(0, size - 1, 6)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("source", ALL, ids=name_of)
def test_many_changes(tmp_path: Path, source: Path) -> None:
    assert 0 < check_changes(tmp_path, source, 250, KaldiOptions()) < 250


@pytest.mark.slow
@pytest.mark.parametrize("generation", ["nnet1", "nnet2", "nnet3"])
def test_changes_of_every_component(tmp_path: Path, generation: str) -> None:
    """A few changes in each of the golden models, most of which have one component of each type that there is."""
    models = sorted(GOLDEN.glob(f"{generation}/*/model*"))
    sources = [path for path in models if path.suffix in (".raw", ".mdl", ".nnet", ".txt")]
    assert len(sources) > 50
    readable = 0
    for source in sources:
        folder = tmp_path / source.parent.name
        folder.mkdir(exist_ok=True)
        readable += check_changes(folder, source, 3, KaldiOptions())
    assert 0 < readable < len(sources) * 2
