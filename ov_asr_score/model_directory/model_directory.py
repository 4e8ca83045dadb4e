"""What a model directory says, whatever its layout.

Tests: tests/model_directory/test_reading.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ov_asr_score.settings.kaldi import DEFAULT_OPTIONS, KaldiOptions
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.settings.recognition.live import LoopedOptions
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from ov_asr_score.settings.words.word_outputs import WordSettings

Layout = Literal["vosk 2", "vosk 1", "kaldi online", "kaldi experiment", "zamia", "kaldi-serve", "model.toml"]
FileRole = Literal["used", "ignored", "missing"]


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """A file of the directory: what it is for, or why it is ignored, or what is missing without it."""

    path: str
    role: FileRole
    use: str


@dataclass(frozen=True, slots=True)
class ModelDirectory:
    """Everything that is needed to go from sound to words, in the settings of the commands.

    ``program`` says which program of Kaldi decides the words of whole files: that of online decoding (looped
    computation, one i-vector for a whole file, ``--online=false``), or nnet3-latgen-faster (chunks, an i-vector for
    each); ``ctc`` is for models of other toolkits. ``frontend`` is that of live sessions.
    """

    folder: Path
    layout: Layout
    program: Literal["online2-wav-nnet3-latgen-faster", "nnet3-latgen-faster", "ctc"]
    model: str
    frontend: FrontendSettings
    # graph, search and symbols; no files to write. The search has options for lattices and for best paths: see
    # options_of_search (settings/words/decoding.py)
    words: WordSettings
    kaldi: KaldiOptions = DEFAULT_OPTIONS  # of whole files
    looped: LoopedOptions = field(default_factory=LoopedOptions)  # of live sessions
    endpoints: EndpointOptions = field(default_factory=EndpointOptions)
    silence_weighting: SilenceWeightingOptions = field(default_factory=SilenceWeightingOptions)
    language: str = ""
    files: tuple[DirectoryFile, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole_file_frontend(self) -> FrontendSettings:
        """The front end of whole files, whose i-vectors know the whole file at once where online decoding decides.

        Source: ``--online=false`` of online2-wav-nnet3-latgen-faster.
        """
        if self.program != "online2-wav-nnet3-latgen-faster" or not self.frontend.wants_ivectors:
            return self.frontend
        options = self.frontend.ivector_options or IvectorOptions()
        newest = replace(options, use_most_recent_ivector=True, greedy_ivector_extractor=True)
        return replace(self.frontend, ivector_options=newest)
