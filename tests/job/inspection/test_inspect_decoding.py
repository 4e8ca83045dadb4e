from __future__ import annotations

import gzip
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.job.inspection.inspect_decoding import transition_section
from ov_asr_score.job.inspection.sections import Facts
from tests.command_line import MODELS, ROOT
from tests.fst.lookahead_files import data_of, with_symbols
from tests.kaldi_model.model_files import FOLDER as KALDI

DECODING = ROOT / "tests" / "kaldi_speech" / "decoding"
LOOKAHEAD = ROOT / "tests" / "kaldi_speech" / "lookahead"
SMALL = ROOT / "tests" / "fst" / "data" / "fst"


def transitions_of(path: Path) -> Facts:
    return dict(inspect_model(str(path)))["Transition model"]


def test_transition_model_of_a_chain_model() -> None:
    """Counts as show-transitions prints them."""
    assert transitions_of(MODELS / "nnet3_chain_tdnnf" / "final.mdl") == {
        "topology": "chain: 1 state per phone, whose loops have pdfs of their own",
        "phones": 118,
        "transition states": 157,
        "transition-ids": 314,
        "self-loops": 157,
        "pdfs": 56,
    }


def test_transition_model_of_another_model() -> None:
    facts = transitions_of(MODELS / "nnet3_tdnn" / "final.mdl")
    assert facts["topology"] == "HMM: 3 to 5 states per phone, whose loops share the pdf of their state"
    assert (facts["transition-ids"], facts["pdfs"]) == (1118, 120)


def test_a_network_alone_has_none() -> None:
    assert "Transition model" not in dict(inspect_model(str(MODELS / "nnet1_dnn" / "final.nnet")))


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        (b"", "Kaldi transition model that no network follows"),
        (b"<DIMENSION> 39 <NUMPDFS> 4 ", "Kaldi transition model with Gaussian mixtures (GMM)"),
    ],
)
def test_without_a_network(folder: Path, rest: bytes, kind: str) -> None:
    Path("tri.mdl").write_bytes((KALDI / "nnet3_usual_am.mdl").read_bytes().split(b"<Nnet3>")[0] + rest)
    sections = dict(inspect_model("tri.mdl"))
    assert list(sections) == ["Model", "Transition model"]
    assert sections["Model"] == {"path": "tri.mdl", "kind": kind}
    assert sections["Transition model"]["transition-ids"] == 8


def test_what_cannot_be_used_for_decoding(folder: Path) -> None:
    """The network can be scored all the same."""
    text = (KALDI / "nnet3_usual_am.txt").read_text()
    Path("x.mdl").write_text(text.replace(" -0.6 -0.8 ]", " ]"))
    sections = dict(inspect_model("x.mdl"))
    reason = str(sections["Transition model"]["cannot be used"])
    assert "expected log-probabilities of 8 transition-ids, found 6" in reason and "x.mdl" not in reason
    assert sections["Conversion"]["possible"] == "yes"


def test_pdfs_of_network_and_priors() -> None:
    path = str(KALDI / "nnet3_usual_am.mdl")
    assert "cannot be used" not in transition_section(path, 4, 4)[1]
    assert "cannot be used" not in transition_section(path, 4, None)[1]
    facts = transition_section(path, 5, 3)[1]
    assert facts["cannot be used"] == "expected 4 pdfs, found 5 outputs of the network and 3 priors of the network"


def test_a_graph(folder: Path) -> None:
    """Counts as fstinfo prints them; of a gzip file the same."""
    expected = {
        "kind": "automaton of OpenFst (const, arcs of type standard)",
        "states": 71,
        "arcs": 218,
        "start": 0,
        "final states": 2,
        "largest input label": 306,
        "largest output label": 28,
        "arcs without input": 29,
        "arcs without output": 147,
    }
    path = str(DECODING / "HCLG.fst")
    assert inspect_model(path) == [("Graph", {"path": path, **expected})]
    Path("HCLG.fst.gz").write_bytes(gzip.compress((DECODING / "HCLG.fst").read_bytes()))
    assert inspect_model("HCLG.fst.gz") == [("Graph", {"path": "HCLG.fst.gz", **expected})]
    command = f"cat {path} |"
    assert inspect_model(command, allow_commands=True) == [("Graph", {"path": command, **expected})]


def test_a_graph_without_final_states() -> None:
    facts = dict(inspect_model(str(DECODING / "HCLG_nofinal.fst")))["Graph"]
    assert facts["final states"] == "none: all paths are partial ones"


def test_the_first_half_of_a_lookahead_graph() -> None:
    """Counts of the text that fstprint wrote."""
    arcs = [line.split() for line in (LOOKAHEAD / "HCLr.txt").read_text().splitlines()]
    finals = [line for line in arcs if len(line) < 4]
    arcs = [line for line in arcs if len(line) >= 4]
    facts = dict(inspect_model(str(LOOKAHEAD / "HCLr.fst")))["Graph"]
    sets = facts.pop("sets of labels that can be reached"), facts.pop("intervals in them")
    assert facts == {
        "path": str(LOOKAHEAD / "HCLr.fst"),
        "kind": "automaton of OpenFst (olabel_lookahead, arcs of type standard)",
        "half of": "a lookahead graph; the language model is in Gr.fst",
        "states": 1 + max(int(state) for line in arcs for state in line[:2]),
        "arcs": len(arcs),
        "start": 0,
        "final states": len(finals),
        "largest input label": max(int(line[2]) for line in arcs),
        "largest output label": max(int(line[3]) for line in arcs),
        "arcs without input": sum(line[2] == "0" for line in arcs),
        "arcs without output": sum(line[3] == "0" for line in arcs),
    }
    assert all(isinstance(count, int) and count > 20 for count in sets)


def test_language_models() -> None:
    """Of both kinds: a lookahead graph is searched with them, and a graph is not taken for one."""
    packed, automaton = (dict(inspect_model(str(LOOKAHEAD / name))) for name in ("Gr_ngram.fst", "Gr.fst"))
    expected = {"order": 2, "vocabulary": "26 words", "states that back off": 27}
    assert packed["Language model"] == expected
    assert automaton["Language model"] == expected | {"label to back off": 27}
    half = "a lookahead graph: the language model that HCLr.fst is searched with"
    assert (packed["Graph"]["half of"], automaton["Graph"]["half of"]) == (half, half)
    names = ("states", "final states")
    assert [packed["Graph"][name] for name in names] == [automaton["Graph"][name] for name in names] == [28, 27]
    assert packed["Graph"]["arcs"] == 755 - 27  # without those to back off, which are not in the file
    assert automaton["Graph"]["arcs"] == 755
    assert dict(inspect_model(str(LOOKAHEAD / "four_grams.fst")))["Language model"]["order"] == 4
    assert "Language model" not in dict(inspect_model(str(DECODING / "HCLG.fst")))
    assert "Language model" not in dict(inspect_model(str(SMALL / "vector.fst")))


def test_symbols_of_the_first_half(folder: Path) -> None:
    data = data_of("tiny_HCLr")
    inner = data.index(b"const") - 8
    Path("x.fst").write_bytes(data[:inner] + with_symbols(data[inner:], {0: "<eps>", 1: "one"}, 2))
    assert dict(inspect_model("x.fst"))["Symbols"] == {"output": "2 symbols"}


def test_no_extra_is_needed() -> None:
    """All kinds, where nothing that decodes can be imported."""
    names = ["HCLr", "Gr", "Gr_ngram", "Gr_order_3", "tiny_Gr_vector", "tiny_HCLr_aligned"]
    paths = [*(str(LOOKAHEAD / f"{name}.fst") for name in names), str(DECODING / "HCLG.fst")]
    program = (
        "import json, sys\n"
        "for name in ('numba', 'kaldifst', 'kaldi_decoder', 'scipy', 'soundfile'):\n"
        "    sys.modules[name] = None\n"
        "from ov_asr_score.job.inspect_model import inspect_model\n"
        "print(json.dumps([inspect_model(path) for path in sys.argv[1:]]))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found = [[tuple(section) for section in sections] for sections in json.loads(outcome.stdout)]
    assert found == [inspect_model(path) for path in paths]


def test_damaged_halves(folder: Path) -> None:
    for name in ("tiny_HCLr.fst", "tiny_Gr_ngram.fst"):
        Path("x.fst").write_bytes((LOOKAHEAD / name).read_bytes()[:-1])
        with pytest.raises(TableFormatError, match=r"^x\.fst: at byte \d+: expected "):
            inspect_model("x.fst")


def test_symbols_in_a_graph() -> None:
    sections = dict(inspect_model(str(SMALL / "symbols.fst")))
    assert sections["Symbols"] == {"input": "6 symbols", "output": "6 symbols"}


def test_other_automata() -> None:
    facts = dict(inspect_model(str(SMALL / "log.fst")))["Graph"]
    assert facts["kind"] == "automaton of OpenFst (vector, arcs of type log)"
    assert str(facts["cannot be decoded with"]).startswith("expected arcs of type standard, found 'log'; fstmap ")
    assert "states" not in facts


def test_damaged_graphs(folder: Path) -> None:
    data = (DECODING / "HCLG.fst").read_bytes()
    Path("x.fst").write_bytes(data[:-4] + struct.pack("<i", 71))
    with pytest.raises(TableFormatError, match=r"^x\.fst: at byte 0: expected states below 71, found 71"):
        inspect_model("x.fst")
    Path("x.fst").write_bytes(data[:30])
    with pytest.raises(TableFormatError, match=r"^x\.fst: at byte \d+: expected 40 bytes, found 5"):
        inspect_model("x.fst")
