"""The model of vosk's users: a model directory, named by its path, its name or its language.

Source: vosk-api, python/vosk/__init__.py (``Model``).
"""

from __future__ import annotations

import logging
import os
import re
import weakref
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.recognition.recognizer import load_recognizer
from ov_asr_score.recognition.searched_stream import SearchedStream
from ov_asr_score.recognition.session_options import SessionOptions
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.words.decoding import LATTICE_BEAM
from ov_asr_score.vosk.grammar_json import bigram_options, grammar_options
from ov_asr_score.vosk.messages import MessageMaker
from ov_asr_score.vosk.utterance_stream import UtteranceStream

logger = logging.getLogger(__name__)


def model_folders() -> tuple[Path, ...]:
    """Where models are looked for by name: ``VOSK_MODEL_PATH``, and the folders that vosk looks into."""
    named = os.environ.get("VOSK_MODEL_PATH")
    usual = (Path("/usr/share/vosk"), Path.home() / "AppData/Local/vosk", Path.home() / ".cache/vosk")
    return (*([Path(named)] if named else []), *usual)


def find_model(model_name: str | None = None, lang: str | None = None) -> Path:
    """The folder of the model with that name, or the first one of a language, in `model_folders`.

    Models are not downloaded. Raises UsageError for neither name nor language, FileAccessError if there is none.
    """
    if model_name is None and lang is None:
        raise UsageError("Model: expected the path of a model directory, found none")
    pattern = re.escape(model_name) if model_name is not None else rf"vosk-model(-small)?-{re.escape(str(lang))}"
    folders = model_folders()
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if re.fullmatch(pattern, path.name) if model_name is not None else re.match(pattern, path.name):
                return path
    wanted = model_name if model_name is not None else f"vosk-model-{lang} or vosk-model-small-{lang}"
    raise FileAccessError(
        f"{wanted}: expected a model of that name in {', '.join(map(str, folders))}, found none; models are not "
        "downloaded: unpack one there, or give its path"
    )


class Model:
    """A model directory, loaded for any number of recognizers: ``Model(PATH)``, or ``Model(lang="en-us")``.

    Raises what finding and reading it raises, children of OvAsrScoreError.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_name: str | None = None,
        lang: str | None = None,
        *,
        device: DeviceSettings | None = None,
    ) -> None:
        """Load the model at ``model_path``, or the one that `find_model` finds, for ``device`` (the processor)."""
        folder = Path(model_path) if model_path is not None else find_model(model_name, lang)
        directory = read_model_directory(str(folder), checks=False)
        sound = replace(directory.frontend.sound, allow_downsample=True)  # of all models, as vosk does
        directory = replace(directory, frontend=replace(directory.frontend, sound=sound))
        self._recognizer = load_recognizer(directory, device=device)
        weakref.finalize(self, self._recognizer.close)  # vosk's models have no end but that of the object
        for note in self._recognizer.notes:
            logger.info("%s: %s", folder, note)
        words, search = self._recognizer.words, self._recognizer.directory.words.search
        self.messages = MessageMaker(
            words.transitions,
            words.symbols,
            words.source,
            words.acoustic_scale,
            LATTICE_BEAM if search.lattice_beam is None else search.lattice_beam,
        )
        self.endpoints = self._recognizer.directory.endpoints
        self.row_seconds = self._recognizer.row_seconds
        self._words = words

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return self._words.symbols.numbers()

    def vosk_model_find_word(self, word: str) -> int:
        """The number of a word, -1 if the model does not know it."""
        return self._numbers.get(word, -1)

    def open_stream(self, rate: int, phrases: tuple[str, ...]) -> UtteranceStream:
        """A stream of ``rate`` samples a second in which only words of ``phrases`` are recognized, or all if none.

        Raises UsageError for phrases of which the model knows no word, SoundFormatError for a rate that the model does
        not take.
        """
        options = SessionOptions(alternatives=2)  # lattices are all that is wanted
        composes = self._words.pair is not None
        asked = bigram_options(phrases) if composes else grammar_options(phrases, self._numbers)
        parts = self._recognizer.parts(options, asked)
        for warning in parts.warnings:
            logger.warning("grammar: %s", warning)
        if len(parts.symbols) > len(self.messages.symbols):  # [unk] of a grammar
            self.messages = replace(self.messages, symbols=parts.symbols)
        return SearchedStream(parts, rate, "vosk")
