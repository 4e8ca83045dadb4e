"""Folders that are no recognizers of this kind, though they are offered beside them: what they are, in a sentence.

Tests: tests/model_directory/test_reading.py
"""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.model_directory.parts.inventory import Inventory

_SPEAKERS = ("final.ext.raw", "mean.vec", "transform.mat")
_TRANSDUCER = ("encoder", "decoder", "joiner")
_VOICE = ("dictionary", "config.json", "model.onnx")


def other_model(inventory: Inventory) -> str:
    """What a folder without any layout is, and what to do; an empty text for what is unknown.

    Known are vosk's models of speakers and of voices (vosk-model-spk, vosk-model-tts), and transducers of icefall, as
    newer models for Russian are.
    """
    names = [name.rpartition("/")[2] for name in inventory.names]
    if all(name in names for name in _SPEAKERS):
        return "is a model of speakers, which has no words; give the folder of a model for speech"
    if all(_has_onnx(names, part) for part in _TRANSDUCER):
        return (
            "is a transducer (encoder, decoder and joiner), which cannot be decoded; give a Kaldi model, or a CTC "
            "model with model.toml"
        )
    if all(name in names for name in _VOICE):
        return "is a model that speaks (text to speech); give the folder of a model for speech recognition"
    return ""


def _has_onnx(names: Sequence[str], part: str) -> bool:
    return any(name.startswith(part) and name.endswith(".onnx") for name in names)
