"""Small networks of nnet3 from lines of a configuration."""

from __future__ import annotations

from pathlib import Path

from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import KaldiNetwork


def network_of(folder: Path, *lines: str, components: tuple[str, ...] = ()) -> KaldiNetwork:
    """A network of the given lines and components, with an input of two columns."""
    head = "\n".join(("<Nnet3> ", "input-node name=input dim=2", *lines, "", f"<NumComponents> {len(components)} "))
    path = folder / "x.raw"
    path.write_text(head + "".join(f"<ComponentName> {component} \n" for component in components) + "</Nnet3> ")
    return load_network(path)


def noop(name: str, dim: int = 2) -> str:
    """The text of a component that passes its input on."""
    return (
        f"{name} <NoOpComponent> <Dim> {dim} <ValueAvg>  [ ]\n<DerivAvg>  [ ]\n<Count> 0 <BackpropScale> 1 "
        "</NoOpComponent>"
    )
