"""The files that are damaged, by kind, and what reads them: the jobs behind the commands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.ivector.adaptation_state import first_state, load_state, write_state
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.extractor import load_extractor
from ov_asr_score.ivector.extractor_files import CONFIG_NAME
from ov_asr_score.ivector.extractor_options import FILE_NAMES
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from ov_asr_score.job import ScoreJob, run_egs_prob, run_job
from ov_asr_score.job.copy_table import copy_entries
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.egs_prob import ChainSettings, EgsProbJob
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.table_jobs import CopySettings
from tests.damage.ctc_subjects import ctc_subjects
from tests.damage.decoding_subjects import decoding_subjects
from tests.damage.directory_subjects import directory_subjects
from tests.damage.speech_subjects import speech_subjects
from tests.damage.text_subjects import text_subjects
from tests.damage.word_subjects import word_subjects
from tests.egs.chain.examples import DATA as CHAIN_EGS
from tests.egs.make_archives import DATA as EGS
from tests.egs.make_archives import MODELS as EGS_MODELS
from tests.egs.test_archives import CHAIN_MODEL
from tests.gna.old_blobs import MINORS, blob_of_version
from tests.gna.small_blob import small_model
from tests.ivector.references import EXTRACTOR, extractor
from tests.kaldi_judge.start_models import GENERATIONS, GOLDEN
from tests.tiny_model import save_tiny_model, tiny_features, write_table
from tests.toolkits.toolkit_cases import MODELS, WIDTH

_WITH_FOLDER = ("lists", "configs", "ivectors", "directory")
"""Kinds of files that are read together with the others in their folder."""

READERS = Path(__file__).parents[1] / "kaldi_io" / "data" / "readers"


@dataclass(frozen=True, slots=True)
class Subject:
    """A file of a ``kind``: it is damaged under its name in a folder that holds all that ``read`` needs beside it."""

    kind: str
    folder: Path
    name: str
    read: Callable[[Path], None]

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / self.name


def subjects(folder: Path) -> list[Subject]:
    """All subjects, in folders of their own below ``folder``, in the order of their kinds."""
    found = []
    sources = [*_kaldi_models(), *_tables(), *_made(folder), *_egs(folder)]
    sources += [*speech_subjects(folder), *directory_subjects(folder / "directories")]
    sources += [
        *_extractors(folder),
        *word_subjects(),
        *ctc_subjects(),
        *decoding_subjects(folder),
        *text_subjects(folder),
    ]
    for number, (kind, source, read) in enumerate(sources):
        own = folder / "subjects" / str(number)
        if kind in _WITH_FOLDER:
            shutil.copytree(source.parent, own)
        else:
            own.mkdir(parents=True)
            shutil.copy(source, own)
            _add_neighbours(source, own)
        found.append(Subject(kind, own, source.name, read))
    return found


def _add_neighbours(source: Path, own: Path) -> None:
    """Copy the features, the weights or graph of an IR, the data of an ONNX model, or what a script points at."""
    beside = [source.with_name(name) for name in ("input.ark", "right.ark", f"{source.name}.data")]
    beside += [source.with_suffix(suffix) for suffix in (".bin", ".xml")]
    for path in beside:
        if path.is_file() and not (own / path.name).exists():
            shutil.copy(path, own)
    if source.parent == EXTRACTOR:
        shutil.copytree(EXTRACTOR, own, dirs_exist_ok=True)
    if source.suffix == ".scp":
        shutil.copytree(READERS, own / READERS.name)


def _inspect_and_score(path: Path) -> None:
    inspect_model(str(path), "CPU", all_layers=True)
    _score(path)


def _score(path: Path) -> None:
    features = f"ark:{path.with_name('input.ark')}"
    run_job(ScoreJob(model=str(path), inputs=[features], outputs=["ark:/dev/null"]))


def _run_blob(path: Path) -> None:
    inspect_model(str(path), "CPU", all_layers=True)
    inputs = [f"ark:{path.with_name(name)}" for name in ("input.ark", "right.ark")]
    names = ("output0", "output1") if path.stem in ("v1", "v2") else ("first", "second")
    outputs = [f"{name}=ark:/dev/null" for name in names]
    run_job(ScoreJob(import_model=str(path), device=DeviceSettings("GNA_SW_EXACT"), inputs=inputs, outputs=outputs))


def _copy_table(path: Path) -> None:
    form = {".scp": "scp", ".npz": "npz", ".npy": "npy"}.get(path.suffix, "ark")
    copy_entries(CopySettings(f"{form}:{path}", "ark:/dev/null"))


def _kaldi_models() -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    for generation in GENERATIONS:
        for path in sorted((GOLDEN / generation).glob("*/model*")):
            yield generation, path, _inspect_and_score


def _tables() -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    for path in sorted(READERS.iterdir()):
        if path.suffix in (".ark", ".gz", ".scp") and path.stat().st_size:
            yield "script" if path.suffix == ".scp" else "archive", path, _copy_table


def _made(folder: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    made = folder / "made"
    made.mkdir()
    features = tiny_features(3, 5)
    np.savez(made / "plain.npz", **features)  # type: ignore[arg-type]
    np.savez_compressed(made / "packed.npz", **features)  # type: ignore[arg-type]
    np.save(made / "single.npy", features["utt1"])
    np.save(made / "double.npy", np.asfortranarray(features["utt2"].astype(">f8")))
    for path in sorted(made.iterdir()):
        yield path.suffix[1:], path, _copy_table
    ir = made / "ir"
    ir.mkdir()
    save_tiny_model(ir / "tiny.xml")
    write_table(f"ark:{ir / 'input.ark'}", features)
    for suffix in (".xml", ".xml", ".bin"):
        read = _inspect_and_score if suffix == ".xml" else _score_weights
        yield "ir", ir / f"tiny{suffix}", read
    blobs = made / "blobs"
    blobs.mkdir()
    for name, width in (("input", 8), ("right", 16)):
        write_table(f"ark:{blobs / name}.ark", {"utt": np.ones((3, width), np.float32)})
    for minor in MINORS:
        path = blobs / f"v{minor}.gna"
        path.write_bytes(blob_of_version(small_model(), minor))
        yield "blob", path, _run_blob
    onnx = made / "onnx"
    onnx.mkdir()
    write_table(f"ark:{onnx / 'input.ark'}", {"utt": np.ones((40, WIDTH), np.float32)})
    for path in sorted(MODELS.glob("*.onnx")):
        if (data := path.with_name(f"{path.name}.data")).is_file():
            shutil.copy(data, onnx)
        yield "onnx", Path(shutil.copy(path, onnx)), _inspect_and_score


def _score_weights(path: Path) -> None:
    _score(path.with_suffix(".xml"))


def _egs(folder: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    chain_model = folder / "made" / "chain.raw"
    chain_model.write_text(CHAIN_MODEL)
    graph = str(CHAIN_EGS / "den.fst")
    for name, model in EGS_MODELS.items():
        path = EGS / f"{name}.egs"
        if path.is_file():
            yield "egs", path, _on_examples(str(model))
    for path in sorted(CHAIN_EGS.glob("*.cegs")):
        yield "chain egs", path, _on_examples(str(chain_model), graph)
    yield "den.fst", CHAIN_EGS / "den.fst", _with_graph(str(chain_model))


def _extractors(folder: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    for path in sorted(EXTRACTOR.iterdir()):
        yield "extractor", path, _extract_ivectors
    for text in (False, True):
        state = folder / "made" / f"state.{'text' if text else 'binary'}"
        write_state(str(state), first_state(extractor()), text=text)
        yield "extractor", state, _go_on_from_state


def _extract_ivectors(path: Path) -> None:
    """Without the file, its configuration would name the one that is not damaged."""
    config = path if path.name == CONFIG_NAME else path.with_name(CONFIG_NAME)
    damaged: dict[str, Any] = {option: str(path) for option, name in FILE_NAMES.items() if name == path.name}
    used = load_extractor(IvectorOptions(str(config), **damaged))
    features = np.random.default_rng(0).normal(size=(50, used.feature_dim)).astype(np.float32)
    for found in extract_ivectors(used, [IvectorUtterance("utt", features)]):
        assert np.isfinite(found.ivectors).all()


def _go_on_from_state(path: Path) -> None:
    state = load_state(str(path), extractor())
    given = [IvectorUtterance("utt", np.ones((50, 40), np.float32), "speaker")]
    for found in extract_ivectors(extractor(), given, first_states=lambda _: state):
        assert np.isfinite(found.ivectors).all()


def _on_examples(model: str, graph: str = "") -> Callable[[Path], None]:
    def read(path: Path) -> None:
        run_egs_prob(EgsProbJob(model, [f"ark:{path}"], chain=ChainSettings(den_fst=graph)))

    return read


def _with_graph(model: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        run_egs_prob(EgsProbJob(model, [f"ark:{CHAIN_EGS / 'real.cegs'}"], chain=ChainSettings(den_fst=str(path))))

    return read
