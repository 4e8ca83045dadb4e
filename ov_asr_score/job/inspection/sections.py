"""Facts for people under titles, as ``inspect`` and the reports of jobs show them.

Tests: tests/job/test_inspect_model.py, tests/cli/commands/test_convert.py
"""

from __future__ import annotations

from typing import TypeAlias

from ov_asr_score.convert.facts import ConversionFacts

Facts: TypeAlias = dict[str, object]
Section: TypeAlias = tuple[str, Facts]
"""A title with facts by name."""

_UNSET = -1
_FEEDING = {
    "utterance": "utterances: a request takes a whole one",
    "chunk": "chunks: a request takes a window with its contexts",
    "frame": "frames in order, with state",
    "vector": "chunks of utterances, each of which gives one vector",
}


def origin_section(conversion: ConversionFacts) -> Section:
    """The section about the Kaldi model that an OpenVINO model was converted from."""
    lines: Facts = {
        "source": conversion.source,
        "sha256": conversion.source_sha256,
        "kind": f"nnet{conversion.generation}",
        "fed by": _FEEDING.get(conversion.time, conversion.time),
        "left context": conversion.left_context,
        "right context": conversion.right_context,
        "modulus": conversion.modulus,
        "frame subsampling factor": conversion.frame_subsampling_factor,
    }
    if conversion.time == "chunk":
        lines["frames per chunk"] = conversion.frames_per_chunk
    if conversion.time == "vector":
        lines |= {
            "frames per chunk": conversion.frames_per_chunk or "all",
            "min chunk size": conversion.min_chunk_size,
            "fewest frames that the network needs": conversion.least_frames,
        }
    if conversion.time == "frame":
        lines |= {"frames per request": conversion.frames_per_request, "delay": conversion.delay}
    for name in ("extra_left_context", "extra_right_context"):
        if getattr(conversion, name):
            lines[name.replace("_", " ")] = getattr(conversion, name)
    for name in ("extra_left_context_initial", "extra_right_context_final"):
        if getattr(conversion, name) != _UNSET:
            lines[name.replace("_", " ")] = getattr(conversion, name)
    lines |= {"one vector per request": conversion.ivector_inputs, "edges repeated": conversion.pad_input}
    lines |= {"options": conversion.options or "none", "made by version": conversion.version}
    return "Converted from Kaldi", lines
