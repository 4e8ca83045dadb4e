"""A door for programs that were written for vosk: the import changes, the program stays.

``from ov_asr_score.vosk import Model, KaldiRecognizer`` recognizes with any model directory of this package; methods,
their answers and the spelling of the JSON are those of vosk 0.3.45 and its newer endpointer.
"""

from __future__ import annotations

from ov_asr_score.vosk.endpointer import EndpointerMode
from ov_asr_score.vosk.kaldi_recognizer import KaldiRecognizer
from ov_asr_score.vosk.process_wide import GpuInit, GpuThreadInit, SetLogLevel
from ov_asr_score.vosk.refused import BatchModel, BatchRecognizer, Processor, SpkModel
from ov_asr_score.vosk.vosk_model import Model

__all__ = [
    "BatchModel",
    "BatchRecognizer",
    "EndpointerMode",
    "GpuInit",
    "GpuThreadInit",
    "KaldiRecognizer",
    "Model",
    "Processor",
    "SetLogLevel",
    "SpkModel",
]
