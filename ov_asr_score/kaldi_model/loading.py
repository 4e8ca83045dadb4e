"""Reads a Kaldi model of any generation from a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ov_asr_score.errors import ModelFormatError, NoNetworkError, TableFormatError, UnsupportedModelError
from ov_asr_score.kaldi_io.files.input import describe_input
from ov_asr_score.kaldi_io.foreign import NETWORK
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_model.network import InputNode, KaldiNetwork
from ov_asr_score.kaldi_model.reading.nnet1 import read_nnet1
from ov_asr_score.kaldi_model.reading.nnet2 import read_nnet2
from ov_asr_score.kaldi_model.reading.nnet3 import read_acoustic_model, read_nnet3, read_nodes
from ov_asr_score.kaldi_model.reading.transition_model import read_transition_model
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.kaldi_model.validation import check_network
from ov_asr_score.text import clipped, printable_name

_MARK = b"\0B"


def load_network(path: str | os.PathLike[str]) -> KaldiNetwork:
    """The network in a Kaldi model file: nnet1, nnet2 or nnet3, binary or text, with a transition model or without.

    Raises FileAccessError, ModelFormatError (file, component, byte, what was expected) and UnsupportedModelError (a
    type of component that Kaldi does not have, or a model that is no neural network).
    """
    try:
        with open_stream(os.fspath(path)) as stream:
            network = _read_network(stream)
    except (TableFormatError, ModelFormatError, UnsupportedModelError) as error:
        if what := describe_input(os.fspath(path), NETWORK):
            raise UnsupportedModelError(f"{printable_name(os.fspath(path))}: {what}") from error
        if isinstance(error, TableFormatError):
            raise ModelFormatError(str(error)) from error
        raise
    return check_network(network)


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """Widths of the inputs of an nnet3 model by name, and the pdfs of the transition model before it, if any."""

    dims: Mapping[str, int]
    num_pdfs: int | None


def load_inputs(path: str | os.PathLike[str]) -> ModelInputs:
    """What a model of nnet3 takes; its components are not read.

    Raises FileAccessError, ModelFormatError, and UnsupportedModelError for a model of another kind.
    """
    name = printable_name(os.fspath(path))
    with open_stream(os.fspath(path)) as stream:
        try:
            reader = _reader(stream)
            num_pdfs = None
            if reader.peek_token() == "<TransitionModel>":
                num_pdfs = read_transition_model(reader).num_pdfs
            if reader.peek_token() != "<Nnet3>":
                found = clipped(reader.peek_token())
                raise UnsupportedModelError(f"{name}: expected a network of nnet3, found {found}")
            nodes, _ = read_nodes(reader)
        except TableFormatError as error:
            raise ModelFormatError(str(error)) from error
    return ModelInputs({node.name: node.dim for node in nodes if isinstance(node, InputNode)}, num_pdfs)


def _reader(stream: KaldiStream) -> ModelReader:
    binary = stream.peek(2) == _MARK
    if binary:
        stream.read(2)
    return ModelReader(stream, binary)


def _read_network(stream: KaldiStream) -> KaldiNetwork:
    reader = _reader(stream)
    first = reader.peek_token()
    num_pdfs = None
    if first == "<TransitionModel>":
        num_pdfs = read_transition_model(reader).num_pdfs
        first = reader.peek_token()
        if first in ("<DIMENSION>", "<NUMPDFS>"):
            raise NoNetworkError(
                f"{reader.source}: a transition model with Gaussian mixtures (GMM); expected a neural network (nnet1, "
                "nnet2 or nnet3)"
            )
        if not first:
            raise NoNetworkError(
                f"{reader.source}: a transition model that no network follows; expected final.mdl of nnet2 or nnet3"
            )
    if first == "<Nnet3>":
        return read_nnet3(reader) if num_pdfs is None else read_acoustic_model(reader, num_pdfs)
    if first == "<Nnet>":
        return _read_older(reader, num_pdfs)
    if num_pdfs is None and first.startswith("<") and first.endswith(">"):
        # nnet1 files of old versions of Kaldi begin with the first component.
        return read_nnet1(reader)
    raise reader.error(
        "<Nnet3>, <Nnet> or <TransitionModel>",
        clipped(first) if first else "the end of the file",
        "is this a Kaldi model?",
    )


def _read_older(reader: ModelReader, num_pdfs: int | None) -> KaldiNetwork:
    """nnet2 has the number of its components behind ``<Nnet>``, nnet1 its first component."""
    offset = reader.offset
    reader.expect_token("<Nnet>")
    # ExpectToken does without the first bracket.
    if num_pdfs is None and reader.peek_token() not in ("<NumComponents>", "NumComponents>"):
        return read_nnet1(reader, inside=True)
    network = read_nnet2(reader, is_acoustic_model=num_pdfs is not None)
    return replace(network, num_pdfs=num_pdfs or 0, node_offsets={**network.node_offsets, "": offset})
