# mypy: disable-error-code="misc"
"""Write small networks as toolkits export them: ``python -m tests.toolkits.make_toolkit_models`` (needs torch).

Weights are random; what counts is the order of axes, their names, and which inputs and outputs there are.

Tests: tests/toolkits/test_toolkit_models.py
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

MODELS = Path(__file__).parent / "models"
D, H, C = 12, 8, 5


class NemoConv(nn.Module):
    """NeMo: features [B, D, T] with lengths, frames behind the length are zero; log posteriors [B, T', C]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv1d(D, H, 5, padding=2, stride=2), nn.Conv1d(H, C, 1)

    def forward(self, audio_signal: Any, length: Any) -> Any:
        time = torch.arange(audio_signal.shape[2])[None, None, :]
        kept = audio_signal * (time < length[:, None, None]).float()
        return self.last(torch.relu(self.first(kept))).transpose(1, 2).log_softmax(-1)


class NemoEncoder(NemoConv):
    """NeMo's encoders alone: [B, D, T] to [B, H, T'], with lengths."""

    def forward(self, audio_signal: Any, length: Any) -> Any:
        time = torch.arange(audio_signal.shape[2])[None, None, :]
        kept = audio_signal * (time < length[:, None, None]).float()
        return torch.relu(self.first(kept)), (length + 1) // 2


class WenetChunk(nn.Module):
    """wenet: a chunk [1, T, D] with caches of attention and convolution, and the offset of its first frame."""

    cache, heads, kernel = 6, 2, 3

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(D, H), nn.Linear(H, C)
        self.query, self.key, self.value = nn.Linear(H, H), nn.Linear(H, H), nn.Linear(H, H)
        self.conv = nn.Conv1d(H, H, self.kernel)

    def forward(self, chunk: Any, offset: Any, att_cache: Any, cnn_cache: Any) -> Any:
        x = self.embed(chunk)
        place = (offset + torch.arange(x.shape[1])).float()[None, :, None]
        x = x + torch.sin(place * 0.1)
        size = (1, x.shape[1], self.heads, H // self.heads)
        query, key, value = (part(x).view(size).transpose(1, 2) for part in (self.query, self.key, self.value))
        key = torch.cat([att_cache[0:1, :, :, : H // 2], key], 2)
        value = torch.cat([att_cache[0:1, :, :, H // 2 :], value], 2)
        start = torch.clamp(self.cache - offset, min=0)
        behind = torch.arange(key.shape[2])[None, None, None, :] < start
        scores = (query @ key.transpose(2, 3)).masked_fill(behind, -1e4)
        x = x + (scores.softmax(-1) @ value).transpose(1, 2).reshape(1, x.shape[1], H)
        padded = torch.cat([cnn_cache[0], x.transpose(1, 2)], 2)
        x = x + torch.relu(self.conv(padded)).transpose(1, 2)
        r_att_cache = torch.cat([key, value], 3)[:, :, -self.cache :]
        return self.out(x), r_att_cache, padded[:, :, -(self.kernel - 1) :][None]


class IcefallStreaming(nn.Module):
    """icefall: a chunk [N, T, D], states of a convolution and a recurrence, and how many frames were processed."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv1d(D, H, 3), nn.Linear(H, C)

    def forward(self, x: Any, cached_conv: Any, cached_avg: Any, processed_lens: Any) -> Any:
        padded = torch.cat([cached_conv, x.transpose(1, 2)], 2)
        hidden = torch.relu(self.conv(padded)).transpose(1, 2)
        count = processed_lens[:, None, None] + torch.arange(1, x.shape[1] + 1)[None, :, None]
        total = cached_avg[:, None] + hidden.cumsum(1)
        return self.out(total / count), padded[:, :, -2:], total[:, -1], processed_lens + x.shape[1]


class Zipformer(nn.Module):
    """icefall: whole utterances [N, T, D] with lengths; the encoder's output is subsampled by 2, lengths with it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv1d(D, H, 3, stride=2, padding=1), nn.Linear(H, C)

    def forward(self, x: Any, x_lens: Any) -> Any:
        valid = (torch.arange(x.shape[1])[None, :] < x_lens[:, None]).float()[:, :, None]
        hidden = torch.relu(self.conv((x * valid).transpose(1, 2))).transpose(1, 2)
        return self.out(hidden), (x_lens + 1) // 2


class KerasConv(nn.Module):
    """Keras: an image of one channel behind the features, [N, T, D, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 2, 3, padding=1), nn.Linear(2 * D, C)

    def forward(self, x: Any) -> Any:
        hidden = torch.relu(self.conv(x.permute(0, 3, 1, 2)))
        return self.out(hidden.permute(0, 2, 3, 1).flatten(2)).softmax(-1)


class Lstm(nn.Module):
    """PyTorch's LSTM as it is: time first, its states in and out."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(D, H, 2), nn.Linear(H, C)

    def forward(self, x: Any, h0: Any, c0: Any) -> Any:
        y, (hn, cn) = self.rnn(x, (h0, c0))
        return self.out(y), hn, cn


class StateNext(nn.Module):
    """A recurrence whose only state is named as Silero does, [layers, N, H], over frames [N, T, D]."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.GRU(D, H, 2, batch_first=True), nn.Linear(H, C)

    def forward(self, input: Any, state: Any) -> Any:
        y, last = self.rnn(input, state)
        return self.out(y), last


class RelativeLengths(nn.Module):
    """SpeechBrain: lengths are parts of the longest utterance, 1.0 for all of it; an embedding [N, E]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv1d(D, H, 3, padding=1), nn.Linear(H, 6)

    def forward(self, feats: Any, lens: Any) -> Any:
        hidden = torch.relu(self.conv(feats.transpose(1, 2)))
        count = (lens * feats.shape[1])[:, None]
        valid = (torch.arange(feats.shape[1])[None, :] < count).float()
        return self.out((hidden * valid[:, None]).sum(2) / count)


class Speaker(nn.Module):
    """Features [N, T, D] with a vector for the utterance, [N, E], that is as wide as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.speaker, self.out = nn.Linear(D, H), nn.Linear(D, H), nn.Linear(H, C)

    def forward(self, feats: Any, spk_embed: Any) -> Any:
        return self.out(torch.tanh(self.features(feats) + self.speaker(spk_embed)[:, None]))


class Blstm(nn.Module):
    """A network that needs the whole utterance, [N, T, D]."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(D, H, 1, batch_first=True, bidirectional=True), nn.Linear(2 * H, C)

    def forward(self, x: Any) -> Any:
        return self.out(self.rnn(x)[0])


class Transformer(nn.Module):
    """Attention over [N, T, D] with a mask [N, T] that is 1 for frames, or (padding) true for what is none."""

    def __init__(self, *, padding: bool) -> None:
        super().__init__()
        self.padding = padding
        self.embed, self.out = nn.Linear(D, H), nn.Linear(H, C)

    def forward(self, x: Any, mask: Any) -> Any:
        hidden = self.embed(x)
        none = mask if self.padding else mask == 0
        scores = (hidden @ hidden.transpose(1, 2)).masked_fill(none[:, None, :], -1e4)
        return self.out(scores.softmax(-1) @ hidden + hidden)


class Xvector(nn.Module):
    """An embedding [N, E] of an utterance: statistics pooling behind convolutions over [N, D, T] or [N, T, D]."""

    def __init__(self, *, channels_first: bool) -> None:
        super().__init__()
        self.channels_first = channels_first
        self.conv, self.out = nn.Conv1d(D, H, 3, padding=1), nn.Linear(2 * H, 6)

    def forward(self, x: Any) -> Any:
        hidden = torch.relu(self.conv(x if self.channels_first else x.transpose(1, 2)))
        mean = hidden.mean(2)
        deviation = (((hidden - mean[:, :, None]) ** 2).mean(2) + 1e-5).sqrt()
        return self.out(torch.cat([mean, deviation], 1))


class Ctc(nn.Module):
    """Log posteriors of every frame, [N, T, D] to [N, T, C], with one frame of context on either side."""

    def __init__(self, *, channels_first: bool = False) -> None:
        super().__init__()
        self.channels_first = channels_first
        self.conv, self.head = nn.Conv1d(D, H, 3, padding=1), nn.Linear(H, C)

    def forward(self, x: Any) -> Any:
        hidden = torch.relu(self.conv(x if self.channels_first else x.transpose(1, 2))).transpose(1, 2)
        return self.head(hidden).log_softmax(-1)


class Subsampling(nn.Module):
    """An image [N, 1, T, D] through two convolutions of stride 2: a row for four frames."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 3, 2), nn.Conv2d(3, 3, 3, 2)
        self.out = nn.Linear(6, C)

    def forward(self, x: Any) -> Any:
        hidden = torch.relu(self.second(torch.relu(self.first(x))))
        return self.out(hidden.transpose(1, 2).flatten(2))


class Heads(nn.Module):
    """Three heads with scores of their own, [N, H, T, C]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(D, 3 * C, 3, padding=1)

    def forward(self, x: Any) -> Any:
        hidden = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return hidden.view(x.shape[0], -1, 3, C).transpose(1, 2)


class VoiceActivity(nn.Module):
    """One value for a frame, [N, T]."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.GRU(D, H, batch_first=True), nn.Linear(H, 1)

    def forward(self, x: Any) -> Any:
        return self.out(self.rnn(x)[0]).squeeze(2).sigmoid()


class Dnn(nn.Module):
    """Frames as rows, [N, D] to [N, C]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(D, H), nn.Sigmoid(), nn.Linear(H, C))

    def forward(self, x: Any) -> Any:
        return self.layers(x)


class Normalized(nn.Module):
    """Features whose mean over the utterance is taken out, [N, T, D] to [T, N, C] as in fairseq."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(D, H), nn.Linear(H, C)

    def forward(self, x: Any) -> Any:
        return self.out(torch.tanh(self.hidden(x - x.mean(1, keepdim=True)))).transpose(0, 1)


class Attentive(nn.Module):
    """SpeechBrain: attention over frames, an embedding [N, 1, E], and beside it scores of frames, two for each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.weight, self.out = nn.Conv1d(D, H, 3, padding=1), nn.Linear(H, 1), nn.Linear(H, 6)
        self.frames = nn.ConvTranspose1d(H, C, 2, stride=2)

    def forward(self, feats: Any) -> Any:
        hidden = torch.relu(self.conv(feats.transpose(1, 2)))
        weights = self.weight(hidden.transpose(1, 2)).softmax(1)
        pooled = (hidden.transpose(1, 2) * weights).sum(1, keepdim=True)
        return self.out(pooled), self.frames(hidden).transpose(1, 2)


class LastFrame(nn.Module):
    """Keyword spotting: classes of an utterance from the last state, [N, T, D] to [N, C]."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.GRU(D, H, batch_first=True), nn.Linear(H, C)

    def forward(self, x: Any) -> Any:
        return self.out(self.rnn(x)[0][:, -1])


def export(name: str, model: Any, inputs: dict[str, Any], outputs: list[str], axes: Any, **more: Any) -> None:
    """Write a model; ``axes`` as ``dynamic_axes`` takes them (or ``dynamic_shapes`` with dynamo)."""
    torch.manual_seed(sum(map(ord, name)))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    model.eval()
    path = MODELS / f"{name}.onnx"
    shapes = {"dynamic_shapes": axes} if more.get("dynamo") else {"dynamic_axes": axes, "dynamo": False}
    torch.onnx.export(
        model,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        **({"opset_version": 17} | shapes | more),
    )
    _forget_places(path)
    print(name, path.stat().st_size)


def _forget_places(path: Path) -> None:
    """Take out of a file what the exporter tells of this script's own place: stack traces of each node."""
    model = onnx.load(str(path), load_external_data=False)
    for node in model.graph.node:
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def write_with_states() -> None:
    """Networks that take an utterance in pieces."""
    caches = {"att_cache": torch.zeros(1, 2, WenetChunk.cache, H), "cnn_cache": torch.zeros(1, 1, H, 2)}
    inputs = {"chunk": torch.randn(1, 8, D), "offset": torch.tensor(0), **caches}
    results = ["output", "r_att_cache", "r_cnn_cache"]
    export("wenet_chunk", WenetChunk(), inputs, results, {"chunk": {1: "T"}, "output": {1: "T"}})
    export("wenet_chunk_static", WenetChunk(), inputs, results, {})

    inputs = {"x": torch.randn(1, 8, D), "cached_conv": torch.zeros(1, D, 2), "cached_avg": torch.zeros(1, H)}
    inputs |= {"processed_lens": torch.zeros(1, dtype=torch.int64)}
    results = ["encoder_out", "new_cached_conv", "new_cached_avg", "new_processed_lens"]
    export("icefall_streaming", IcefallStreaming(), inputs, results, {name: {0: "N"} for name in (*inputs, *results)})

    inputs = {"x": torch.randn(20, 1, D), "h0": torch.zeros(2, 1, H), "c0": torch.zeros(2, 1, H)}
    axes: Any = {"x": {0: "time", 1: "batch"}, "y": {0: "time", 1: "batch"}}
    axes |= {name: {1: "batch"} for name in ("h0", "c0", "hn", "cn")}
    export("pytorch_lstm", Lstm(), inputs, ["y", "hn", "cn"], axes)
    export("pytorch_lstm_unnamed", Lstm(), inputs, ["y", "hn", "cn"], {"x": [0], "y": [0]})
    inputs = {"input": torch.randn(1, 8, D), "state": torch.zeros(2, 1, H)}
    axes = {"input": {0: "batch", 1: "sequence"}, "output": {0: "batch", 1: "sequence"}}
    axes |= {name: {1: "batch"} for name in ("state", "stateN")}
    export("state_next", StateNext(), inputs, ["output", "stateN"], axes)


def write_with_lengths_and_masks() -> None:
    """Networks that are told which frames count."""
    rows, turned, length = torch.randn(1, 20, D), torch.randn(1, D, 20), torch.tensor([20])
    # Lists instead of mappings: the exporter makes up names, audio_signal_dynamic_axes_1.
    axes: Any = {"audio_signal": [0, 2], "length": [0], "logprobs": [0, 1]}
    export("nemo_ctc", NemoConv(), {"audio_signal": turned, "length": length}, ["logprobs"], axes)
    axes = {"audio_signal": {0: "batch", 2: "time"}, "length": {0: "batch"}, "outputs": {0: "batch", 2: "time"}}
    axes |= {"encoded_lengths": {0: "batch"}}
    inputs = {"audio_signal": turned, "length": length}
    export("nemo_encoder", NemoEncoder(), inputs, ["outputs", "encoded_lengths"], axes)

    axes = {"x": {0: "N", 1: "T"}, "x_lens": {0: "N"}, "encoder_out": {0: "N", 1: "T"}, "encoder_out_lens": {0: "N"}}
    inputs = {"x": rows, "x_lens": length}
    export("icefall_offline", Zipformer(), inputs, ["encoder_out", "encoder_out_lens"], axes)

    both = {0: "batch", 1: "time"}
    axes = {"x": both, "mask": both, "y": both}
    export("transformer_mask", Transformer(padding=False), {"x": rows, "mask": torch.ones(1, 20)}, ["y"], axes)
    axes = {"x": both, "padding_mask": both, "y": both}
    none = torch.zeros(1, 20, dtype=torch.bool)
    export("transformer_padding", Transformer(padding=True), {"x": rows, "padding_mask": none}, ["y"], axes)

    axes = {"feats": both, "lens": {0: "batch"}, "embedding": {0: "batch"}}
    inputs = {"feats": rows, "lens": torch.ones(1)}
    export("relative_lengths", RelativeLengths(), inputs, ["embedding"], axes)
    axes = {"feats": both, "spk_embed": {0: "batch"}, "y": both}
    export("speaker", Speaker(), {"feats": rows, "spk_embed": torch.randn(1, D)}, ["y"], axes)


def write_with_one_input() -> None:
    """Networks that take features and nothing else."""
    rows, turned = torch.randn(1, 20, D), torch.randn(1, D, 20)
    axes: Any = {"input_1": {0: "unk__10", 1: "unk__11"}, "dense": {0: "unk__12", 1: "unk__13"}}
    export("keras_conv", KerasConv(), {"input_1": rows[..., None]}, ["dense"], axes)

    both = {"x": {0: "batch", 1: "time"}, "y": {0: "batch", 1: "time"}}
    export("pytorch_blstm", Blstm(), {"x": rows}, ["y"], both)
    export("pytorch_blstm_unnamed", Blstm(), {"x": rows}, ["y"], {"x": [0, 1], "y": [0, 1]})
    axes = {"feats": {0: "B", 1: "T"}, "embs": {0: "B"}}
    export("xvector", Xvector(channels_first=False), {"feats": rows}, ["embs"], axes)
    export("xvector_unnamed", Xvector(channels_first=True), {"feats": turned}, ["embs"], {"feats": [2]})

    export("ctc", Ctc(), {"x": rows}, ["log_probs"], {"x": {1: "frames"}, "log_probs": {1: "frames"}})
    export("ctc_channels", Ctc(channels_first=True), {"x": turned}, ["log_probs"], {"x": [2], "log_probs": [1]})
    export("ctc_static", Ctc(), {"x": rows}, ["log_probs"], {})
    axes = {"x": {0: "batch", 2: "time"}, "y": {0: "batch", 1: "time_out"}}
    export("subsampling", Subsampling(), {"x": rows[:, None]}, ["y"], axes)
    axes = {"x": {0: "batch", 1: "time"}, "y": {0: "batch", 2: "time"}}
    export("heads", Heads(), {"x": rows}, ["y"], axes)
    export("voice_activity", VoiceActivity(), {"x": rows}, ["y"], both)
    export("dnn", Dnn(), {"x": torch.randn(4, D)}, ["y"], {"x": {0: "batch"}, "y": {0: "batch"}})

    export("normalized", Normalized(), {"x": rows}, ["y"], {"x": [0, 1], "y": [0, 1]})
    axes = {"feats": {0: "batch", 1: "time"}, "embedding": {0: "batch"}, "frames": {0: "batch", 1: "twice"}}
    export("attentive", Attentive(), {"feats": rows}, ["embedding", "frames"], axes)
    export("last_frame", LastFrame(), {"x": rows}, ["y"], {"x": [0, 1], "y": [0]})

    frames, batch = torch.export.Dim("frames", min=3), torch.export.Dim("batch")
    unnamed = torch.export.Dim.DYNAMIC
    dynamo = {"dynamo": True, "opset_version": 18}
    two = {"x": torch.randn(2, 20, D)}  # a batch of one would be taken for fixed
    export("ctc_dynamo", Ctc(), two, ["y"], ({0: batch, 1: frames},), **dynamo)
    export("ctc_dynamo_unnamed", Ctc(), two, ["y"], ({0: unnamed, 1: unnamed},), **dynamo)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    MODELS.mkdir(exist_ok=True)
    write_with_states()
    write_with_lengths_and_masks()
    write_with_one_input()
