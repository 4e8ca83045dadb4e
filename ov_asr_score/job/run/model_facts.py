"""What a report says of the model that was scored."""

from __future__ import annotations

from dataclasses import asdict

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.job.inspect_model import model_kind_name
from ov_asr_score.report.data.run import ModelFacts


def model_facts(path: str, facts: ConversionFacts | None, from_cache: bool) -> ModelFacts:
    """Path and kind of a model; of one that was converted how, in one line and fact by fact. Raises FileAccessError."""
    kind = model_kind_name(path)
    if facts is None:
        return {"path": path, "kind": kind}
    of_kaldi = f"Kaldi nnet{facts.generation} model"
    told = asdict(facts) | {"ivector_inputs": [name for name in facts.ivector_inputs.split(",") if name]}
    return {
        "path": path,
        "kind": of_kaldi if kind == "Kaldi model" else f"{kind}, converted from a {of_kaldi}",
        "summary": conversion_summary(facts),
        "conversion": told | {"from_cache": from_cache},
    }


def conversion_summary(facts: ConversionFacts) -> str:
    """How a converted model is fed, and with which options it was made, in one line."""
    left, right, each = facts.left_context, facts.right_context, facts.frames_per_request
    parts = [f"Kaldi nnet{facts.generation}", f"contexts {left} and {right} frames"]
    if facts.frame_subsampling_factor != 1:
        parts.append(f"a row of scores for every {facts.frame_subsampling_factor} frames")
    parts.append(
        {
            "utterance": "whole utterances",
            "chunk": f"chunks of {facts.frames_per_chunk} frames",
            "frame": f"{each} frame{'s' if each != 1 else ''} per request, scores {facts.delay} frames late",
        }.get(facts.time, facts.time)
    )
    return ", ".join(parts) + (f"; made with {facts.options}" if facts.options else "")
