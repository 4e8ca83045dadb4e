"""What is needed for decoding, in sections: the transition model of a Kaldi model, and decoding graphs.

Tests: tests/job/inspection/test_inspect_decoding.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError, UnsupportedModelError
from ov_asr_score.fst.graph_file import open_graph
from ov_asr_score.fst.header import MAGIC, read_header
from ov_asr_score.fst.language_model import LanguageModel, language_model_of, open_language_model
from ov_asr_score.fst.lookahead_graph import HCLR_KIND, HclrGraph, open_hclr
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.job.inspection.sections import Facts, Section
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_model.reading.topology import NO_PDF, Topology
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.text import printable_name


def transition_section(path: str, num_outputs: int | None = None, num_priors: int | None = None) -> Section:
    """The transition model at the beginning of a file, or why a graph cannot be decoded with it.

    ``num_outputs`` is the width of the network that follows, ``num_priors`` the number of priors behind it. Raises
    FileAccessError.
    """
    try:
        model = load_transitions(path)
    except FileAccessError:
        raise
    except OvAsrScoreError as error:
        return "Transition model", {"cannot be used": str(error).removeprefix(f"{printable_name(path)}: ")}
    facts: Facts = {
        "topology": _topology_text(model.topology),
        "phones": len(model.topology.phones),
        "transition states": model.num_transition_states,
        "transition-ids": model.num_transition_ids,
        "self-loops": int(np.count_nonzero(model.is_self_loop)),
        "pdfs": model.num_pdfs,
    }
    others = [("outputs", num_outputs), ("priors", num_priors)]
    wrong = [f"{number} {what} of the network" for what, number in others if number not in (None, model.num_pdfs)]
    if wrong:
        facts["cannot be used"] = f"expected {model.num_pdfs} pdfs, found {' and '.join(wrong)}"
    return "Transition model", facts


def transitions_alone(path: str, why: str) -> list[Section]:
    """Sections about a Kaldi model without a network, such as that of Gaussian mixtures; ``why`` is what it is."""
    kind = why.removeprefix(f"{printable_name(path)}: ").partition(";")[0].removeprefix("a ")
    return [("Model", {"path": path, "kind": f"Kaldi {kind}"}), transition_section(path)]


def is_automaton(path: str) -> bool:
    """Whether the file, unpacked if it is a gzip file, begins as those of OpenFst do. Raises FileAccessError."""
    with open_stream(path) as stream:
        try:
            return stream.peek(len(MAGIC)) == MAGIC
        except TableFormatError:  # a damaged gzip file
            return False


def graph_sections(path: str) -> list[Section]:
    """An automaton of OpenFst: its kind, and of a graph, or half of a lookahead graph, its counts and labels.

    Raises FileAccessError and TableFormatError (damaged).
    """
    with open_stream(path) as stream:
        header = read_header(stream)
    facts: Facts = {
        "path": path,
        "kind": f"automaton of OpenFst ({printable_name(header.kind)}, arcs of type {printable_name(header.arc_type)})",
    }
    sections = [("Graph", facts), *_symbol_sections(header.input_symbols, header.output_symbols)]
    try:
        if header.kind == HCLR_KIND:
            graph, symbols = open_hclr(path)  # whose tables lie behind an inner header
            facts |= _hclr_facts(graph)
            return sections if sections[1:] else [*sections, *_symbol_sections(header.input_symbols, symbols)]
        if header.kind == "ngram":
            model = open_language_model(path).model
            facts |= {"half of": _SECOND_HALF} | _model_counts(model)
            return [*sections, _model_section(model, 0)]
        fst = open_graph(path).fst
    except UnsupportedModelError as error:
        facts["cannot be decoded with"] = str(error).removeprefix(f"{printable_name(path)}: ")
        return sections
    facts |= {
        "states": fst.num_states,
        "arcs": fst.num_arcs,
        "start": fst.start,
        "final states": fst.num_final_states or "none: all paths are partial ones",
        **_label_facts(fst.ilabels, fst.olabels),
    }
    try:
        model, backoff_label = language_model_of(path, fst)
    except UnsupportedModelError:
        return sections
    if (model.backoff_state >= 0).any():
        facts["half of"] = _SECOND_HALF
        sections.append(_model_section(model, backoff_label))
    return sections


_FIRST_HALF = "a lookahead graph; the language model is in Gr.fst"
_SECOND_HALF = "a lookahead graph: the language model that HCLr.fst is searched with"


def _hclr_facts(graph: HclrGraph) -> Facts:
    return {
        "half of": _FIRST_HALF,
        "states": graph.num_states,
        "arcs": len(graph.arcs),
        "start": graph.start,
        "final states": int(np.count_nonzero(graph.final_weights < np.inf)),
        **_label_facts(graph.ilabels, graph.olabels),
        "sets of labels that can be reached": len(graph.set_first) - 1,
        "intervals in them": len(graph.interval_begin),
    }


def _label_facts(ilabels: NDArray[np.int32], olabels: NDArray[np.int32]) -> Facts:
    return {
        "largest input label": int(ilabels.max(initial=0)),
        "largest output label": int(olabels.max(initial=0)),
        "arcs without input": int(np.count_nonzero(ilabels == 0)),
        "arcs without output": int(np.count_nonzero(olabels == 0)),
    }


def _model_counts(model: LanguageModel) -> Facts:
    return {
        "states": model.num_states,
        "arcs": len(model.labels),
        "start": model.start,
        "final states": int(np.count_nonzero(model.finals < np.inf)),
    }


def _model_section(model: LanguageModel, backoff_label: int) -> Section:
    facts: Facts = {
        "order": model.order,
        "vocabulary": f"{np.count_nonzero(model.words_of_label):,} words",
        "states that back off": int(np.count_nonzero(model.backoff_state >= 0)),
    }
    if backoff_label:
        facts["label to back off"] = backoff_label
    return "Language model", facts


def _symbol_sections(input_symbols: SymbolTable | None, output_symbols: SymbolTable | None) -> list[Section]:
    tables = {"input": input_symbols, "output": output_symbols}
    facts: Facts = {name: f"{len(table):,} symbols" for name, table in tables.items() if table is not None}
    return [("Symbols", facts)] if facts else []


def _topology_text(topology: Topology) -> str:
    """Whose topology it is, and how many states consume frames in its entries."""
    emitting = [sum(state.forward_pdf_class != NO_PDF for state in entry) for entry in topology.entries]
    fewest, most = min(emitting), max(emitting)
    states = f"{fewest} to {most} states" if fewest < most else f"{most} state{'s' if most > 1 else ''}"
    loops = "share the pdf of their state" if topology.is_hmm else "have pdfs of their own"
    return f"{'chain' if topology.is_chain else 'HMM'}: {states} per phone, whose loops {loops}"
