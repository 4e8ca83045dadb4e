"""Models and utterances, drawn at random: by hypothesis, which makes them smaller, or by a plain generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests.axes_proof.bodies import BY_FRAME, CAUSAL, LEAST_FRAMES, OTHER_LENGTH, OVER_TIME, POOLED, WIDTH
from tests.axes_proof.truth import ElementType, Naming, SecondInput, TrueModel, TrueOutput

LETTERS = (
    *("NTC", "NTC", "NTC", "NCT", "NCT", "TNC", "TC", "TC", "NC", "NC", "CT", "1TC", "T1C", "1CT", "NT", "TN", "T"),
    *("TCN", "CNT", "CTN", "N1TC", "NTC1", "NCT1", "NC1T", "NT1C", "N1CT", "1NTC", "T1NC", "N1C", "NC1", "C"),
    *("NSC", "NTSC", "TNSC", "NST"),
)
SAME_LENGTH = ("NTC", "NTC", "NTC", "NTC", "NCT", "NCT", "TNC", "TNC", "TC", "TC", "NT", "CT", "T", "CTN", "CNT", "TCN",
               "N1TC", "NTC1", "NCT1", "NC1T", "1NTC", "NTHC", "NHTC", "THNC")  # fmt: skip
VECTORS = ("NC", "NC", "NC", "N1C", "NC1", "1NC", "N", "C", "1C", "11C")
ROWS = ("NC", "NC", "NC", "N1C", "NC1", "N", "1NC")
HELPFUL = (("batch", "time"), ("N", "T"), ("B", "T"), ("batch_size", "seq_len"), ("batch", "frames"),
           ("batch_size", "num_frames"), ("batch", "sequence_length"), ("batch", "sequence"))  # fmt: skip

_Item = TypeVar("_Item")


class Pick(Protocol):
    """One of the items, the first being the simplest."""

    def __call__(self, items: Sequence[_Item], /) -> _Item:
        """Pick."""


@st.composite
def true_models(draw: Any, namings: tuple[Naming, ...]) -> TrueModel:
    """Models for hypothesis."""
    return pick_model(lambda items: draw(st.sampled_from(items)), namings)


def sample_models(count: int, seed: int, namings: tuple[Naming, ...]) -> list[TrueModel]:
    """So many models, the same ones for the same seed."""
    generator = random.Random(seed)
    return [pick_model(generator.choice, namings) for _ in range(count)]


def pick_model(pick: Pick, namings: tuple[Naming, ...]) -> TrueModel:
    """A model whose axes are known, and lengths of utterances that could be mistaken for other lengths."""
    naming = pick(namings)
    letters = pick(LETTERS)
    by_rows = "T" not in letters
    width = pick((3, 4, 4, 5, 1, 2, 8)) if "C" in letters else 1
    splice = pick((2, 3, 5)) if "S" in letters else 1
    families = (BY_FRAME,) if by_rows else (BY_FRAME, OVER_TIME, OVER_TIME, OVER_TIME, OTHER_LENGTH, POOLED)
    body = pick(sorted(pick(families)))
    free = _free(pick, letters)
    batch = 1 if "N" in letters and not by_rows and pick(range(4)) else pick((1, 2, 8))
    if "N" not in letters:
        batch = 1
    frames = pick((8, 4, 6, 16))
    if "T" in letters and "T" not in free and (naming == "helpful" or body in OTHER_LENGTH):
        free += "T"
    seconds = _seconds(pick, letters, body, naming)
    if any(each.kind == "state" for each in seconds):
        body = "gru"
    main_letters = VECTORS if body in POOLED else ROWS if by_rows else SAME_LENGTH
    outputs = [_output(pick, "y", main_letters, letters, free, batch)]
    if pick(range(7)) == 0 and outputs[0].heads == 1:
        more = VECTORS if body in POOLED or (not by_rows and pick((False, True))) else ROWS if by_rows else SAME_LENGTH
        second = _output(pick, "z", more, letters, free, batch)
        outputs += [second] if second.heads == 1 else []
    fixed_frames = 0 if ("N" if by_rows else "T") in free else batch if by_rows else frames
    whole = any("T" not in output.letters for output in outputs) and not by_rows
    lengths = _lengths(pick, body, fixed_frames, whole, (width, outputs[0].width, *(each.width for each in seconds)))
    return TrueModel(
        letters=letters,
        width=width,
        body=body,
        outputs=tuple(outputs),
        seconds=seconds,
        free=free,
        batch=batch,
        frames=frames,
        naming=naming,
        axis_names=pick(HELPFUL),
        lengths=lengths,
        splice=splice,
        seed=pick(range(1000)),
        name=pick(("x", "feats", "audio_signal", "input.1")),
    )


def _free(pick: Pick, letters: str) -> str:
    free = "".join(letter for letter in "NT" if letter in letters and pick(range(5)))
    if "C" in letters and "S" not in letters and pick(range(10)) == 0:
        free += "C"
    return free


def _output(pick: Pick, name: str, choices: tuple[str, ...], inputs: str, free: str, batch: int) -> TrueOutput:
    single = "N" in inputs and "T" in inputs and "N" not in free and batch > 1
    if single:  # of which N cannot be left out
        choices = tuple(letters for letters in choices if "N" in letters or letters == "TC")
    letters = pick(choices)
    heads = pick((2, 3)) if "H" in letters else 1
    return TrueOutput(name, letters, pick((3, 2, 5, 4, 7, 1)) if "C" in letters else 1, heads)


def _seconds(pick: Pick, letters: str, body: str, naming: Naming) -> tuple[SecondInput, ...]:
    if pick(range(10)) < 6 or "S" in letters or letters in ("C", "T", "NT", "TN"):
        return ()
    width = pick((3, 2, 5, 4))
    if "T" not in letters:
        choices = [
            SecondInput("rows", "extra", "NC", width),
            SecondInput("vector", "ivector", "1C", width),
            SecondInput("gain", "gain", ""),
        ]
        return (pick(choices),)
    has_batch = "N" in letters
    order = pick(("NTC", "NTC", "NCT", "TNC")) if has_batch else pick(("TC", "1TC"))
    plain = "NT" if has_batch else pick(("T", "1T"))
    kind = pick(("rows", "vector", "mask", "mask", "length", "length", "gain", "state"))
    match kind:
        case "rows":
            return (SecondInput("rows", pick(("extra", "pitch", "in1")), order, width),)
        case "vector":
            one = "NC" if has_batch else pick(("1C", "C"))
            return (SecondInput("vector", pick(("ivector", "spk", "in1")), one, width),)
        case "mask":
            given = not has_batch or pick((False, True))  # nobody exports a mask of one axis
            dtype: ElementType = pick(("float", "float", "bool", "int64"))
            return (SecondInput("mask", pick(("mask", "attention_mask")), plain, 1, given, dtype),)
        case "length":
            one = pick(("N", "N", "")) if has_batch else ""
            name = pick(("length", "x_len", "lengths", "xs_lens", "input_lengths"))
            return (SecondInput("length", name, one, 1, given=False, dtype=pick(("int64", "int32"))),)
        case "gain":
            return (SecondInput("gain", pick(("gain", "scale")), pick(("", "1"))),)
        case _:
            if not has_batch or letters.replace("1", "") not in ("NTC", "TNC", "NCT"):
                return ()
            names = pick((("h0", "hn"), ("h", "h_out"), ("state_in", "state_out"), ("cache", "r_cache")))
            return (SecondInput("state", names[0], "LNC", WIDTH, given=False, result=names[1]),)


def _lengths(pick: Pick, body: str, fixed_frames: int, whole: bool, others: tuple[int, ...]) -> tuple[int, ...]:
    if fixed_frames and whole:
        choices = [fixed_frames]
    elif fixed_frames and body not in CAUSAL:
        choices = [fixed_frames, 2 * fixed_frames, 3 * fixed_frames]
    else:
        choices = [7, 12, 1, 2, 3, 5, 8, 16, 131, *others]
    least = LEAST_FRAMES.get(body, 1)
    choices = list(dict.fromkeys(length for length in choices if length >= least))
    return tuple(pick(choices) for _ in range(pick((2, 3, 4))))
