"""What a golden case is made of, before Kaldi's programs have made its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WHOLE = ("--frames-per-chunk=1000",)
CHUNKS = ("--frames-per-chunk=7",)
DEFAULT: tuple[str, ...] = ()
LENGTHS = (23, 1, 4, 11)


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Case:
    """One model, its input, and the options with which Kaldi scores it.

    ``config`` are lines for nnet3-init or nnet-init; ``text`` is the text form of a model instead. ``edit`` changes the
    text form after the parameters have got their values; ``finish`` the binary form, for spellings that only exist
    there. ``runs`` are lists of options, each with scores of its own. ``lengths`` are frames of the utterances.
    ``priors`` makes it an acoustic model with a transition model before it. ``ivector_dim`` adds vectors or, with
    ``ivector_period``, matrices of one row for so many frames. ``output_name`` is the output that is scored,
    ``scores_per`` what our program has to be told of it; ``reason`` says why ``tolerance`` is more than usual.
    """

    name: str
    config: str = ""
    text: str = ""
    program: str = "nnet3-compute"
    dim: int = 5
    runs: tuple[tuple[str, ...], ...] = (WHOLE, CHUNKS)
    lengths: tuple[int, ...] = LENGTHS
    edit: Callable[[str], str] = _unchanged
    finish: Callable[[bytes], bytes] | None = None
    priors: int = 0
    ivector_dim: int = 0
    ivector_period: int = 0
    speakers: bool = False
    output_name: str = ""
    scores_per: str = ""
    before: str = ""
    tolerance: float = 1e-5
    reason: str = ""


def layer(name: str, component: str, source: str) -> str:
    """A component, as in ``SigmoidComponent dim=4``, and its node of the same name, which reads ``source``."""
    return f"component name={name} type={component}\n{node(name, name, source)}"


def node(name: str, component: str, source: str) -> str:
    """The node of a component."""
    return f"component-node name={name} component={component} input={source}"


def affine(name: str, source: str, input_dim: int, output_dim: int, kind: str = "AffineComponent") -> str:
    """An affine layer."""
    return layer(name, f"{kind} input-dim={input_dim} output-dim={output_dim}", source)


def network(dim: int, *lines: str, output: str = "output=last") -> str:
    """All lines of a network that reads ``input``; ``output`` is what its outputs read, as ``output=name``."""
    ends = [
        f"output-node name={name} input={source}"
        for name, _, source in (part.partition("=") for part in output.split())
    ]
    return "\n".join([f"input-node name=input dim={dim}", *lines, *ends, ""])
