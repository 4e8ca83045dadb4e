from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.decoding import workers
from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import GraphLabels
from ov_asr_score.decoding.graph_server import GraphServer
from ov_asr_score.decoding.graphs_in_files import FstInFile
from ov_asr_score.decoding.kaldifst_api import nameable_file
from ov_asr_score.decoding.search import TOO_MUCH_MEMORY
from ov_asr_score.decoding.worker_process import Setup
from ov_asr_score.decoding.workers import Utterances, decode_all
from ov_asr_score.errors import MissingExtraError, OvAsrScoreError, ShapeMismatchError, TableFormatError, UsageError
from ov_asr_score.fst.graph_file import GraphFile, open_graph
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.command_line import interruptible
from tests.decoding import kaldi_live_searches
from tests.decoding.finishing import keep, misbehave, number_of_process
from tests.decoding.kaldi_decodings import FOLDER, alignments, integers, scores, words
from tests.decoding.token_passing import small_pairs
from tests.places import ROOT

OPTIONS = DecodingOptions(beam=15.0)
SHORT = "es_Annie-t0024"
MODEL = ROOT / "models/nnet3_chain_tdnnf/final.mdl"


@cache
def model() -> tuple[GraphFile, TransitionModel]:
    return open_graph(str(FOLDER / "HCLG.fst")), load_transitions(MODEL)


def decoded(
    utterances: Utterances, options: DecodingOptions = OPTIONS, finish: Callable[..., Any] = keep, **more: Any
) -> Iterator[Any]:
    return decode_all(*model(), options, utterances, acoustic_scale=1.0, finish=finish, **{"workers": 2, **more})


def children() -> set[str]:
    """Processes that this one has started, as far as they are not waited for."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def named(*keys: str) -> list[tuple[str, Any]]:
    return [(key, scores()[SHORT]) for key in keys]


@pytest.mark.parametrize("wants_lattices", [False, True])
@pytest.mark.parametrize("number", [1, 2])
def test_as_kaldi_in_order(number: int, wants_lattices: bool) -> None:
    before = children()
    results = list(decoded(scores().items(), wants_lattices=wants_lattices, workers=number))
    found = [each for each, _ in results]
    assert [each.key for each in found] == list(scores())
    assert words(found) == integers("chain_words.int")
    assert alignments(found) == integers("chain_ali.txt")
    assert all((each.lattice is not None) == wants_lattices for each in found)
    assert all(seconds > 0 for _, seconds in results)
    assert children() == before


@pytest.mark.parametrize("wants_lattices", [False, True])
def test_a_lookahead_pair_in_processes(wants_lattices: bool) -> None:
    before, speech = children(), kaldi_live_searches.scores()
    results = decode_all(
        small_pairs.pair_graph(),
        kaldi_live_searches.transitions(),
        replace(OPTIONS, beam=13.0, max_active=7000),
        speech.items(),
        acoustic_scale=1.0,
        finish=keep,
        wants_lattices=wants_lattices,
        workers=2,
    )
    found = [each for each, _ in results]
    assert [each.key for each in found] == list(speech)
    assert alignments(found) == small_pairs.numbers("ali.txt")
    assert all((each.lattice is not None) == wants_lattices for each in found)
    assert children() == before


def test_processes() -> None:
    assert set(decoded(named(*"abc"), finish=number_of_process, workers=1)) == {os.getpid()}
    assert os.getpid() not in set(decoded(named(*"abc"), finish=number_of_process))
    assert os.getpid() not in set(decoded(named(*"abc"), finish=number_of_process, workers=0))
    assert list(decoded([], workers=2)) == []


@pytest.mark.parametrize(
    ("key", "warning"),
    [
        ("killed", "the search has ended by SIGKILL; perhaps there was not enough memory"),
        ("aborted", "the search has ended by SIGABRT"),
        ("slow", "given up after 0.3 seconds; choose a narrower beam"),
        ("large", TOO_MUCH_MEMORY),
    ],
)
def test_a_worker_that_is_lost_costs_one_utterance(key: str, warning: str) -> None:
    options = replace(OPTIONS, decoding_seconds=0.3 if key == "slow" else None, decoding_memory=1 << 30)
    results = list(decoded(named("a", key, "b", "c", key, "d"), options, misbehave, wants_lattices=True))
    found: list[Decoded] = [each for each, _ in results]
    assert [each.key for each in found] == ["a", key, "b", "c", key, "d"]
    for each in found:
        assert each.num_frames == len(scores()[SHORT])
        assert (each.path is None, each.warnings) == ((True, (warning,)) if each.key == key else (False, ()))


def test_a_search_that_takes_too_much_memory() -> None:
    long = np.tile(scores()[SHORT], (1000, 1))
    options = replace(OPTIONS, decoding_memory=long.nbytes)
    results = decoded([("long", long), *named("a")], options, wants_lattices=True)
    found = [(each.key, each.warnings) for each, _ in results]
    assert found == [("long", (TOO_MUCH_MEMORY,)), ("a", ())]


def test_a_mistake_is_told_with_its_place() -> None:
    with pytest.raises(RuntimeError, match=r"utterance 'wrong'(.|\n)*finishing\.py(.|\n)*ZeroDivisionError: a mistake"):
        list(decoded(named("wrong"), finish=misbehave))


def test_errors_end_the_run() -> None:
    before = children()
    with pytest.raises(ShapeMismatchError, match="utterance 'b': expected scores of 56 pdfs, the model's, found 3"):
        list(decoded([*named("a"), ("b", np.zeros((2, 3), np.float32))]))

    def utterances() -> Iterator[tuple[str, Any]]:
        yield from named("a")
        raise UsageError("no more")

    with pytest.raises(UsageError, match="no more"):
        list(decoded(utterances()))
    assert children() == before


def test_nobody_wants_the_rest() -> None:
    before = children()
    started = time.monotonic()
    results = decoded(named("a", "slow", "slow", "b"), finish=misbehave)
    assert next(results)[0].key == "a"
    results.close()  # type: ignore[attr-defined]
    assert children() == before
    assert time.monotonic() - started < 30


def test_few_utterances_are_taken_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    def utterances() -> Iterator[tuple[str, Any]]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield from named(str(number))

    ahead = []
    for number, (each, _) in enumerate(decoded(utterances())):
        assert each.key == str(number)
        ahead.append(taken - number)
    assert max(ahead) <= 2 * workers._IN_FLIGHT + 1
    monkeypatch.setattr(workers, "_BYTES_IN_WORK", 1)
    taken = 0
    ahead = [taken - number for number, _ in enumerate(decoded(utterances()))]
    assert max(ahead) <= 2


def test_what_waits_for_its_turn_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Utterances behind a long one are decoded, but those who gave their scores may still hold them."""
    monkeypatch.setattr(workers, "_BYTES_IN_FLIGHT", 3 * scores()[SHORT].nbytes)
    taken = 0

    def utterances() -> Iterator[tuple[str, Any]]:
        nonlocal taken
        for utterance in named("late", *"abcdefgh"):
            taken += 1
            yield utterance

    results = decoded(utterances(), finish=misbehave)
    next(results)
    assert taken <= 4


def test_options_and_packages_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="min_active"):
        decoded([], replace(OPTIONS, max_active=7000, min_active=7001), wants_lattices=True)
    monkeypatch.setitem(sys.modules, "kaldi_decoder", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"ov-asr-score\[decode\]"):
        decoded([])
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "ov_asr_score.decoding.token_passing.compiled", raising=False)
    with pytest.raises(MissingExtraError, match=r"by numba.*ov-asr-score\[decode\]"):
        decoded([], wants_lattices=True)


def graph_server(content: bytes) -> GraphServer:
    labels = GraphLabels(np.zeros(1, np.int32), np.zeros(1, np.int32), 1)
    setup = Setup(FstInFile("a.fst", labels, 0.0), OPTIONS, False, keep)
    with nameable_file() as (file, path):
        file.write(content)
        file.flush()
        return GraphServer(setup, file, path)


def test_a_graph_that_openfst_does_not_read() -> None:
    before = children()
    with pytest.raises(TableFormatError, match=r"a\.fst: OpenFst cannot read"):
        graph_server(b"")
    assert children() == before


def test_the_process_of_the_graph_is_gone() -> None:
    server = graph_server((FOLDER / "HCLG.fst").read_bytes())
    (process,) = children()
    os.kill(int(process), signal.SIGKILL)
    with pytest.raises(OvAsrScoreError, match=r"a\.fst: the process that holds the graph has ended"):
        server.start_worker()
    server.close()
    assert children() == set()


PROGRAM = """
import sys, time
from tests.decoding.test_workers import *
def utterances():
    yield from named("a")
    if sys.argv[1] == "wait":
        print("ready", flush=True)
        time.sleep(60)
print([each.key for each, _ in decoded(utterances(), finish=keep)])
print([name for name in ("kaldifst", "kaldi_decoder", "numba", "openvino") if name in sys.modules])
"""


def test_no_decoder_is_loaded_here() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, "run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['a']\n[]\n"


def test_ctrl_c() -> None:
    with interruptible():
        running = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "wait"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    assert running.stdout is not None and running.stdout.readline() == "ready\n"
    time.sleep(0.5)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == -signal.SIGINT
    assert said.splitlines()[-1] == "KeyboardInterrupt" and said.count("Traceback") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)  # nobody of the group is left
