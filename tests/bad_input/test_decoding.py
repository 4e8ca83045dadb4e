"""Graphs, tables, scores and options that cannot be decoded with: one line with the place, and nothing half written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import read_table
from tests.command_line import COMMAND, DATA, MODELS, ROOT, Outcome, interruptible, names_in, run, run_process
from tests.kaldi_judge.decoding.graphs import Arc, Graph, write_graph
from tests.soak.test_flat_sound import MEASURED
from tests.tiny_model import write_table

SPEECH = DATA / "speech"
CHAIN = MODELS / "chain_ivector"
DECODE = ("decode", "-m", "final.mdl", "--graph", "HCLG.fst", "--decode-workers=1", "ark:scores.ark", "--text=x.txt")
LATTICES = ("--lattice=ark:x.ark",)
TRI = ROOT / "tests" / "kaldi_speech" / "decoding" / "HCLG_tri.fst"
LATTICE_FILES = ROOT / "tests" / "kaldi_speech" / "lattices"


@pytest.fixture
def place(folder: Path) -> Path:
    """A folder with a graph, its words, their boundaries, the model, and three utterances of scores."""
    shutil.copy(MODELS / "chain_ivector" / "final.mdl", folder)
    for path in (CHAIN / "graph" / "HCLG.fst", CHAIN / "graph" / "words.txt"):
        shutil.copy(path, folder)
    shutil.copy(CHAIN / "graph" / "phones" / "word_boundary.int", folder)
    table = {key: np.array(value) for key, value in read_table(f"ark:{SPEECH / 'kaldi_scores.ark'}")}
    write_table("ark:scores.ark", {key: table[key] for key in list(table)[:3]})
    return folder


def stored(name: str = "scores.ark") -> dict[str, np.ndarray]:
    return {key: np.array(value) for key, value in read_table(f"ark:{name}", wants_matrices=True)}


def check(capfd: pytest.CaptureFixture[str], *words: str | Path, code: int = 3) -> str:
    """The error of a command that leaves everything as it was; libraries say nothing by themselves."""
    before = {path: Path(path).read_bytes() if Path(path).is_file() else b"" for path in names_in(Path())}
    outcome = run(*words)
    assert outcome.code == code, outcome
    assert capfd.readouterr().err == ""
    assert {path: Path(path).read_bytes() if Path(path).is_file() else b"" for path in names_in(Path())} == before
    assert outcome.stdout == ""
    lines = outcome.stderr.splitlines()
    assert [line for line in lines[:-1] if not line.startswith(("warning: ", "note: "))] == []
    assert lines[-1].startswith("error: ") and lines[-1].isprintable()
    return lines[-1].removeprefix("error: ")


def without_words(outcome: Outcome) -> dict[str, str]:
    """Why utterances have no words."""
    lines = [line.split(": ", 2) for line in outcome.stderr.splitlines() if line.startswith("no words: ")]
    return {key: reason for _, key, reason in lines}


def lines_of(name: str) -> list[str]:
    return Path(name).read_text().splitlines()


def small(*arcs: Arc, finals: Mapping[int, float]) -> Callable[[], object]:
    states = 1 + max(max(arc.source, arc.target) for arc in arcs)
    return lambda: write_graph(Graph(list(arcs), dict(finals), states), Path("HCLG.fst"), "vector")


def cut(name: str, length: int | float) -> Callable[[], object]:
    def change() -> None:
        content = Path(name).read_bytes()
        Path(name).write_bytes(content[: length if isinstance(length, int) else int(len(content) * length)])

    return change


def changed(name: str, old: str, new: str) -> Callable[[], object]:
    def change() -> None:
        text = Path(name).read_text()
        assert old in text
        Path(name).write_text(text.replace(old, new, 1))

    return change


def copied(source: str | Path, name: str) -> Callable[[], object]:
    return lambda: Path(name).write_bytes(Path(source).read_bytes())


FILES: Mapping[str, tuple[Callable[[], object], str]] = {
    "no graph": (lambda: Path("HCLG.fst").unlink(), "HCLG.fst: no such file"),
    "no model": (lambda: Path("final.mdl").unlink(), "final.mdl: no such file"),
    "no scores": (lambda: Path("scores.ark").unlink(), "scores.ark: no such file"),
    "empty graph file": (cut("HCLG.fst", 0), "HCLG.fst: is empty; expected a decoding graph (HCLG.fst)"),
    "cut graph": (cut("HCLG.fst", 0.6), "HCLG.fst: at byte "),
    "cut head": (cut("HCLG.fst", 30), "HCLG.fst: at byte "),
    "graph of another model": (
        copied(TRI, "HCLG.fst"),
        "HCLG.fst: the graph has transition-ids up to 1094, the model 300 (final.mdl), ",
    ),
    "model of another graph": (
        copied(MODELS / "nnet3_tdnn" / "final.mdl", "final.mdl"),
        "utterance 'es_Andrea-t0004': expected 120 columns, one for each pdf of final.mdl, found 56; give the scores",
    ),
    "model without transitions": (
        copied(MODELS / "nnet1_dnn" / "final.nnet", "final.mdl"),
        "final.mdl: at byte 2: expected a transition model, found a network of nnet1 or nnet2; give the final.mdl",
    ),
    "cut model": (cut("final.mdl", 2000), "final.mdl: at byte "),
    "graph as model": (copied(CHAIN / "graph" / "HCLG.fst", "final.mdl"), "final.mdl: is an FST in OpenFst's format"),
    "model as graph": (copied(MODELS / "chain_ivector" / "final.mdl", "HCLG.fst"), "HCLG.fst: is a Kaldi model"),
    "words as graph": (copied(CHAIN / "graph" / "words.txt", "HCLG.fst"), "HCLG.fst: is a table of symbols"),
    "scores as graph": (copied(SPEECH / "kaldi_scores.ark", "HCLG.fst"), "HCLG.fst: is a Kaldi archive"),
    "lattices as graph": (
        copied(LATTICE_FILES / "chain" / "lat.ark.gz", "HCLG.fst"),
        "HCLG.fst: is an archive of lattices; expected a decoding graph (HCLG.fst)",
    ),
    "grammar as graph": (
        small(Arc(0, 0, 400, 400, 0.5), Arc(0, 0, 7, 7, 0.5), finals={0: 0}),
        "it seems to be a grammar (G.fst); give HCLG.fst",
    ),
    "no words": (lambda: Path("words.txt").unlink(), "--words: expected the table of the graph's words, found none"),
    "missing word": (
        changed("words.txt", " 5\n", " 500\n"),
        "words.txt: expected a symbol for each of the 26 words in HCLG.fst, found none for 1 of them, the first 5 ",
    ),
    "empty words": (cut("words.txt", 0), "words.txt: expected a symbol for each of the 26 words"),
    "word without number": (changed("words.txt", " 5\n", "\n"), "words.txt: line 6: expected a symbol and its number"),
    "graph as words": (
        copied(CHAIN / "graph" / "HCLG.fst", "words.txt"),
        "words.txt: is an FST in OpenFst's format; expected a table of symbols, such as words.txt",
    ),
    "lattices as scores": (
        copied(LATTICE_FILES / "chain" / "lat.ark.gz", "scores.ark"),
        "scores.ark: is an archive of lattices; expected a table of matrices or vectors",
    ),
    "alignments as scores": (
        lambda: write_table("ark:scores.ark", {"u": np.arange(5, dtype=np.int32)}),
        "ark:scores.ark: utterance 'u': expected a matrix of scores, found a vector",
    ),
    "scores of another width": (
        lambda: write_table("ark:scores.ark", {"u": np.zeros((5, 57), np.float32)}),
        "utterance 'u': expected 56 columns, one for each pdf of final.mdl, found 57",
    ),
    "cut scores": (cut("scores.ark", 0.5), "scores.ark: utterance "),
}
USAGE = ("no words",)


@pytest.mark.parametrize("kind", FILES)
def test_files(kind: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    change, expected = FILES[kind]
    change()
    error = check(capfd, *DECODE, code=2 if kind in USAGE else 3)
    assert expected in error


def test_a_grammar_whose_words_could_be_transition_ids(place: Path) -> None:
    small(Arc(0, 0, 8, 8, 0.5), Arc(0, 0, 7, 7, 0.5), finals={0: 0})()
    outcome = run(*DECODE)
    assert outcome.code == 0
    note = "HCLG.fst: its words are its transition-ids, too; is it a grammar (G.fst) instead of HCLG.fst?"
    assert f"note: {note}" in outcome.stderr.splitlines()


@pytest.mark.parametrize("seed", range(3))
def test_graphs_with_a_bit_flipped(seed: int, place: Path) -> None:
    content = (CHAIN / "graph" / "HCLG.fst").read_bytes()
    chance = np.random.default_rng(seed)
    for _ in range(40):
        damaged = bytearray(content)
        damaged[int(chance.integers(len(content)))] ^= 1 << int(chance.integers(8))
        Path("HCLG.fst").write_bytes(damaged)
        outcome = run(*DECODE)
        assert outcome.code in (0, 1, 3), outcome
        lines = outcome.stderr.splitlines()
        assert all(line.startswith(("note: ", "decoded ", "no words: ", "error: ")) for line in lines), outcome
        assert sum(line.startswith("error: ") for line in lines) == (outcome.code == 3)
        assert names_in(Path()).count("x.txt") == (outcome.code != 3)
        Path("x.txt").unlink(missing_ok=True)


TIMES: Mapping[str, tuple[Callable[[], object], str, str]] = {
    "no boundaries": (lambda: None, "--word-boundary=none", "none: no such file"),
    "words as boundaries": (lambda: None, "--word-boundary=words.txt", "words.txt: line 1: expected the number of a "),
    "graph as boundaries": (
        lambda: None,
        "--word-boundary=HCLG.fst",
        "HCLG.fst: is an FST in OpenFst's format; expected lines of text",
    ),
    "boundaries as pronunciations": (
        lambda: None,
        "--align-lexicon=word_boundary.int",
        "word_boundary.int: line 1: expected the number of a word, found 'nonword'",
    ),
    "unknown position": (
        changed("word_boundary.int", "begin", "middle"),
        "--word-boundary=word_boundary.int",
        "word_boundary.int: line 2",
    ),
}


@pytest.mark.parametrize("kind", TIMES)
def test_where_words_end(kind: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    change, option, expected = TIMES[kind]
    change()
    assert expected in check(capfd, *DECODE, "--ctm=x.ctm", option)


def test_boundaries_of_other_phones(place: Path) -> None:
    """A path that they do not divide keeps the times of its arcs, and that is told."""
    Path("word_boundary.int").write_text("1 nonword\n2 begin\n3 end\n4 internal\n5 singleton\n")
    outcome = run(*DECODE, "--ctm=x.ctm", "--word-boundary=word_boundary.int")
    assert outcome.code == 0, outcome
    assert "note: the path ends inside a word" in outcome.stderr
    assert len(lines_of("x.ctm")) == sum(len(line.split()) - 1 for line in lines_of("x.txt"))


def test_utterances_that_have_no_words(place: Path) -> None:
    table = stored()
    first, second, third = table
    wrong = {place: table[second].copy() for place in ("nan", "infinite", "impossible")}
    wrong["nan"][3, 5], wrong["infinite"][4, 5] = np.nan, np.inf
    wrong["impossible"][2] = -np.inf
    short = table[second][:1]
    write_table(
        "ark:scores.ark", {first: table[first], "empty": short[:0], **wrong, "short": short, third: table[third]}
    )
    expected = {
        "empty": "no frames",
        "nan": "NaN or infinity in the scores of frame 3: no words",
        "infinite": "NaN or infinity in the scores of frame 4: no words",
        "impossible": "no path survived: ",
        "short": "no final state was reached, and partial paths are not allowed: no words",
    }
    for more in ((), ("--ctm=x.ctm", "--confidence=mbr"), LATTICES, ("--nbest=3", "--nbest-text=x.nbest")):
        outcome = run(*DECODE, *more)
        assert outcome.code == 1, outcome
        reasons = without_words(outcome)
        assert set(reasons) == set(expected)
        assert all(reasons[key].startswith(reason) for key, reason in expected.items())
        assert [line.split()[0] for line in lines_of("x.txt")] == [first, third]
    outcome = run(*DECODE, "--allow-partial=true", "--transcript=x.json")
    assert set(without_words(outcome)) == set(expected) - {"short"}
    assert "short" in Path("x.json").read_text() and "nan" in Path("x.json").read_text()


def test_a_graph_without_final_states(place: Path) -> None:
    small(Arc(0, 1, 1, 5, 0), Arc(1, 1, 1, 0, 0), finals={})()
    outcome = run(*DECODE)
    assert outcome.code == 1 and lines_of("x.txt") == []
    assert len(without_words(outcome)) == 3
    assert "the graph has no final state: all paths are partial ones" in outcome.stderr
    assert run(*DECODE, "--allow-partial=true").code == 0


def test_a_cycle_without_frames_has_no_lattice(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    small(Arc(0, 1, 1, 5, 0), Arc(1, 1, 1, 0, 0), Arc(1, 2, 0, 0, 0), Arc(2, 1, 0, 0, 0), finals={1: 0})()
    expected = "HCLG.fst: there is a cycle of arcs without transition-ids, which no lattice can have"
    assert check(capfd, *DECODE, *LATTICES) == expected
    assert run(*DECODE).code == 0


OPTIONS: Mapping[tuple[str, ...], str] = {
    ("--nbest=5",): "--nbest: expected a file for the n best (--nbest-text FILE)",
    ("--confidence=mbr",): "--confidence: expected a file that shows it (--ctm FILE or --transcript FILE), found none",
    (*LATTICES, "--hash-ratio=3"): "--hash-ratio: the search for lattices has no such table; leave it out",
    ("--lattice-beam=3",): "--lattice-beam: it is for lattices, and none is asked for",
    ("--max-active=100", "--min-active=200"): "--min-active: expected at most --max-active (100), found 200",
    ("--beam=0",): "--beam: expected a number above 0, found 0",
    ("--beam=nan",): "--beam: expected a number above 0, found nan",
    ("--word-insertion-penalty=inf",): "--word-insertion-penalty: expected a finite number, found inf",
    ("--word-boundary=a", "--align-lexicon=b"): "--word-boundary and --align-lexicon: both tell the times of words; ",
    ("--transcript=y.foo",): "y.foo: expected a suffix of ",
    ("--transcript=y.json", "--transcript-format=foo"): "--transcript-format: expected one of json, ",
    ("--decoding-memory=10",): "--decoding-memory '10': expected at least 1M",
    ("--text=HCLG.fst",): "--text HCLG.fst: is the same file as that of --graph; give another name",
    ("--text=words.txt",): "--text words.txt: is the same file as that of --words; give another name",
    ("--text=final.mdl",): "--text final.mdl: is the same file as that of -m; give another name",
    ("--text=scores.ark",): "--text scores.ark: is the same file as that of SCORES; give another name",
    ("--alignment=ark:scores.ark",): "--alignment scores.ark: is the same file as that of SCORES; give another name",
    ("--ctm=x.txt",): "--ctm x.txt: is the same file as that of --text; give another name",
    ("--text=-", "--ctm=-"): "--ctm standard output: is the same file as that of --text; give another name",
}


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_options(options: tuple[str, ...], place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert OPTIONS[options] in check(capfd, *DECODE, *options, code=2)


def test_values_that_no_option_has() -> None:
    for option in ("--nbest=0", "--confidence=sure", "--max-active=1", "--acoustic-scale=-1", "--decode-workers=-1"):
        outcome = run_process(*DECODE, option)
        assert outcome.code == 2 and outcome.stdout == ""
        assert outcome.error.startswith(f"Invalid value for '{option.partition('=')[0]}': ")


def test_boundaries_that_were_found_are_not_written_over(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("phones").mkdir()
    shutil.copy("word_boundary.int", "phones")
    name = "phones/word_boundary.int"
    error = check(capfd, *DECODE, f"--ctm={name}", code=2)
    assert error == f"--ctm {name}: is the same file as that of --word-boundary; give another name"
    # a file that is not read may be written
    assert run(*DECODE, f"--ctm={name}", "--word-boundary=word_boundary.int").code == 0
    shutil.copy("words.txt", "others.txt")
    assert run(*DECODE, "--words=others.txt", "--nbest-text=words.txt").code == 0


def test_what_is_missing(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert "--graph: expected a decoding graph" in check(capfd, "decode", "-m", "final.mdl", "ark:scores.ark", code=2)
    error = check(capfd, "decode", "--graph", "HCLG.fst", "ark:scores.ark", code=2)
    assert error == "-m/--model: expected the Kaldi model that the graph was made for (final.mdl), found none"


@pytest.mark.parametrize(
    "option",
    [
        *("--text=", "--ctm=", "--alignment=ark:", "--lattice=ark:", "--nbest-text=", "--nbest-costs=", "--report="),
        "--transcript-format=json --transcript=",
    ],
)
def test_places_that_cannot_be_written(option: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [word for word in DECODE if not word.startswith(option)]
    error = check(capfd, *words, *f"{option}no/such/folder".split())
    assert "no such folder" in error
    if Path("/dev/full").exists():
        error = check(capfd, *words, *f"{option}/dev/full".split())
        assert error == "/dev/full: no space left on the device; free some and run again"


def test_an_empty_archive(place: Path) -> None:
    Path("scores.ark").write_bytes(b"")
    outcome = run(*DECODE)
    assert outcome.code == 1
    assert outcome.stderr.splitlines()[-1] == "failed: there were no utterances"


def test_scores_that_end_early_may_be_skipped(place: Path) -> None:
    cut("scores.ark", 0.5)()
    outcome = run(*DECODE, "--on-error=skip")
    assert outcome.code == 1 and len(without_words(outcome)) == 1
    assert lines_of("x.txt") != []


def process(*words: str | Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with interruptible():
        return subprocess.Popen([*COMMAND, *map(str, words)], stderr=subprocess.PIPE, text=True, env=environment)


def flat_graph() -> None:
    """A graph in which everything follows everything: a search without a beam never ends."""
    states = 2000
    chance = np.random.default_rng(1)
    arcs = [
        Arc(source, int(target), int(chance.integers(1, 301)), int(target) % 26 + 3, 0.0)
        for source in range(states)
        for target in chance.integers(0, states, 30)
    ]
    small(*arcs, finals={0: 0.0})()


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), LATTICES], ids=["best path", "lattices"])
def test_an_utterance_that_explodes_is_given_up(more: tuple[str, ...], place: Path) -> None:
    flat_graph()
    table = stored()
    first = next(iter(table))
    write_table("ark:scores.ark", {"flat": np.zeros((3000, 56), np.float32), first: table[first]})
    options = ("--decode-workers=2", "--beam=1000", "--decoding-seconds=1", "--decoding-memory=300M")
    outcome = run(*DECODE, *options, *more)
    assert outcome.code == 1, outcome
    reason = without_words(outcome)["flat"]
    assert reason.startswith("given up") and reason.endswith("; choose a narrower beam")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_leaves_nothing(workers: int, place: Path) -> None:
    flat_graph()
    write_table("ark:scores.ark", {f"u{number}": np.zeros((500, 56), np.float32) for number in range(200)})
    before = names_in(Path())
    words = [word for word in DECODE if not word.startswith("--decode-workers")]
    with process(
        *words, f"--decode-workers={workers}", "--beam=1000", "--ctm=x.ctm", "--alignment=ark:x.ali"
    ) as command:
        while names_in(Path()) == before and command.poll() is None:
            time.sleep(0.05)
        time.sleep(1)
        command.send_signal(signal.SIGINT)
        _, stderr = command.communicate(timeout=60)
    assert command.returncode == 130, stderr
    assert stderr.splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in stderr
    assert names_in(Path()) == before


SCORE = (
    *("score", "-m", "final.mdl", "-i", "ark:in.ark", "-o", "ark:out.ark", "--frame-subsampling-factor=3"),
    *(
        "--frames-per-chunk=50",
        "--online-ivectors=ark:ivectors.ark",
        "--online-ivector-period=10",
        "--graph=HCLG.fst",
        "--decode-workers=1",
    ),
)


@pytest.fixture
def features(place: Path) -> Path:
    """The folder with features and i-vectors in place of scores."""
    chance = np.random.default_rng(1)
    keys = ("u1", "u2")
    write_table("ark:in.ark", {key: chance.standard_normal((40, 40)).astype(np.float32) for key in keys})
    write_table("ark:ivectors.ark", {key: np.zeros((4, 24), np.float32) for key in keys})
    return place


def test_scoring_with_words(features: Path, capfd: pytest.CaptureFixture[str]) -> None:
    error = check(capfd, *SCORE, code=2)
    assert error == "--graph: expected a file for the words (--text FILE), found none"
    text = "--text=x.txt"
    assert "--text HCLG.fst: is the same file as that of --graph" in check(capfd, *SCORE, "--text=HCLG.fst", code=2)
    assert "--text words.txt: is the same file as that of --words" in check(capfd, *SCORE, "--text=words.txt", code=2)
    assert "out.ark: is the same file as that of" in check(capfd, *SCORE, "--text=out.ark", code=2)
    error = check(capfd, *SCORE, text, "--transition-model", str(MODELS / "nnet3_tdnn" / "final.mdl"))
    assert "expected scores of 120 pdfs" in error or "120" in error
    if Path("/dev/full").exists():
        assert check(capfd, *SCORE, "--text=/dev/full").startswith("/dev/full: no space left on the device")
    changed("words.txt", " 5\n", " 500\n")()
    assert "words.txt: expected a symbol for each of the 26 words" in check(capfd, *SCORE, text)
    copied(TRI, "HCLG.fst")()
    assert "the graph has transition-ids up to 1094, the model 300" in check(capfd, *SCORE, text)
    cut("HCLG.fst", 0.5)()
    assert check(capfd, *SCORE, text).startswith("HCLG.fst: at byte ")


WER: Mapping[str, tuple[str, str, str, int]] = {
    "graph as hypothesis": ("text", "HCLG.fst", "HCLG.fst: is an FST in OpenFst's format; expected lines of text", 3),
    "scores as reference": ("scores.ark", "text", "scores.ark: is a Kaldi archive", 3),
    "no reference": ("none", "text", "none: no such file", 3),
    "no hypothesis": ("text", "none", "none: no such file", 3),
    "missing utterance": ("text", "part", "", 3),
}


@pytest.mark.parametrize("kind", WER)
def test_word_errors(kind: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copy(SPEECH / "text", "text")
    Path("part").write_text("".join(f"{line}\n" for line in lines_of("text")[1:]))
    reference, hypothesis, expected, code = WER[kind]
    assert expected in check(capfd, "wer", reference, hypothesis, code=code)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process alone")
def test_memory_of_a_million_frames(place: Path) -> None:
    """Words of more than eight hours of scores, in a process whose peak is theirs and little more."""
    rows = np.concatenate(list(stored().values()) * 20000)[:1_000_000]
    write_table("ark:scores.ark", {"long": rows})
    size = rows.nbytes >> 10
    del rows
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *DECODE],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert len(lines_of("x.txt")) == 1 and len(lines_of("x.txt")[0].split()) > 10_000
    peak = int(done.stdout.split()[-1])
    print(f"scores {size >> 10}, peak {peak >> 10} MiB")
    assert peak < 3 * size + (300 << 10)
