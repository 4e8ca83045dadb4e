"""What an input holds by its name and shape: the number of frames, a mask of frames, a position. Nothing is guessed.

Lists of words are those of the exporters of NeMo, ESPnet, wenet, icefall, SpeechBrain and transformers.
"""

from __future__ import annotations

import re

from ov_asr_score.ports import PortInfo

_LENGTHS = frozenset({"ilen", "ilens", "len", "length", "lengths", "lens", "nframes"})
_COUNTED = re.compile(r"(num|number_of|n)_frames")
# What can be as long as the features are. Anything else that has a length (text, speakers, caches) is asked for.
_MEASURED = frozenset(
    {
        *("a", "audio", "encoder", "fbank", "feat", "feats", "feature", "features", "frame", "frames", "in", "input"),
        *("inputs", "mel", "s", "seq", "sequence", "signal", "source", "speech", "src", "utt", "utterance", "wav"),
        *("waveform", "x", "xs"),
    }
)
_MASKS = frozenset({"mask", "masks"})
_POSITIONS = frozenset({"offset"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def holds_length(port: PortInfo, features: str = "") -> bool:
    """Whether an input holds the number of frames: an integer for the utterance, and a name that says so.

    ``features`` is the name of the input that the frames go to: its length may be called by it.
    """
    if not is_single_integer(port):
        return False
    name = port.name.removesuffix(":0").lower()
    if _COUNTED.fullmatch(name):
        return True
    words = words_of(port.name)
    if len(words) == 1:
        (word,) = words
        for ending in ("lengths", "length", "lens", "len"):
            if word.endswith(ending):
                return word in _LENGTHS or word.removesuffix(ending) in {*_MEASURED, *words_of(features)}
        return word in _LENGTHS
    return bool(words) and words[-1] in _LENGTHS and set(words[:-1]) <= {*_MEASURED, *words_of(features)}


def holds_mask(port: PortInfo) -> bool:
    """Whether an input is a mask over frames by its name, and has a shape of one: [N,T], [N,1,T] or [N,T,1].

    Masks of padding are left out: they are one where there is nothing.
    """
    words = words_of(port.name)
    return bool(words) and words[-1] in _MASKS and not any("pad" in word for word in words) and _has_mask_shape(port)


def _has_mask_shape(port: PortInfo) -> bool:
    """Whether an input can have a value for each frame of an utterance, and no more."""
    shape = port.shape
    if shape is None or len(shape) not in (2, 3) or shape[0] not in (1, None):
        return False
    return len(shape) == 2 or 1 in shape[1:]


def holds_position(port: PortInfo) -> bool:
    """Whether an input says by its name how much of the utterance went before, as wenet's ``offset``."""
    words = words_of(port.name)
    return is_single_integer(port) and len(words) == 1 and words[0] in _POSITIONS


def is_single_integer(port: PortInfo) -> bool:
    """Whether an input takes one integer for an utterance: of shape [], [N], [1] or [N,1]."""
    return port.element_type in ("i32", "i64") and is_single(port)


def is_single(port: PortInfo) -> bool:
    """Whether an input takes one value for an utterance."""
    shape = port.shape
    return shape is not None and shape in ((), (1,), (None,), (1, 1), (None, 1))


def words_of(name: str) -> list[str]:
    """The words that a name is made of, in lower case: ``encoderOut_lens`` is encoder, out, lens."""
    return [word.lower() for word in _WORD.findall(name.removesuffix(":0"))]
