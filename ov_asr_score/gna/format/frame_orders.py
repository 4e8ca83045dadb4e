"""In which order the values of an input or output are stored: transpositions, and the processing models of 2.9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.model import GnaModel, GnaProcessing, GnaTransposition
from ov_asr_score.text import printable_name

if TYPE_CHECKING:
    from ov_asr_score.openvino_api import ov

Order = NDArray[np.int64]

# Operations that only move values; Intel's plugin puts one transposition or gather into a processing model
# (transformations/remove_in_out_processing.cpp).
_MOVING = frozenset({"Parameter", "Constant", "Transpose", "Gather", "Reshape", "Squeeze", "Unsqueeze", "Result"})


class OrderError(ValueError):
    """An order that cannot be followed; ``expected``, ``found`` and ``mend`` are parts of a message."""

    def __init__(self, expected: str, found: object, mend: str = "") -> None:
        """Keep the parts."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected, self.found, self.mend = expected, found, mend


def turned_parts(model: GnaModel) -> tuple[Mapping[str, GnaTransposition], Mapping[str, GnaTransposition]]:
    """The transpositions of inputs and of outputs, by the names of endpoints.

    Those of the header (``GnaModel.rotation``) are for all that have none of their own, as in GNAPlugin::ImportNetwork.
    """
    rows, columns, flag, output_rows, output_columns, output_flag = model.rotation
    found: list[dict[str, GnaTransposition]] = []
    for endpoints, named, of_all, part in (
        (model.inputs, model.turned_inputs, flag, (True, rows, columns)),
        (model.outputs, model.turned_outputs, output_flag, (True, output_rows, output_columns)),
    ):
        by_name = {endpoint.name: GnaTransposition(endpoint.name, (part,)) for endpoint in endpoints if of_all}
        by_name |= {turning.name: turning for turning in named}
        found.append(by_name)
    return found[0], found[1]


def transposed_order(parts: Sequence[tuple[bool, int, int]], size: int) -> Order | None:
    """Position of the value at each place of a frame of ``size`` values; None if nothing moves.

    Part after part of ``rows`` · ``columns`` values is transposed or not, for inputs and outputs alike
    (ConvertTensorFromNCHWToNHWC in 2022, pre_post_process/transposition_info.cpp in 2023). Raises OrderError for parts
    that do not make up the frame, which both refuse.
    """
    if not any(is_turned and rows != 1 and columns != 1 for is_turned, rows, columns in parts):
        return None
    total = sum(rows * columns for _, rows, columns in parts)
    if total != size:
        raise OrderError(f"parts of {size:,} values in all", f"{total:,}")
    order, start = [], 0
    for is_turned, rows, columns in parts:
        places = np.arange(start, start + rows * columns).reshape(rows, columns)
        order.append((places.T if is_turned else places).ravel())
        start += rows * columns
    return np.concatenate(order)


def processed_order(processing: GnaProcessing, most: int) -> tuple[Order, int]:
    """Position in its input of each value that a processing model gives, and the number of values that it takes.

    It is run once, on positions, by OpenVINO. Raises OrderError for a model that is not readable, that takes or gives
    more than ``most`` values, or that computes something.
    """
    from ov_asr_score.openvino_api import READING_ERRORS, RUNTIME_ERRORS

    try:
        model = _read(processing)
    except OrderError:
        raise
    except READING_ERRORS as error:
        raise OrderError("an OpenVINO IR", f"none ({_cause(error)})") from error
    kinds = [node.get_type_name() for node in model.get_ops()]
    others = sorted({kind for kind in kinds if kind not in _MOVING})
    if others or kinds.count("Parameter") != 1 or kinds.count("Result") != 1:
        found = ", ".join(others) or f"{kinds.count('Parameter')} inputs and {kinds.count('Result')} outputs"
        mend = "score the IR from which the blob was made"
        raise OrderError("a processing model that only moves values (Transpose, Gather)", found, mend)
    try:
        return _evaluated(model, most)
    except OrderError:
        raise
    except RUNTIME_ERRORS as error:
        raise OrderError("a processing model that can be run", f"none ({_cause(error)})") from error


def deinterleaved_order(groups: int, size: int) -> Order:
    """Position of each value of ``groups`` vectors of ``size`` values that are stored interleaved."""
    return np.arange(groups * size).reshape(size, groups).T.ravel()


def _read(processing: GnaProcessing) -> ov.Model:
    from ov_asr_score.openvino_api import ov

    if b"<net" not in processing.xml:  # other content would be tried as every other kind of model
        raise OrderError("an OpenVINO IR", "a text without <net>")
    return ov.Core().read_model(processing.xml, processing.constants)


def _evaluated(model: ov.Model, most: int) -> tuple[Order, int]:
    from ov_asr_score.openvino_api import ov

    (source,) = model.get_parameters()
    if source.get_partial_shape().is_dynamic:
        raise OrderError("a processing model with fixed shapes", str(source.get_partial_shape()))
    source.set_element_type(ov.Type.i32)
    model.validate_nodes_and_infer_types()
    (result,) = model.get_results()
    shapes = [list(source.get_output_shape(0)), list(result.get_output_shape(0))]
    if any(not 1 <= prod(shape) <= most for shape in shapes):
        raise OrderError(f"a processing model of 1 to {most:,} values", " to ".join(map(str, shapes)))
    size = prod(shapes[0])
    # 0 is what gathers beyond the end give. OpenVINO 2023.3 does not keep the array of a tensor that it makes of one.
    given = ov.Tensor(ov.Type.i32, ov.Shape(shapes[0]))
    given.data[:] = np.arange(1, size + 1, dtype=np.int32).reshape(shapes[0])
    taken = ov.Tensor(ov.Type.i32, ov.Shape(shapes[1]))
    if not model.evaluate([taken], [given]):
        raise OrderError("a processing model that can be run", "one that OpenVINO cannot evaluate")
    order = np.array(taken.data, np.int64).ravel() - 1
    if order.min() < 0 or order.max() >= size:
        raise OrderError(f"a processing model that takes {size:,} values", "positions beyond them")
    return order, size


def _cause(error: BaseException) -> str:
    from ov_asr_score.openvino_api import first_cause

    return printable_name(first_cause(error, 120) or type(error).__name__)
