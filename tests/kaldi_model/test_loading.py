"""Whole models: all forms of all generations, and files that are something else."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_io.matrices.compressed import encode_compressed, read_compressed
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_model.loading import load_inputs, load_network
from ov_asr_score.kaldi_model.network import Component, FieldValue, KaldiNetwork
from tests.kaldi_model.model_files import BINARY, FOLDER, name_of


def all_components(components: Iterator[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        for chain in component.nested:
            yield from all_components(iter(chain))


def components_of(network: KaldiNetwork) -> list[Component]:
    return list(all_components(iter(network.components.values())))


def same_value(one: FieldValue, other: FieldValue) -> bool:
    """Floats are compared as float32: the binary form keeps their rounding, the text form their digits."""
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(np.array_equal, one, other))
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.float32(one) == np.float32(other))
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("path", BINARY, ids=name_of)
def test_binary_and_text_are_the_same_network(path: Path) -> None:
    binary, text = load_network(path), load_network(path.with_suffix(".txt"))
    assert (binary.binary, text.binary) == (True, False)
    assert binary.nodes == text.nodes
    assert (binary.generation, binary.stored_contexts, binary.num_pdfs, binary.is_acoustic_model) == (
        *(text.generation, text.stored_contexts, text.num_pdfs, text.is_acoustic_model),
    )
    assert (binary.priors is None) == (text.priors is None)
    if binary.priors is not None and text.priors is not None:
        assert np.array_equal(binary.priors, text.priors)
    pairs = list(zip(components_of(binary), components_of(text), strict=True))
    for one, other in pairs:
        assert (one.name, one.type) == (other.name, other.type)
        assert one.fields.keys() == other.fields.keys(), one.name
        for name, value in one.fields.items():
            assert same_value(value, other.fields[name]), (one.name, name)


@pytest.mark.parametrize(
    ("name", "generation", "binary_bytes"),
    [("nnet1_every", 1, b"\0B<Nnet>"), ("nnet2_every", 2, b"\0B<Nnet>"), ("nnet3_components", 3, b"\0B<Nnet3>")],
)
def test_generations(name: str, generation: int, binary_bytes: bytes) -> None:
    path = next(path for path in BINARY if path.stem == name)
    assert path.read_bytes().startswith(binary_bytes)
    network = load_network(path)
    assert (network.generation, network.is_acoustic_model, network.num_pdfs) == (generation, False, 0)


def test_values_are_those_of_the_text() -> None:
    network = load_network(FOLDER / "nnet3_descriptors.raw")
    fields = network.components["mix"].fields
    assert fields["TimeOffsets"] is not None
    assert np.array_equal(np.asarray(fields["TimeOffsets"]), [-2, 0, 3])
    weights = np.asarray(fields["LinearParams"])
    assert weights.shape == (4, 12)
    assert weights.dtype == np.float32
    assert weights[3, 11] == np.float32(-0.2572547)
    assert network.components["norm"].fields["TestMode"] is False


def test_priors_and_contexts_of_an_acoustic_model() -> None:
    network = load_network(FOLDER / "nnet3_usual_am.mdl")
    assert network.priors is not None
    assert network.priors.dtype == np.float32
    assert network.priors.tolist() == [0.125, 0.25, 0.5, 0.125]
    assert network.stored_contexts == (4, 6)
    chain = load_network(FOLDER / "nnet3_chain_am.mdl")
    assert (chain.priors, chain.num_pdfs) == (None, 4)


def written(folder: Path, content: bytes | str, name: str = "x.mdl") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_gzip(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress((FOLDER / "nnet2_am.txt").read_bytes()), "final.mdl.gz")
    assert len(load_network(path).components) == 9


def test_a_cut_gzip_file(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress((FOLDER / "nnet2_am.txt").read_bytes())[:500], "final.mdl.gz")
    with pytest.raises(ModelFormatError, match=r"final\.mdl\.gz: .* at byte \d+: .*"):
        load_network(path)


def test_line_ends_of_windows(tmp_path: Path) -> None:
    for name in ("nnet1_every", "nnet2_am", "nnet3_usual_am"):
        text = (FOLDER / f"{name}.txt").read_bytes()
        network = load_network(written(tmp_path, text.replace(b"\n", b"\r\n")))
        assert network.nodes == load_network(FOLDER / f"{name}.txt").nodes


# Matrices and vectors in other forms: Kaldi reads them all.


def with_matrix(content: bytes, encoded: bytes) -> bytes:
    """The model with other bytes for the first matrix of the component 'out', 4 x 4."""
    start = content.index(b"FM ", content.index(b"<ComponentName> out "))
    return content[:start] + encoded + content[start + len(b"FM ") + 2 * 5 + 16 * 4 :]


MATRIX_4_4 = np.arange(16, dtype=np.float64).reshape(4, 4) / 7 - 1


def test_parameters_in_double_precision(tmp_path: Path) -> None:
    encoded = b"DM " + struct.pack("<BiBi", 4, 4, 4, 4) + MATRIX_4_4.tobytes()
    path = written(tmp_path, with_matrix((FOLDER / "nnet3_descriptors.raw").read_bytes(), encoded))
    weights = np.asarray(load_network(path).components["out"].fields["LinearParams"])
    assert np.array_equal(weights, MATRIX_4_4.astype(np.float32))


@pytest.mark.parametrize("method", [2, 3, 5])
def test_compressed_parameters(tmp_path: Path, method: int) -> None:
    encoded = encode_compressed(MATRIX_4_4, method)
    path = written(tmp_path, with_matrix((FOLDER / "nnet3_descriptors.raw").read_bytes(), encoded))
    weights = np.asarray(load_network(path).components["out"].fields["LinearParams"])
    token, payload = encoded.split(b" ", maxsplit=1)
    with open_stream(str(written(tmp_path, payload, "payload"))) as stream:
        assert np.array_equal(weights, read_compressed(stream, token.decode()))
    assert np.abs(weights - MATRIX_4_4).max() < 0.01


def test_a_vector_in_double_precision(tmp_path: Path) -> None:
    content = (FOLDER / "nnet3_usual_am.mdl").read_bytes()
    start = content.rindex(b"FV ")
    encoded = b"DV " + struct.pack("<Bi", 4, 4) + np.array([0.1, 0.2, 0.3, 0.4]).tobytes()
    priors = load_network(written(tmp_path, content[:start] + encoded)).priors
    assert priors is not None
    assert np.array_equal(priors, np.array([0.1, 0.2, 0.3, 0.4], np.float32))


# Old files


def test_nnet1_without_its_brackets(tmp_path: Path) -> None:
    """Files of old versions of nnet1 have neither <Nnet> nor <!EndOfComponent>; markers may be in lower case."""
    old = "<affinetransform> 2 3 [\n 1 2 3\n 4 5 6 ]\n [ 0.5 0.25 ]\n<sigmoid> 2 2\n<softmax> 2 2\n"
    network = load_network(written(tmp_path, old))
    assert [component.type for component in network.components.values()] == ["AffineTransform", "Sigmoid", "Softmax"]
    assert (network.generation, network.inputs[0].dim) == (1, 3)


def test_nnet2_splice_with_two_contexts(tmp_path: Path) -> None:
    text = (FOLDER / "nnet2_am.txt").read_text()
    old = text.replace("<Context> [ -1 0 1 2 ]", "<LeftContext> 1 <RightContext> 2")
    assert old != text
    found = load_network(written(tmp_path, old)).components["component3.SpliceComponent"].fields["Context"]
    assert np.array_equal(np.asarray(found), [-1, 0, 1, 2])


# What is something else


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", UnsupportedModelError, "is empty; expected a neural network"),
        (b"\0B", ModelFormatError, "at byte 2: expected <Nnet3>, <Nnet> or <TransitionModel>, found the end of"),
        (b"\0BFM \4\1\0\0\0", UnsupportedModelError, r"is one matrix \(.*\); expected a neural network"),
        (b"\0BXM \4\1\0\0\0", ModelFormatError, "found 'XM'; is this a Kaldi model"),
        (b"utt1  [\n 1 2 ]\n", UnsupportedModelError, "is a Kaldi archive .*; expected a neural network .* exchanged"),
        (b"\0B<DiagGMM> ", UnsupportedModelError, "<DiagGMM>; expected a neural network"),
        (
            b"<AffineTransform> <InputDim> 4 ",
            UnsupportedModelError,
            "is a prototype of a network, which has no weights",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            UnsupportedModelError,
            "a Git LFS pointer, not the file itself",
        ),
        (b"\xff\xfe\0\1", ModelFormatError, "at byte 0: expected <Nnet3>"),
        (b"<Nnet3>", ModelFormatError, "at byte"),
        (b"<Foo> 3 4\n", UnsupportedModelError, "type '<Foo>' is not one of Kaldi's nnet1; expected one of"),
        (b"<Nnet> <NumComponents> 1 <Components> <Foo> ", UnsupportedModelError, "is not one of Kaldi's nnet2"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", UnsupportedModelError, r"is an image \(PNG\); expected a neural network"),
    ],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as failure:
        load_network(written(tmp_path, content))
    assert str(failure.value).startswith(f"{tmp_path / 'x.mdl'}: ")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("name", ["nnet3_usual_am.mdl", "nnet3_usual_am.txt"])
def test_transition_models_without_a_network(tmp_path: Path, name: str) -> None:
    transitions = (FOLDER / name).read_bytes().split(b"<Nnet3>")[0]
    with pytest.raises(UnsupportedModelError, match="a transition model that no network follows"):
        load_network(written(tmp_path, transitions))
    with pytest.raises(UnsupportedModelError, match=r"Gaussian mixtures \(GMM\)"):
        load_network(written(tmp_path, transitions + b"<DIMENSION> 39 <NUMPDFS> 5 "))


def test_a_type_that_kaldi_does_not_have(tmp_path: Path) -> None:
    text = (FOLDER / "nnet3_descriptors.txt").read_text().replace("RectifiedLinearComponent", "MyReluComponent")
    with pytest.raises(UnsupportedModelError) as failure:
        load_network(written(tmp_path, text))
    at = text.encode().index(b"<MyReluComponent>")
    assert f"component 'relu' at byte {at}: type 'MyReluComponent' is not one of Kaldi's nnet3" in str(failure.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        load_network(tmp_path / "final.mdl")
    with pytest.raises(FileAccessError, match="found a folder"):
        load_network(tmp_path)


def test_what_follows_a_model_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, (FOLDER / "nnet3_descriptors.raw").read_bytes() + b"anything")
    assert len(load_network(path).components) == 7


def test_a_component_twice(tmp_path: Path) -> None:
    text = (FOLDER / "nnet3_descriptors.txt").read_text().replace("<ComponentName> relu", "<ComponentName> norm")
    with pytest.raises(
        ModelFormatError, match=r"component 'norm' \(5 of 7\) at byte \d+: expected every component once"
    ):
        load_network(written(tmp_path, text))


def test_a_node_twice(tmp_path: Path) -> None:
    text = (
        (FOLDER / "nnet3_descriptors.txt").read_text().replace("component-node name=relu", "component-node name=norm")
    )
    with pytest.raises(ModelFormatError, match="expected every node once, found 'norm' twice"):
        load_network(written(tmp_path, text))


def test_a_wrong_number_of_components(tmp_path: Path) -> None:
    text = (FOLDER / "nnet3_descriptors.txt").read_text()
    with pytest.raises(ModelFormatError, match="expected </Nnet3>, found '<ComponentName>'"):
        load_network(written(tmp_path, text.replace("<NumComponents> 7", "<NumComponents> 6")))
    with pytest.raises(ModelFormatError, match="expected <ComponentName>, found '</Nnet3>'"):
        load_network(written(tmp_path, text.replace("<NumComponents> 7", "<NumComponents> 8")))
    with pytest.raises(ModelFormatError, match="expected a number of components, found -3"):
        load_network(written(tmp_path, text.replace("<NumComponents> 7", "<NumComponents> -3")))


def test_inputs_without_components() -> None:
    chain = Path(__file__).parents[2] / "models" / "chain_ivector" / "final.mdl"
    found = load_inputs(chain)
    assert (found.dims, found.num_pdfs) == ({"ivector": 24, "input": 40}, 56)
    network = load_network(chain)
    assert found.dims == {node.name: node.dim for node in network.inputs}


def test_inputs_of_another_kind_of_network() -> None:
    with pytest.raises(UnsupportedModelError, match="expected a network of nnet3, found "):
        load_inputs(next((Path(__file__).parents[2] / "models" / "nnet1_dnn").glob("final.nnet")))
