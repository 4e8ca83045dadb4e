"""Reads networks of nnet2. Sources: nnet2/nnet-nnet.cc, nnet2/am-nnet.cc, nnet2/nnet-component.cc (``ReadNew``)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.chain import chain_network
from ov_asr_score.kaldi_model.components.nnet2_checks import component_problem
from ov_asr_score.kaldi_model.components.nnet2_dims import nnet2_dims
from ov_asr_score.kaldi_model.components.nnet2_fields import NNET2_TABLES
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, Component, FieldValue, IntArray, KaldiNetwork
from ov_asr_score.kaldi_model.reader import ModelReader, read_fields
from ov_asr_score.text import clipped

_MOST_COMPONENTS = 100_000


def read_nnet2(reader: ModelReader, *, is_acoustic_model: bool) -> KaldiNetwork:
    """The network behind ``<Nnet>``, with the priors behind it if it is an acoustic model.

    Components get the names ``component0.SpliceComponent`` and so on, and the fields ``InputDim`` and ``OutputDim``.
    Raises ModelFormatError, UnsupportedModelError.
    """
    reader.expect_token("<NumComponents>")
    count = reader.read_int()
    if not 0 < count <= _MOST_COMPONENTS:
        raise reader.error("a number of components", str(count), "the file is damaged")
    reader.expect_token("<Components>")
    components = []
    for index in range(count):
        reader.stream.context = f"component {index} of {count}"
        components.append(_read_component(reader, index))
        reader.stream.context = ""
    reader.expect_token("</Components>")
    reader.expect_token("</Nnet>")
    network = chain_network(2, components, reader.source, reader.binary)
    if not is_acoustic_model:
        return network
    priors = np.asarray(reader.read_vector(), np.float32)
    return replace(network, priors=priors if priors.size else None, is_acoustic_model=True)


def _read_component(reader: ModelReader, index: int) -> Component:
    reader.skip_blanks()
    offset = reader.offset
    token = reader.read_token()
    kind = token.strip("<>")
    if kind.startswith("/"):
        raise reader.error("a component type as in <AffineComponent>", clipped(token), offset=offset)
    if kind not in NNET2_TABLES:
        raise UnsupportedModelError(
            f"{reader.source}: component {index} at byte {offset}: type {clipped(kind)} is not one of Kaldi's nnet2; "
            f"expected one of {', '.join(sorted(NNET2_TABLES))}"
        )
    table, required = NNET2_TABLES[kind]
    end = (f"</{kind}>", token) if kind == "SumGroupComponent" else (f"</{kind}>",)
    fields = read_fields(reader, table, end, required)
    if kind in ("SpliceComponent", "SpliceMaxComponent"):
        fields["Context"] = _context(reader, fields)
    component = Component(f"component{index}.{kind}", kind, fields, offset)
    problem = component_problem(component)
    if problem:
        place = f"{reader.source}: component '{component.name}' at byte {offset}"
        raise ModelFormatError(f"{place}: {problem}; the file is damaged")
    try:
        input_dim, output_dim = nnet2_dims(component)
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise reader.error(
            "fields that tell the widths of a component", "others", "the file is damaged", offset=offset
        ) from error
    return replace(component, fields={**fields, "InputDim": input_dim, "OutputDim": output_dim})


def _context(reader: ModelReader, fields: dict[str, FieldValue]) -> IntArray:
    """Offsets of the frames; older files have the first and the last."""
    context = fields.get("Context")
    if isinstance(context, np.ndarray) and context.size:
        return context.astype(np.int32)
    left, right = fields.get("LeftContext"), fields.get("RightContext")
    if not isinstance(left, int) or not isinstance(right, int):
        raise reader.error("<Context>, or <LeftContext> and <RightContext>", "neither", "the file is damaged")
    if right < -left or max(left, right) > FARTHEST_FRAME:
        raise reader.error("contexts in frames", f"{left} and {right}", "the file is damaged")
    return np.arange(-left, right + 1, dtype=np.int32)
