"""Objects of Kaldi that are neither networks nor tables: by their first token, or as what an archive holds.

Sources: the ``Write`` functions of gmm, ivector, hmm, tree, transform, nnet2, nnet3 and chain; fst/fst.h of OpenFst for
the header of FSTs, lat/kaldi-lattice.h for lattices, which are FSTs with other arcs.

Tests: tests/kaldi_io/foreign/test_recognition.py
"""

from __future__ import annotations

import re

from ov_asr_score.kaldi_io.foreign import MODEL, TABLE
from ov_asr_score.kaldi_io.foreign.foreign_kind import ForeignKind

_BINARY = b"\0B"
_FST = b"\xd6\xfd\xb2\x7e"
_FST_HEADER = re.compile(_FST + rb"(.)\0\0\0([a-z0-9_+-]+?)(.)\0\0\0([a-z0-9_]+)", re.DOTALL)
_SYMBOLS = b"\x74\xfb\xb2\x7e"
_FARS = (b"\x5c\xf3\xb2\x7e", b"\x5c\x51\x56\0")

_OBJECTS: dict[str, str] = {
    "DiagGMM": "a Gaussian mixture (UBM)",
    "DiagGMMBegin": "a Gaussian mixture (UBM)",
    "FullGMM": "a Gaussian mixture (UBM)",
    "FullGMMBegin": "a Gaussian mixture (UBM)",
    "DIMENSION": "Gaussian mixtures without their transition model",
    "GMMACCS": "statistics of Gaussian mixtures",
    "IvectorExtractor": "an extractor of i-vectors",
    "IvectorExtractorStats": "statistics for an extractor of i-vectors",
    "OnlineIvectorEstimationStats": "statistics of i-vectors",
    "OnlineIvectorExtractorAdaptationState": "the state of an extractor of i-vectors",
    "Plda": "a PLDA model for comparing vectors of speakers",
    "LogisticRegression": "a logistic regression",
    "Topology": "a topology of phones",
    "SGMM": "a subspace Gaussian mixture model",
    "Sgmm2GauPost": "posteriors of a subspace Gaussian mixture model",
    "MlltAccs": "statistics for an MLLT transform",
    "LDAACCS": "statistics for an LDA transform",
    "FMLLRXFORM": "fMLLR transforms",
    "MLLRXFORM": "MLLR transforms",
    "REGTREE": "a regression tree",
    "LinearVtln": "transforms for VTLN",
    "OnlineCmvnState": "the state of online CMVN",
    "QuestionsForKey": "questions for a decision tree",
    "NumIo": "an example for training (egs)",
}
# What entries of archives begin with.
_ENTRIES: dict[str, str] = {
    "Nnet3Eg": "examples for training (egs of nnet3)",
    "NnetExample": "examples for training (egs of nnet2)",
    "DiscriminativeNnetExample": "examples for training (discriminative egs of nnet2)",
    "Nnet3ChainEg": "examples for training (chain egs of nnet3)",
    "Nnet3DiscriminativeEg": "examples for training (discriminative egs of nnet3)",
    "NumInputs": "examples for training (egs)",
    "Supervision": "supervisions of chain training",
}
_MODELS = ("TransitionModel", "Nnet", "Nnet3", "Components")
_PROTOTYPE = re.compile(rb"\s*<(NnetProto>|[A-Za-z]+>\s+<InputDim>)")
_TOKEN = re.compile(rb"\s*<([A-Za-z0-9_]{1,40})>(?=\s|$)")
_MATRIX = re.compile(rb"([FD]M|CM[23]?|[FD]P|SM) ")
_VECTOR = re.compile(rb"([FD]V|SV) ")
_TEXT_ARRAY = re.compile(rb"\s*\[[-+\d.eEinfaINFA \t]*(\n|\]|$)")
_TREE = re.compile(rb"(ContextDependency|EventMap) |(SE|TE|CE|NULL) (?! *\[)")
# Lattices and sounds have no mark before them.
_KEY = re.compile(rb"[!-~\x80-\xff]{1,200} ?(\0B|(?=" + _FST + rb"|RIFF.{4}WAVE))", re.DOTALL)
_INTEGER_LINE = re.compile(rb"[!-~\x80-\xff]{1,200}([ \t]+\d+){2,}[ \t]*(\n|$)")
_TEXT_LATTICE = re.compile(
    rb"[!-~\x80-\xff]{1,200}[ \t]*\n\d+[ \t]+\d+[ \t]+\S+[ \t]+(\S+[ \t]+)?[-+.\deinf]+,[-+.\deinf]+,[\d_]*[ \t]*\n"
)
# Of text with a first token that is unknown: fields of components and other objects. Before a bracket it is a key.
_TEXT_FIELDS = re.compile(rb"\s*<\w+>\s+([-+.\d]|</?[A-Z]|[TF]\s)")
_TEXT_KEY = re.compile(rb"[!-~\x80-\xff]{1,200} +(?=\[)")


def object_kind(start: bytes) -> ForeignKind | None:
    """The kind of the single object of Kaldi that a file begins with, None if it is none that is known here."""
    binary = start.startswith(_BINARY)
    inside = start[2:] if binary else start
    if inside.startswith((_FST, _SYMBOLS, *_FARS)):
        return _fst_kind(inside)
    if not binary and _PROTOTYPE.match(inside):
        return ForeignKind("a prototype of a network, which has no weights (nnet-initialize makes a model of it)")
    if (token := _TOKEN.match(inside)) is not None:
        name = token[1].decode()
        if binary or name in _MODELS or name in _OBJECTS or name in _ENTRIES or _TEXT_FIELDS.match(inside):
            return _token_kind(name)
    if _TREE.match(inside):
        return ForeignKind("a decision tree of Kaldi", is_kaldi_object=True)
    return _array_kind(inside, binary=binary)


def archive_kind(start: bytes) -> ForeignKind | None:
    """The kind of the archive that a file begins as, by its first entry; None if it is no archive."""
    if _TEXT_LATTICE.match(start):
        return ForeignKind("an archive of lattices (in text form)", is_kaldi_object=True)
    if (key := _KEY.match(start)) is None:
        if _TEXT_KEY.match(start):
            return ForeignKind("a Kaldi archive (in text form)", instead_of=_EXCHANGED, is_right_for=TABLE)
        if _INTEGER_LINE.match(start):
            return ForeignKind("a table of integers in text form (such as alignments)", is_right_for=TABLE)
        return None
    inside = start[key.end() :]
    if inside.startswith(_FST):
        return ForeignKind(f"an archive of {_fst_words(inside, many=True)}", is_kaldi_object=True)
    if inside[:4] == b"RIFF":
        return ForeignKind("an archive of sounds", said={TABLE: "this is an archive of sounds, features are expected"})
    if (token := _TOKEN.match(inside)) is not None and token[1].decode() not in _MODELS:
        name = token[1].decode()
        what = _ENTRIES.get(name) or _OBJECTS.get(name, f"objects that start with <{name}>")
        return ForeignKind(f"an archive of {what}", is_kaldi_object=True)
    if _MATRIX.match(inside) or _VECTOR.match(inside):
        return ForeignKind("a Kaldi archive", instead_of=_EXCHANGED, is_right_for=TABLE)
    if inside.startswith(b"\4"):
        what = "an archive of integers (such as alignments or posteriors)"
        return ForeignKind(what, is_kaldi_object=True, is_right_for=TABLE)
    return ForeignKind("a Kaldi archive", instead_of=_EXCHANGED, is_right_for=TABLE)


_EXCHANGED = {MODEL: "are model and inputs exchanged?"}
_MODEL_ADVICE = {TABLE: "are model and inputs exchanged?"}


def _token_kind(name: str) -> ForeignKind:
    if name in _MODELS:
        return ForeignKind("a Kaldi model", instead_of=_MODEL_ADVICE, is_right_for=MODEL, is_network=True)
    if name in _ENTRIES:
        return ForeignKind(f"{_ENTRIES[name]} without keys", is_kaldi_object=True)
    words = _OBJECTS.get(name)
    what = f"a Kaldi object that starts with <{name}>"
    if words is None:  # perhaps a component with its name misspelled, of which the reader of networks says more
        return ForeignKind(what, is_kaldi_object=True, is_network=True)
    return ForeignKind(f"{words}, {what}", is_kaldi_object=True)


def _array_kind(inside: bytes, *, binary: bool) -> ForeignKind | None:
    end = None if binary else _TEXT_ARRAY.match(inside)
    if (binary and _MATRIX.match(inside)) or (end is not None and end[1] == b"\n"):
        return _one_array("matrix (such as an LDA transform, or CMVN statistics)")
    if (binary and _VECTOR.match(inside)) or end is not None:
        return _one_array("vector (such as counts of classes)")
    if binary and inside[:1] == b"\4":
        return _one_array("vector of integers")
    return None


def _one_array(words: str) -> ForeignKind:
    name = words.partition(" ")[0]
    how = f"to use it as one, write the line `<key> <file of the {name}>` into a file and give scp:<that file>"
    return ForeignKind(f"one {words}", said={TABLE: f"is one {words}, not a table; {how}"})


def _fst_kind(start: bytes) -> ForeignKind:
    if start.startswith(_FST):
        return ForeignKind(f"{_fst_words(start)} in OpenFst's format", is_kaldi_object=True)
    return ForeignKind("a table of symbols of OpenFst" if start.startswith(_SYMBOLS) else "an archive of FSTs (FAR)")


def _fst_words(start: bytes, *, many: bool = False) -> str:
    """A lattice or another FST: the header has the kind of FST, then that of its arcs, each with its length before."""
    header = _FST_HEADER.match(start)
    if header is not None and b"lattice" in header[4]:
        return "lattices" if many else "a lattice"
    return "FSTs" if many else "an FST"
