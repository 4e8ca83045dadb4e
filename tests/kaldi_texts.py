"""Small Kaldi models in Kaldi's text form, and their scores by plain numpy.

nnet3 ``spliced``: score_t = W [x_{t-2}, x_t, x_{t+1}] + b. nnet3 ``recurrent``: h_t = tanh(x_t + U h_{t-1}), where h is
zero before the first frame that a computation is given. nnet2: softmax(W [x_{t-1}, x_t, x_{t+1}] + b). nnet1:
softmax(W x + b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, PDFS, IVECTOR_WIDTH = 4, 3, 2
LEFT, RIGHT = 2, 1

_NUMBERS = np.random.default_rng(11)
SPLICED_WEIGHTS = _NUMBERS.uniform(-1, 1, (PDFS, 3 * WIDTH)).astype(np.float32)
BIAS = _NUMBERS.uniform(-1, 1, PDFS).astype(np.float32)
FEEDBACK = _NUMBERS.uniform(-0.6, 0.6, (WIDTH, WIDTH)).astype(np.float32)
NNET2_WEIGHTS = _NUMBERS.uniform(-1, 1, (PDFS, 3 * WIDTH)).astype(np.float32)
NNET1_WEIGHTS = _NUMBERS.uniform(-1, 1, (PDFS, WIDTH)).astype(np.float32)
IVECTOR_WEIGHTS = _NUMBERS.uniform(-1, 1, (PDFS, WIDTH + IVECTOR_WIDTH)).astype(np.float32)
PRIORS = np.array([0.5, 0.3, 0.2], np.float32)

Floats = NDArray[Any]


def text_vector(values: Sequence[float] | Floats) -> str:
    """``[ 1 2 3 ]`` with all digits of float32."""
    return f"[ {' '.join(f'{np.float32(value):.9g}' for value in values)} ]"


def text_matrix(values: Floats) -> str:
    """A matrix as Kaldi writes it."""
    return "[\n  " + "\n  ".join(" ".join(f"{value:.9g}" for value in row) for row in values) + " ]"


def nnet3(nodes: Sequence[str], components: Mapping[str, str]) -> str:
    """A raw network of nnet3 from its configuration lines and the text of each component."""
    parts = "".join(f"<ComponentName> {name} {text}\n" for name, text in components.items())
    lines = "\n".join(nodes)
    return f"<Nnet3> \n{lines}\n\n<NumComponents> {len(components)}\n{parts}</Nnet3> "


def affine3(weights: Floats, bias: Floats) -> str:
    """An affine component of nnet3."""
    return (
        f"<AffineComponent> <LearningRate> 0.001 <LinearParams> {text_matrix(weights)} "
        f"<BiasParams> {text_vector(bias)} <IsGradient> F </AffineComponent>"
    )


def activation3(kind: str, width: int) -> str:
    """A component of nnet3 without parameters, such as ``TanhComponent``."""
    return f"<{kind}> <Dim> {width} <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0 </{kind}>"


def spliced_nnet3() -> str:
    """The raw network ``spliced``: left context 2, right context 1; ``output-half`` gives half of the scores."""
    return nnet3(
        [
            f"input-node name=input dim={WIDTH}",
            "component-node name=affine component=affine input=Append(Offset(input, -2), input, Offset(input, 1))",
            "output-node name=output input=affine objective=linear",
            "output-node name=output-half input=Scale(0.5, affine) objective=linear",
        ],
        {"affine": affine3(SPLICED_WEIGHTS, BIAS)},
    )


def recurrent_nnet3() -> str:
    """The raw network ``recurrent``, without context of its own."""
    return nnet3(
        [
            f"input-node name=input dim={WIDTH}",
            "component-node name=feedback component=feedback input=IfDefined(Offset(state, -1))",
            "component-node name=state component=state input=Sum(input, feedback)",
            "output-node name=output input=state objective=linear",
        ],
        {"feedback": affine3(FEEDBACK, np.zeros(WIDTH)), "state": activation3("TanhComponent", WIDTH)},
    )


def ivector_nnet3() -> str:
    """A raw network without context that takes an i-vector: score_t = W [x_t, i] + b."""
    return nnet3(
        [
            f"input-node name=input dim={WIDTH}",
            f"input-node name=ivector dim={IVECTOR_WIDTH}",
            "component-node name=affine component=affine input=Append(input, ReplaceIndex(ivector, t, 0))",
            "output-node name=output input=affine objective=linear",
        ],
        {"affine": affine3(IVECTOR_WEIGHTS, BIAS)},
    )


def transition_model() -> str:
    """A transition model of one phone with as many states as there are pdfs."""
    states = [
        f"<State> {number} <PdfClass> {number} <Transition> {number} 0.5 <Transition> {number + 1} 0.5 </State> "
        for number in range(PDFS)
    ]
    topology = "\n".join(
        ["<TopologyEntry> ", "<ForPhones> ", "1 ", "</ForPhones> ", *states, f"<State> {PDFS} </State> "]
    )
    triples = "\n".join(f"1 {number} {number} " for number in range(PDFS))
    probabilities = text_vector([0.0] + [np.log(0.5)] * (2 * PDFS))
    return (
        f"<TransitionModel> \n<Topology> \n{topology}\n</TopologyEntry> \n</Topology> \n<Triples> {PDFS} \n{triples}\n"
        f"</Triples> \n<LogProbs> \n {probabilities}\n</LogProbs> \n</TransitionModel> \n"
    )


def acoustic_nnet3(raw: str, priors: Sequence[float] | Floats = PRIORS) -> str:
    """``final.mdl`` of nnet3: a transition model, the raw network, its contexts and priors."""
    return f"{transition_model()}{raw}<LeftContext> {LEFT} <RightContext> {RIGHT} <Priors> {text_vector(priors)}\n"


def acoustic_nnet2(priors: Sequence[float] | Floats = PRIORS) -> str:
    """``final.mdl`` of nnet2."""
    return (
        f"{transition_model()}<Nnet> <NumComponents> 3 <Components> "
        f"<SpliceComponent> <InputDim> {WIDTH} <Context> [ -1 0 1 ]\n<ConstComponentDim> 0 </SpliceComponent> \n"
        f"<AffineComponent> <LearningRate> 0.001 <LinearParams> {text_matrix(NNET2_WEIGHTS)}\n"
        f"<BiasParams> {text_vector(BIAS)}\n<IsGradient> F </AffineComponent> \n"
        f"<SoftmaxComponent> <Dim> {PDFS} <ValueSum> [ ]\n<DerivSum> [ ]\n<Count> 0 </SoftmaxComponent> \n"
        f"</Components> </Nnet> {text_vector(priors)}\n"
    )


def nnet1() -> str:
    """``final.nnet`` of nnet1."""
    return (
        f"<Nnet> \n<AffineTransform> {PDFS} {WIDTH} \n<LearnRateCoef> 1 <BiasLearnRateCoef> 1 <MaxNorm> 0 "
        f"{text_matrix(NNET1_WEIGHTS)}\n {text_vector(BIAS)}\n<!EndOfComponent> \n"
        f"<Softmax> {PDFS} {PDFS} \n<!EndOfComponent> \n</Nnet> \n"
    )


def write_model(path: Path, text: str) -> str:
    """The path, after the model was written there."""
    path.write_text(text, encoding="ascii")
    return str(path)


def frames_at(features: Floats, times: Floats) -> Floats:
    """Frames at ``times``, the first one for those before the utterance and the last one for those behind it."""
    return np.asarray(features, np.float64)[np.clip(times, 0, len(features) - 1), :]


def spliced_scores(features: Floats, step: int = 1) -> Floats:
    """Scores of ``spliced_nnet3`` for every ``step``-th frame."""
    times = np.arange(0, len(features), step)
    spliced = np.concatenate([frames_at(features, times + offset) for offset in (-2, 0, 1)], axis=1)
    return spliced @ SPLICED_WEIGHTS.T.astype(np.float64) + BIAS


def states(window: Floats) -> Floats:
    """States of ``recurrent_nnet3`` for the frames of one computation."""
    state = np.zeros(WIDTH)
    found = []
    for frame in np.asarray(window, np.float64):
        state = np.tanh(frame + FEEDBACK.astype(np.float64) @ state)
        found.append(state)
    return np.array(found)


def softmax(values: Floats) -> Floats:
    """Rows that sum to one."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def nnet2_scores(features: Floats) -> Floats:
    """Posteriors of ``acoustic_nnet2``."""
    times = np.arange(len(features))
    spliced = np.concatenate([frames_at(features, times + offset) for offset in (-1, 0, 1)], axis=1)
    return softmax(spliced @ NNET2_WEIGHTS.T.astype(np.float64) + BIAS)


def nnet1_activations(features: Floats) -> Floats:
    """What goes into the softmax of ``nnet1``."""
    return np.asarray(features, np.float64) @ NNET1_WEIGHTS.T.astype(np.float64) + BIAS


def ivector_scores(features: Floats, ivector: Floats) -> Floats:
    """Scores of ``ivector_nnet3`` for one i-vector."""
    return np.hstack([features, np.tile(ivector, (len(features), 1))]) @ IVECTOR_WEIGHTS.T.astype(np.float64) + BIAS
