"""Kaldi model files as conversion takes them, and what lies beside them: known without the converter.

Tests: tests/golden/test_cases.py, tests/cli/commands/test_convert.py, tests/job/test_convert.py
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from ov_asr_score.convert.option_checks import LARGEST_FACTOR, check_options
from ov_asr_score.errors import FileAccessError, ModelFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import access_error, is_stream, open_path
from ov_asr_score.kaldi_model.chain import EmptyChainError, concatenate_chains
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.settings.kaldi import KaldiOptions
from ov_asr_score.text import clipped

FACTOR_FILE = "frame_subsampling_factor"


def load_whole_network(path: str | Path, options: KaldiOptions) -> KaldiNetwork:
    """The network in a Kaldi model file, behind its feature transform if ``options`` name one.

    Raises FileAccessError, ModelFormatError, UnsupportedModelError, UsageError (options that do not fit).
    """
    network = load_network(path)
    check_options(network, options)
    return _with_transform(network, options.feature_transform) if options.feature_transform else network


def _with_transform(network: KaldiNetwork, path: str) -> KaldiNetwork:
    """The network behind a feature transform. Kaldi: nnet-forward reads no other generation (``nnet1::Nnet::Read``)."""
    try:
        transform = load_network(path)
    except EmptyChainError:
        return network
    if transform.generation != 1:
        raise UsageError(
            f"{path}: expected a feature transform of nnet1, found a network of nnet{transform.generation}"
        )
    return concatenate_chains(transform, network)


def read_subsampling_factor(path: Path) -> int:
    """The number in a file ``frame_subsampling_factor`` beside the model, 1 without one.

    Raises FileAccessError, ModelFormatError. Kaldi: scripts pass it on to ``--frame-subsampling-factor``, of which
    ``CheckAndFixConfigs`` takes no less than 1.
    """
    if is_stream(str(path)):
        return 1
    file = path.parent / FACTOR_FILE
    if not file.is_file():
        return 1
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise access_error(str(file), error) from error
    if not text.isdigit() or not 1 <= int(text[:10]) <= LARGEST_FACTOR:
        raise ModelFormatError(
            f"{file}: expected a number from 1 to {LARGEST_FACTOR}, found {clipped(text)}; "
            "give frame_subsampling_factor",
            fields=("frame_subsampling_factor",),
        )
    return int(text)


def factor_note(path: Path, options: KaldiOptions) -> str:
    """What to tell of a factor that a model from a command may have been trained with; empty in all other cases.

    The file with the factor lies beside the model file, which only the command knows.
    """
    if options.frame_subsampling_factor or not str(path).endswith("|"):
        return ""
    for word in str(path).replace("'", " ").replace('"', " ").split():
        with suppress(OSError, ValueError, ModelFormatError, FileAccessError):
            if Path(word).is_file() and (factor := read_subsampling_factor(Path(word))) != 1:
                return (
                    f"frame_subsampling_factor is 1, as it is for nnet3-compute; {Path(word).parent / FACTOR_FILE} has "
                    f"{factor}, which is not read for a model from a command"
                )
    return ""


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits. Raises FileAccessError."""
    digest = hashlib.sha256()
    try:
        with open_path(str(path)) as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise access_error(str(path), error) from error
    return digest.hexdigest()
