"""Beginnings of files that are given where a model or a table is expected, as their programs write them."""

from __future__ import annotations

import gzip
import io
import tarfile
import wave
import zipfile

import numpy as np


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(b"\n\1" * 160)
    return file.getvalue()


def _zip(member: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(member, b"content")
    return file.getvalue()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("exp/final.mdl"))
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones((3, 2), np.float32))
    return file.getvalue()


def _fst(arc: bytes) -> bytes:
    header = b"\xd6\xfd\xb2\x7e\6\0\0\0vector" + bytes([len(arc), 0, 0, 0]) + arc
    return header + b"\2\0\0\0" + b"\0" * 40


LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
WAV = _wav()
INTEGERS = b"\4\2\0\0\0\4\7\0\0\0\4\7\0\0\0"

FOREIGN_FILES: dict[str, tuple[bytes, str]] = {
    "lfs": (LFS_POINTER, "a Git LFS pointer, not the file itself; run git lfs pull"),
    "annex": (b"/annex/objects/MD5E-s12--aa.mdl\n", "a git-annex pointer, not the file itself; run git annex get"),
    "link": (b"../chain/final.mdl", "the text of a symbolic link to ../chain/final.mdl, not the file itself"),
    "cygwin-link": (b"!<symlink>\xff\xfef\0i\0", "a symbolic link of another system"),
    "page": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>\n", "a web page (HTML), not the file itself"),
    "page-in-capitals": (b"<HTML>\n<HEAD>\n", "a web page (HTML), not the file itself"),
    "server": (b'{"message":"Not Found"}', "the error message of a server, not the file itself; download it again"),
    "server-text": (b"404: Not Found", "the error message of a server, not the file itself"),
    "bucket": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
        "the error message of a server, not the file itself",
    ),
    "empty": (b"", "empty"),
    "zip": (_zip("exp/final.mdl"), "a zip archive (with 'exp/final.mdl'); unpack it"),
    "torch": (_zip("archive/data.pkl"), "a PyTorch file"),
    "tar": (_tar(), "a tar archive (with 'exp/final.mdl'); unpack it"),
    "tar-gz": (gzip.compress(_tar()), "a tar archive (with 'exp/final.mdl'); unpack it"),
    "bzip2": (b"BZh91AY&SY\0\0", "a bzip2 file; unpack it"),
    "xz": (b"\xfd7zXZ\0\0\4", "an xz file; unpack it"),
    "zstd": (b"\x28\xb5\x2f\xfd\4\0", "a zstd file; unpack it"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive; unpack it"),
    "wav": (WAV, "a sound file"),
    "wav-gz": (gzip.compress(WAV), "a sound file"),
    "flac": (b"fLaC\0\0\0\x22", "a sound file"),
    "ogg": (b"OggS\0\2\0\0", "a sound file"),
    "mp3": (b"ID3\4\0\0\0\0\0\0", "a sound file"),
    "sphere": (b"NIST_1A\n   1024\n", "a sound file"),
    "npy": (_npy(), "a NumPy array (.npy)"),
    "pickle": (b"\x80\2}q\0.", "a Python pickle"),
    "hdf5": (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
    "tflite": (b"\x1c\0\0\0TFL3\0\0", "a TensorFlow Lite model"),
    "safetensors": (b'\x40\0\0\0\0\0\0\0{"weight":', "a safetensors file"),
    "pdf": (b"%PDF-1.5\n", "a PDF document"),
    "ubm": (
        b"\0B<DiagGMM> <GCONSTS> FV \4\1\0\0\0\0\0\0\0",
        "a Gaussian mixture (UBM), a Kaldi object that starts with <DiagGMM>",
    ),
    "ubm-text": (b"<DiagGMM> \n<GCONSTS>  [ -87.9 ]\n", "a Gaussian mixture (UBM), a Kaldi object that starts with"),
    "ivector-extractor": (b"\0B<IvectorExtractor> <w> FM \4\0\0\0\0\4\0\0\0\0", "an extractor of i-vectors"),
    "plda": (b"\0B<Plda> FV \4\1\0\0\0", "a PLDA model"),
    "topology": (b"<Topology>\n<TopologyEntry>\n", "a topology of phones"),
    "other-object": (b"\0B<BasisOfNothing> ", "a Kaldi object that starts with <BasisOfNothing>"),
    "tree": (b"\0BContextDependency \4\2\0\0\0\4\1\0\0\0ToPdf SE ", "a decision tree of Kaldi"),
    "tree-text": (b"ContextDependency 3 1 ToPdf TE 1 5 ( NULL ", "a decision tree of Kaldi"),
    "map-of-events": (b"SE 0 [ 1 2 ]\n{ CE 0 CE 1 }\n", "a decision tree of Kaldi"),
    "matrix": (b"\0BFM \4\1\0\0\0\4\2\0\0\0" + b"\0" * 8, "one matrix (such as an LDA transform, or CMVN statistics)"),
    "matrix-text": (b" [\n  1 2 3\n  4 5 6 ]\n", "one matrix"),
    "matrix-text-one-line": (b"[ 0.5 1e-3 -0.25\n  1 2 3 ]\n", "one matrix"),
    "vector": (b"\0BFV \4\1\0\0\0\0\0\0\0", "one vector (such as counts of classes)"),
    "vector-text": (b" [ 10 20 30 ]\n", "one vector"),
    "fst": (_fst(b"standard"), "an FST in OpenFst's format"),
    "lattices": (b"utt1 " + _fst(b"compactlattice44"), "an archive of lattices"),
    "fsts": (b"utt1 \0B" + _fst(b"standard"), "an archive of FSTs"),
    "sounds": (b"utt1 " + WAV, "an archive of sounds"),
    "egs": (b"utt1-0 \0B<Nnet3Eg> <NumIo> \4\2\0\0\0", "an archive of examples for training (egs of nnet3)"),
    "chain-egs": (b"utt1-0 \0B<Nnet3ChainEg> <NumInputs> ", "an archive of examples for training (chain egs of nnet3)"),
    "old-egs": (b"utt1-0 \0B<NnetExample> <Lab1> ", "an archive of examples for training (egs of nnet2)"),
    "prototype": (b"<AffineTransform> <InputDim> 40 <OutputDim> 64\n", "a prototype of a network"),
    "xconfig": (b"# layers\ninput dim=40 name=input\n", "an xconfig file"),
    "xconfig-layer": (b"relu-batchnorm-layer name=tdnn1 dim=64\n", "an xconfig file"),
    "config": (b"input-node name=input dim=40\n", "a configuration of a network, which has no weights"),
    "config-nnet2": (b"SpliceComponent input-dim=40 context=-1:0:1\n", "a configuration of an nnet2 network"),
    "options": (b"--use-energy=false\n--sample-frequency=16000\n", "a file of options for a program of Kaldi"),
    "info": (b"input-dim: 40\nivector-dim: -1\n", "the description of a model"),
    "log": (b"# nnet3-train a b\n# Started at Mon Jan  1\n", "a log file"),
    "script": (b"utt1 data/feats.ark:5\n", "a script file (scp)"),
    "program": (b"#!/bin/sh\nexit\n", "a shell script"),
    "json": (b'{"mean_stat": [1.0, 2.0], "frame_num": 2}\n', "a JSON file"),
    "xml": (b'<resources>\n <string name="a">b</string>\n</resources>\n', "an XML file with <resources>"),
    "lattices-text": (b"utt1 \n0\t1\t5\t8.4,508.0,1_2_3\n1\n\n", "an archive of lattices (in text form)"),
    "arpa": (b"\\data\\\nngram 1=3\n", "a language model (ARPA)"),
}
"""By name the content of a file, and what it is; none of them is a model or a table."""

READABLE_AS_TABLES: dict[str, tuple[bytes, str]] = {
    "archive": (b"utt1 \0BFM \4\1\0\0\0\4\1\0\0\0\0\0\0\0", "a Kaldi archive"),
    "archive-of-the-sample": (b"utt1\0BFM \4\1\0\0\0\4\1\0\0\0\0\0\0\0", "a Kaldi archive"),
    "word": (b"<UNK>\n", "a text file that begins with '<UNK>'"),
    "archive-text": (b"utt1  [\n  1 2\n  3 4 ]\n", "a Kaldi archive (in text form)"),
    "archive-text-of-a-token": (b"<UNK>  [ 0.5 1 ]\n", "a Kaldi archive (in text form)"),
    "archive-text-of-words": (b"<s>  [ 1 2 ]\n</s>  [ 3 4 ]\n", "a Kaldi archive (in text form)"),
    "archive-text-of-a-split": (b"SE  [\n  1 2 ]\n", "a Kaldi archive (in text form)"),
    "alignments": (b"utt1 \0B" + INTEGERS, "an archive of integers (such as alignments or posteriors)"),
    "alignments-text": (b"utt1 2 1 1 8 8\nutt2 2 2\n", "a table of integers in text form (such as alignments)"),
    "symbols": (b"<eps> 0\n!SIL 1\n", "a table of symbols (such as words.txt)"),
    "symbols-sentence": (b"<eps> 0\na 1\n<s> 2\n</s> 3\n", "a table of symbols (such as words.txt)"),
    "text": (b"utt1 some words\n", "a text file that begins with 'utt1 some words'"),
}
"""What a table may begin with, which is foreign where a model is expected."""

READABLE_AS_MODELS: dict[str, tuple[bytes, str]] = {
    "ir": (b'<?xml version="1.0"?>\n<net name="a" version="11">\n', "an OpenVINO IR"),
    "ir-without-header": (b'<net name="a" version="10">\n', "an OpenVINO IR"),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\0", "an ONNX model"),
    "onnx-of-unknown-producer": (b"\x08\x08:\xea\x01\n", "an ONNX model"),
    "blob": (b"GNAM\0\0\0\0", "an exported blob"),
    "nnet3": (b"\0B<Nnet3> input-node name=input dim=4\n", "a Kaldi model"),
    "transition-model": (b"\0B<TransitionModel> <Topology> ", "a Kaldi model"),
    "nnet1-text": (b"<Nnet> \n<AffineTransform> 4 3 \n", "a Kaldi model"),
    "nnet3-gz": (gzip.compress(b"<Nnet3> \n\ninput-node name=input dim=4\n"), "a Kaldi model"),
}
"""What a model may begin with, which is foreign where a table is expected."""
