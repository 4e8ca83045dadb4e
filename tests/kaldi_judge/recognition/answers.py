"""The words of both sides, by utterance; an utterance without words is left out where it failed."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

from ov_asr_score.frontend.live_state import FrontendState
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.recognition.results import Final
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from tests.kaldi_judge.programs import run_program
from tests.kaldi_judge.recognition.making import RATE, Case

Words = dict[str, str]
_ONE_THREAD = DeviceSettings(threads=1)
_COMMON = ("--frame-subsampling-factor=3", "--acoustic-scale=1.0")


def kaldi_words(case: Case, programs: Path, kernels: str = "Cooperlake") -> tuple[Words, tuple[str, ...]]:
    """The words by Kaldi, and what it complained about; ``kernels`` are those of OpenBLAS."""
    at, model = case.folder, case.folder / "model"
    words = f"--word-symbol-table={model / 'graph/words.txt'}"
    files = (str(model / "final.mdl"), str(model / "graph/HCLG.fst"))
    if case.kind == "experiment":
        options = [f"--{name}={value}" for name, value in case.options.items()]
        steps = [
            ["compute-mfcc-feats", f"--config={model}/conf/mfcc.conf", "scp:wav.scp", "ark:feats.ark"],
            [
                *("ivector-extract-online2", f"--config={model}/ivector_extractor/ivector_extractor.conf"),
                *("ark:spk2utt", "ark:feats.ark", "ark:ivectors.ark"),
            ],
            [
                *("nnet3-latgen-faster", *_COMMON, *options, words),
                *("--online-ivectors=ark:ivectors.ark", "--online-ivector-period=10"),
                *(*files, "ark:feats.ark", "ark:/dev/null"),
            ],
        ]
    else:
        how = [f"--online={'true' if case.kind == 'live' else 'false'}"]
        if case.kind == "live":
            how += [f"--chunk-length={case.chunk_seconds}", f"--do-endpointing={'true' if case.endpoints else 'false'}"]
        else:
            how.append("--do-endpointing=false")
        steps = [
            [
                *("online2-wav-nnet3-latgen-faster", f"--config={model}/conf/online.conf", *_COMMON, *how, words),
                *(*files, "ark:spk2utt", "scp:wav.scp", "ark:/dev/null"),
            ]
        ]
    for step in steps:
        ran = run_program(programs, step, at, kernels=kernels)
    keys = {key for part in case.speakers.values() for key in part}
    lines = (line.split() for line in ran.lines)
    return {line[0]: " ".join(line[1:]) for line in lines if line and line[0] in keys}, ran.complaints


def our_words(case: Case) -> dict[str, Words]:
    """The words by us, by the way in which they were found."""
    folder = str(case.folder / "model")
    directory = read_model_directory(folder)
    if case.kind == "live":
        with load_recognizer(directory, device=_ONE_THREAD) as recognizer:
            return {"sessions": _live(case, recognizer)}
    if case.kind == "experiment":
        directory = replace(
            directory,
            program="nnet3-latgen-faster",
            layout="kaldi experiment",
            kaldi=replace(directory.kaldi, frames_per_chunk=int(case.options["frames-per-chunk"])),
        )
    return {"transcribe": _transcribed(case, directory)}


def _live(case: Case, recognizer: Recognizer) -> Words:
    """As online2-wav-nnet3-latgen-faster: the last piece comes with the end; at an endpoint an utterance is over."""
    words: Words = {}
    size = max(1, int(RATE * case.chunk_seconds))
    for keys in case.speakers.values():
        state: FrontendState | None = None
        for key in keys:
            with wave.open(str(case.folder / f"{key}.wav")) as file:
                data: bytes = file.readframes(file.getnframes())
            with recognizer.session(RATE, key=key, state=state, endpoints=case.endpoints) as session:
                pieces = [data[first : first + 2 * size] for first in range(0, len(data), 2 * size)]
                finals: list[Final] = []
                for number, piece in enumerate(pieces, start=1):
                    if number == len(pieces):
                        finals += session.finish(piece)
                        break
                    finals += [each for each in session.accept(piece) if isinstance(each, Final)]
                    if finals:
                        break
                words[key] = finals[0].text if finals else ""
                state = session.state()
    return words


def _transcribed(case: Case, directory: ModelDirectory) -> Words:
    path = case.folder / "words"
    job = TranscribeJob(
        model=str(directory.folder),
        sources=[str(case.folder / "wav.scp")],
        spk2utt=f"ark:{case.folder / 'spk2utt'}",
        device=_ONE_THREAD,
        decode_workers=1,
        files=WordFiles(text=str(path)),
    )
    run_transcription(job, directory=directory)
    lines = (line.split() for line in path.read_text().splitlines())
    return {line[0]: " ".join(line[1:]) for line in lines}
