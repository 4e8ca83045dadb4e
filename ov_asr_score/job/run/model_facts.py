"""What a report says of the model that was scored."""

from __future__ import annotations

from dataclasses import asdict

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.ov_model.file_kind import ModelKind, kind_name
from ov_asr_score.report.data.run import ModelFacts


def model_facts(path: str, kind: ModelKind, conversion: ConversionFacts | None, from_cache: bool) -> ModelFacts:
    """Path and kind of a model; of one that was converted how, in one line and fact by fact."""
    name = kind_name(kind)
    if conversion is None:
        return {"path": path, "kind": name}
    of_kaldi = f"Kaldi nnet{conversion.generation} model"
    ivectors = [port for port in conversion.ivector_inputs.split(",") if port]
    return {
        "path": path,
        "kind": of_kaldi if kind == "kaldi" else f"{name}, converted from a {of_kaldi}",
        "summary": conversion_summary(conversion),
        "conversion": asdict(conversion) | {"ivector_inputs": ivectors, "from_cache": from_cache},
    }


def conversion_summary(conversion: ConversionFacts) -> str:
    """How a converted model is fed, and with which options it was made, in one line."""
    frames = conversion.frames_per_request
    parts = [f"Kaldi nnet{conversion.generation}"]
    if conversion.time != "vector":
        parts.append(f"contexts {conversion.left_context} and {conversion.right_context} frames")
    if conversion.frame_subsampling_factor != 1:
        parts.append(f"a row of scores for every {conversion.frame_subsampling_factor} frames")
    parts.append(
        {
            "utterance": "whole utterances",
            "chunk": f"chunks of {conversion.frames_per_chunk} frames",
            "vector": f"one vector per utterance, or for chunks of {conversion.frames_per_chunk} frames"
            if conversion.frames_per_chunk
            else "one vector per utterance",
            "frame": f"{frames} frame{'s' if frames != 1 else ''} per request, scores {conversion.delay} frames late",
        }.get(conversion.time, conversion.time)
    )
    return ", ".join(parts) + (f"; made with {conversion.options}" if conversion.options else "")
