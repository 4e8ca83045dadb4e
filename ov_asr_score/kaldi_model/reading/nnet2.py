"""Reads networks of nnet2. Sources: nnet2/nnet-nnet.cc, nnet2/am-nnet.cc, nnet2/nnet-component.cc (``ReadNew``).

Tests: tests/kaldi_model/test_loading.py, tests/kaldi_model/components/test_nnet2_checks.py, tests/golden/nnet2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.kaldi_model.chain import chain_network
from ov_asr_score.kaldi_model.component_checks import component_problem
from ov_asr_score.kaldi_model.components.component_type import Chain, end_tokens
from ov_asr_score.kaldi_model.components.type_table import find_type, type_names
from ov_asr_score.kaldi_model.dims import FIELD_ERRORS, component_dims
from ov_asr_score.kaldi_model.network import Component, KaldiNetwork
from ov_asr_score.kaldi_model.token_reader import ModelReader, read_fields
from ov_asr_score.text import clipped

# Far more than any network has: a damaged count must not take for ever.
_MOST_COMPONENTS = 100_000


def read_nnet2(reader: ModelReader, *, is_acoustic_model: bool) -> KaldiNetwork:
    """The network behind ``<Nnet>``, with the priors behind it if it is an acoustic model.

    Components get the names ``component0.SpliceComponent`` and so on, and the fields ``InputDim`` and ``OutputDim``.
    Raises ModelFormatError where ``Nnet::Read`` or ``Component::ReadNew`` expect another token or value, or where the
    fields do not fit; UnsupportedModelError for a type that ``NewComponentOfType`` does not know.
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
    _check_contexts(components, reader.source)
    network = chain_network(2, components, reader.source, reader.binary)
    if not is_acoustic_model:
        return network
    priors = np.asarray(reader.read_vector(), np.float32)
    return replace(network, priors=priors if priors.size else None, is_acoustic_model=True)


def _read_component(reader: ModelReader, index: int) -> Component:
    reader.skip_blanks()
    offset = reader.offset
    token = reader.read_token()
    if reader.peek_token() == token:
        # ExpectOneOrTwoTokens, util/text-utils.cc
        reader.read_token()
    name = token.strip("<>")
    if name.startswith("/"):
        raise reader.error("a component type as in <AffineComponent>", clipped(token), offset=offset)
    kind = find_type(2, name)
    if kind is None:
        raise UnsupportedModelError(
            f"{reader.source}: component {index} at byte {offset}: type {clipped(name)} is not one of Kaldi's nnet2; "
            f"expected one of {', '.join(type_names(2))}"
        )
    fields = read_fields(reader, kind.fields, end_tokens(kind, token), kind.required)
    kind.read_rest(reader, fields, _no_components)
    component = Component(f"component{index}.{name}", name, fields, offset)
    problem = component_problem(component, 2)
    if problem:
        place = f"{reader.source}: component '{component.name}' at byte {offset}"
        raise ModelFormatError(f"{place}: {problem}; the file is damaged")
    try:
        input_dim, output_dim = component_dims(component, 2)
    except FIELD_ERRORS as error:
        raise reader.error(
            "fields that tell the widths of a component", "others", "the file is damaged", offset=offset
        ) from error
    return replace(component, fields={**fields, "InputDim": input_dim, "OutputDim": output_dim})


def _check_contexts(components: Sequence[Component], source: str) -> None:
    """Raise ModelFormatError when all splicing together needs frames on one side only.

    Kaldi then puts the utterance outside of its matrix (``NnetComputer``, nnet2/nnet-compute.cc).
    """
    contexts = [context for part in components if isinstance(context := part.fields.get("Context"), np.ndarray)]
    first, last = (sum(int(context[end]) for context in contexts) for end in (0, -1))
    if first > 0 or last < 0:
        raise ModelFormatError(
            f"{source}: expected frames from 0 or less to 0 or more for a frame of scores, found {first} to {last}"
        )


def _no_components(name: str) -> Chain:
    """Components of nnet2 hold no others."""
    return ()
