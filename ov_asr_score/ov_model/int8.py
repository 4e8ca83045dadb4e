"""An int8 model from a float model and what its requests hold, by NNCF's post-training quantization.

NNCF is an extra (``pip install ov-asr-score[quantize]``) and is imported when it is used.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import first_cause, ov, version
from ov_asr_score.settings.model_jobs import Preset

_PRODUCTS = frozenset({"Convolution", "GroupConvolution", "MatMul"})
# A loop has products inside, which NNCF leaves as they are.
_BARRIERS = _PRODUCTS | {"If", "Loop", "LSTMSequence", "GRUSequence", "RNNSequence", "TensorIterator"}
_SILENCE = "NNCF_CI"  # NNCF tells its makers that it was used unless this is set


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationRequest:
    """What one infer request was given: an array for each input of the model, in its order.

    ``begins`` says that variables were reset before it.
    """

    arrays: tuple[NDArray[np.float32], ...]
    begins: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedModel:
    """An int8 model with the shapes, names, layouts and facts of the float one.

    ``kept`` are the layers that stay float because features go straight into them, ``products`` the number of all
    matrix products and convolutions outside of loops.
    """

    model: ov.Model
    kept: tuple[str, ...]
    products: int


def import_nncf() -> Any:
    """The module ``nncf``, silent and without telemetry. Raises UnsupportedModelError where it is not
    installed, or not made for this runtime.
    """
    before, logger_class = os.environ.get(_SILENCE), logging.getLoggerClass()
    os.environ[_SILENCE] = "1"
    try:
        nncf = importlib.import_module("nncf")
        importlib.import_module("nncf.definitions")
    except ImportError as error:
        raise UnsupportedModelError(
            f"quantization needs NNCF, which cannot be imported ({error}); pip install 'ov-asr-score[quantize]'"
        ) from error
    except AttributeError as error:  # NNCF asks for names that only newer releases have
        raise UnsupportedModelError(
            f"quantization needs NNCF, and the one here is not for OpenVINO {version()} ({error}); use a newer OpenVINO"
        ) from error
    finally:
        # NNCF makes a class of its own the class of all loggers that are made later.
        logging.setLoggerClass(logger_class)
        if before is None:
            del os.environ[_SILENCE]
        else:
            os.environ[_SILENCE] = before
    # NNCF's own function for this would change the handlers that others share with it.
    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf


def quantize_model(
    model: ov.Model,
    requests: Sequence[CalibrationRequest],
    source: str,
    *,
    preset: Preset = "mixed",
    first_layers: bool = False,
    show_progress: bool = False,
) -> QuantizedModel:
    """``model`` with int8 weights and activations in the ranges that ``requests`` show; itself it stays as it is.

    The layers that take the features stay float unless ``first_layers``: cepstra of one frame are of very different
    sizes, one scale for all of them costs more accuracy than all other layers, and these products are small.
    ``mixed`` quantizes activations that can be negative with a zero point of their own, ``performance`` does not.
    ``source`` names the model in errors; progress goes to standard error.

    Raises UnsupportedModelError (NNCF is not there or cannot take the model, nothing in it can be int8).
    """
    nncf = import_nncf()
    prepared = model.clone()
    _settle_variables(prepared)
    shapes = {index: port.get_partial_shape() for index, port in enumerate(prepared.inputs)}
    prepared.reshape({index: _shape_for(requests, index, shape) for index, shape in shapes.items()})
    products = [node.get_friendly_name() for node in prepared.get_ordered_ops() if node.get_type_name() in _PRODUCTS]
    kept = () if first_layers else tuple(_fed_by_features(prepared))
    if set(products) <= set(kept):
        kept = ()
    stateful = bool(prepared.get_sinks())
    # Ranges are of all requests together: a mean over requests would cut what a few frames need, and would depend on
    # how many frames go into one.
    ranges = nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX
    try:
        with contextlib.redirect_stdout(sys.stderr if show_progress else io.StringIO()):
            quantized: ov.Model = nncf.quantize(
                prepared,
                nncf.Dataset(list(_as_samples(requests, stateful, nncf.definitions.NNCF_DATASET_RESET_STATE_KEY))),
                preset=nncf.QuantizationPreset(preset),
                subset_size=len(requests),
                ignored_scope=nncf.IgnoredScope(names=list(kept)),
                advanced_parameters=nncf.AdvancedQuantizationParameters(activations_range_estimator_params=ranges),
            )
        quantized.reshape(shapes)
    except Exception as error:  # whatever it is, it comes from NNCF, which has no error of its own for it
        raise UnsupportedModelError(f"{source}: NNCF cannot quantize this model: {first_cause(error)}") from error
    if not any(node.get_type_name() == "FakeQuantize" for node in quantized.get_ordered_ops()):
        raise UnsupportedModelError(
            f"{source}: nothing in this model can be int8; NNCF takes matrix products and convolutions outside of loops"
        )
    return QuantizedModel(quantized, kept, len(products))


def _settle_variables(model: ov.Model) -> None:
    """Give variables of any shape and type those of their first value.

    The CPU plugin refuses the others once there are quantized layers around them.
    """
    reads = {
        node.get_attributes()["variable_id"]: node.output(0)
        for node in model.get_ordered_ops()
        if node.get_type_name() == "ReadValue"
    }
    for variable in model.get_variables():
        info = variable.get_info()
        output = reads[info.variable_id]
        settled = ov.op.util.VariableInfo()
        settled.variable_id = info.variable_id
        settled.data_shape, settled.data_type = output.get_partial_shape(), output.get_element_type()
        variable.update(settled)
    model.validate_nodes_and_infer_types()


def _shape_for(requests: Sequence[CalibrationRequest], index: int, shape: Any) -> Any:
    """The shape of an input that all of its arrays fit; dimensions that others need than the model has are free."""
    array_shapes = {request.arrays[index].shape for request in requests}
    fits = [all(one[axis] == dimension for one in array_shapes) for axis, dimension in enumerate(shape)]
    return ov.PartialShape([dimension if fit else ov.Dimension(-1) for dimension, fit in zip(shape, fits, strict=True)])


def _fed_by_features(model: ov.Model) -> Iterator[str]:
    """Names of the products that the inputs of the model go into with no other product or loop between."""
    pending = list(model.get_parameters())
    seen: set[str] = set()
    while pending:
        for output in pending.pop().outputs():
            for port in output.get_target_inputs():
                node = port.get_node()
                if node.get_name() in seen:
                    continue
                seen.add(node.get_name())
                if node.get_type_name() in _PRODUCTS:
                    yield node.get_friendly_name()
                elif node.get_type_name() not in _BARRIERS:
                    pending.append(node)


def _as_samples(
    requests: Iterable[CalibrationRequest], stateful: bool, reset_key: str
) -> Iterator[dict[int | str, object]]:
    for request in requests:
        sample: dict[int | str, object] = dict(enumerate(request.arrays))
        yield {**sample, reset_key: request.begins} if stateful else sample
