"""What is searched: a directory of vosk with a lookahead pair, sound, and the scores of its network for the sound."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.subjects import ROOT
from benchmarks.recognition.directories import BEAM, LATTICE_BEAM, MAX_ACTIVE, MIN_ACTIVE, write_directory
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, compose_pair
from ov_asr_score.fst.lookahead_graph import open_lookahead_pair
from ov_asr_score.job.score import run_job
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordSettings

BUNDLED_PAIR = ROOT / "tests/kaldi_speech/lookahead"
START = ROOT / "data/speech/kaldi_scores.ark"
START_FRAMES = 5
"""Of the first utterance, with which graphs are loaded."""

_BUNDLED_MODEL = ROOT / "models/chain_ivector/final.mdl"
_PAIR = ("HCLr.fst", "Gr.fst", "disambig_tid.int", "words.txt")

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Limits:
    """Options of a search that Kaldi's has, too."""

    beam: float = BEAM
    lattice_beam: float = LATTICE_BEAM
    max_active: int = MAX_ACTIVE
    min_active: int = MIN_ACTIVE


@dataclass(frozen=True, slots=True)
class Subject:
    """``folder`` is a directory of vosk; ``archive`` has the scores, before which is a short utterance to begin with.

    ``passing_network`` is a model of Kaldi that gives its features as scores.
    """

    name: str
    folder: Path
    archive: Path
    passing_network: Path
    acoustic_scale: float
    limits: Limits  # those of the directory

    @property
    def graph(self) -> Path:
        """The folder of the pair."""
        return Path(read_model_directory(self.folder).words.graph.graph).parent


def pair_of(folder: Path = BUNDLED_PAIR, model: Path = _BUNDLED_MODEL) -> SearchGraph:
    """A lookahead pair in a folder, for a model."""
    pair = open_lookahead_pair(folder / "HCLr.fst", folder / "Gr.fst")
    disambiguation = [int(label) for label in (folder / "disambig_tid.int").read_text().split()]
    transitions = load_transitions(model)
    return compose_pair(str(folder), pair.hclr, pair.model, transitions.pdfs, transitions.num_pdfs, disambiguation)


def write_pair_directory(folder: Path, pair: Path) -> Path:
    """Write the bundled recognizer in the layout of vosk, with a pair and its words in the place of its graph."""
    write_directory(folder, wide=False)
    (folder / "graph/HCLG.fst").unlink()
    for name in _PAIR:
        shutil.copyfile(pair / name, folder / "graph" / name)
    return folder


def write_passing_network(folder: Path, programs: Path, model: Path) -> Path:
    """Write a model with the transitions of ``model`` whose network gives its features as scores, with Kaldi."""
    width = load_transitions(model).num_pdfs
    (folder / "passing.config").write_text(
        f"input-node name=input dim={width}\noutput-node name=output input=input objective=linear\n"
    )
    network, found = folder / "passing.raw", folder / "passing.mdl"
    for command in (
        ("nnet3-init", folder / "passing.config", network),
        ("nnet3-am-init", model, network, found),
    ):
        words = [str(programs / command[0]), *map(str, command[1:])]
        subprocess.run(words, check=True, capture_output=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    return found


def scores_of_sound(directory: ModelDirectory, sounds: Iterable[Path], folder: Path) -> dict[str, Matrix]:
    """The scores of the network of a directory for sound files, by their names; ``folder`` is for files."""
    job = TranscribeJob(
        model=str(directory.folder), sources=[str(path) for path in sounds], device=DeviceSettings(threads=1)
    )
    archive = folder / "sound.ark"
    scoring = scoring_job(job, directory)
    report = run_job(replace(scoring, outputs=(f"ark:{archive}",), decoding=WordSettings()))
    if report.verdict != "ok":
        raise RuntimeError(f"{directory.folder}: the sound was not scored: {report.verdict}")
    found = dict(read_table(f"ark:{archive}"))
    archive.unlink()
    return found


def write_scores(archive: Path, scores: dict[str, Matrix]) -> Path:
    """Write scores behind a short utterance to begin with."""
    first = next(iter(scores.values()))
    with TableWriter(f"ark:{archive}") as writer:
        for key, values in ({"begin": first[:START_FRAMES]} | scores).items():
            writer.write(key, values)
    return archive


def raised(scores: dict[str, Matrix], alignments: Path, model: Path, by: float) -> dict[str, Matrix]:
    """Scores as of clear speech: those of the pdfs along given paths (transition-ids by utterance) are raised."""
    pdfs = load_transitions(model).pdfs
    paths = {key: list(map(int, ids)) for key, *ids in map(str.split, alignments.read_text().splitlines())}
    found = {}
    for key, values in scores.items():
        if key in paths:
            found[key] = values.copy()
            found[key][np.arange(len(values)), pdfs[paths[key]]] += np.float32(by)
    return found


def limits_of(directory: ModelDirectory) -> Limits:
    """The options that a directory of vosk names for its search."""
    search = directory.words.search
    usual = Limits()
    return Limits(
        beam=search.beam,
        lattice_beam=usual.lattice_beam if search.lattice_beam is None else search.lattice_beam,
        max_active=usual.max_active if search.max_active is None else search.max_active,
        min_active=usual.min_active if search.min_active is None else search.min_active,
    )
