"""What a Kaldi network gives scores for: each frame, or the utterance (x-vectors).

The file does not say which of Kaldi's programs the network is for. nnet3-compute asks it for a row at every frame, with
the edges repeated that this takes; nnet3-xvector-compute for one at frame 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ov_asr_score.convert.tensors.named_ports import INNER_OUTPUT
from ov_asr_score.convert.wanted_outputs import with_outputs
from ov_asr_score.errors import UsageError
from ov_asr_score.kaldi_model.dependency import FrameWindow
from ov_asr_score.kaldi_model.frames.pooled_output import pooling_windows
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.settings.kaldi import KaldiOptions

ScoresPer: TypeAlias = Literal["frame", "utterance"]

# Frames that statistics look ahead: recipes of x-vectors have 10,000, those of acoustic models at most some hundred.
_UTTERANCE_AHEAD, _FRAME_AHEAD = 1000, 200


def gives_vector(network: KaldiNetwork, options: KaldiOptions) -> bool:
    """Whether the outputs that are asked for are one vector per utterance.

    They are where all frames reach them through statistics that begin with their own frame and look far ahead: computed
    at frame 0 those see the utterance, and before frame 0 there is nothing to look back on.

    Raises UsageError where the network does not tell and ``scores_per`` is not given, or where that contradicts it;
    UnknownNameError. Reason: a program of Kaldi is chosen by the user, and gives other numbers for the wrong network.
    """
    if network.generation != 3:
        return options.scores_per == "utterance"  # which the checks of the options refuse
    network, names = with_outputs(network, options.output_names)
    if options.scores_per == "frame":
        return False
    if options.scores_per == "utterance":
        for name in names:
            if pooling_windows(network, name) is None:
                raise UsageError(
                    f"scores_per=utterance: expected an output that frames reach only through "
                    f"StatisticsPoolingComponent; they reach '{_shown(name)}' of {network.source} in other ways, too",
                    fields=("scores_per",),
                )
        return True
    kinds = {name: _kind(network, name) for name in names}
    if len(set(kinds.values())) > 1:
        per_frame = ", ".join(_shown(name) for name, kind in kinds.items() if kind == "frame")
        others = ", ".join(_shown(name) for name, kind in kinds.items() if kind == "utterance")
        raise UsageError(
            f"output_name={options.output_name}: {per_frame} has scores for each frame, {others} one vector for an "
            "utterance; expected outputs of one kind",
            fields=("output_name",),
        )
    return set(kinds.values()) == {"utterance"}


def _kind(network: KaldiNetwork, output: str) -> ScoresPer:
    """What an output has scores for. Reason for the refusal: two programs of Kaldi fit, with different scores."""
    windows = pooling_windows(network, output)
    if windows is None:
        return "frame"
    kinds = {_kind_of_window(window) for window in windows}
    if kinds == {"frame"}:
        return "frame"
    if "utterance" in kinds and "frame" not in kinds:
        return "utterance"
    shown = ", ".join(f"{-window.left} to {window.right}" for window in _sorted(windows))
    raise UsageError(
        f"{network.source}: '{_shown(output)}' depends on statistics over frames {shown} alone; expected scores_per "
        "utterance (one vector per utterance, as in nnet3-xvector-compute) or frame (a row for each frame, as in "
        "nnet3-compute): the model fits both",
        fields=("scores_per",),
    )


def _kind_of_window(window: FrameWindow) -> ScoresPer | None:
    """What a window of statistics is made for; None where it may be either."""
    if window.left == 0:
        if window.right >= _UTTERANCE_AHEAD:
            return "utterance"
        return None if window.right >= _FRAME_AHEAD else "frame"
    return None if window.right >= _UTTERANCE_AHEAD else "frame"


def _sorted(windows: frozenset[FrameWindow]) -> Sequence[FrameWindow]:
    return sorted(windows, key=lambda window: (window.left, window.right))


def _shown(name: str) -> str:
    return name.removesuffix(INNER_OUTPUT)
