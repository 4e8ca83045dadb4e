"""Neighbours in a chain of nnet1 that are made one: same scores, fewer operations.

    Splice, AddShift, Rescale, AffineTransform  ->  AddShift of the frames before Splice, Splice, AffineTransform
    AffineTransform, Rescale, AddShift          ->  AffineTransform
    Splice, Rescale, LstmProjected              ->  Splice, LstmProjected (in the product with its input)

Products are made in float64 and become float32 at the end. What is added to the input of a product (minus the mean, as
a rule) is folded into its bias only where it is small: taken off behind the product, a mean of ten standard deviations
costs a digit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.component_fields import integer, integers, matrix, vector
from ov_asr_score.convert.layers.linear_forms import as_affine
from ov_asr_score.kaldi_model.network import Component, FieldValue

# In units of what the product gets: a mean of this size costs no digits.
_SMALL = 1.0

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """y = scale (x + shift), for each column [D]."""

    scale: _Array
    shift: _Array


@dataclass(frozen=True, slots=True, eq=False)
class _Product:
    """y = W x + b, W [M, K], b [M]."""

    weights: _Array
    bias: _Array


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A component; for a joint one ``component`` is None and ``form`` says what it computes."""

    name: str
    component: Component | None
    form: _Scale | _Product | None

    @property
    def type(self) -> str:
        return self.component.type if self.component else ""


def fold_chain(components: Sequence[Component], keep: frozenset[str] = frozenset()) -> list[Component]:
    """The components with neighbours folded, and without dropout.

    Of two that become one the name of the later one stays, and with it the value that has that name. Components in
    ``keep`` stay and compute what they did. A Splice or Copy that gets other values than before is called
    ``….unscaled``, what is left of a scale ``….shift``.
    """
    layers: list[_Layer] = []
    for component in components:
        if component.type != "Dropout" or component.name in keep:
            _append(layers, _Layer(component.name, component, _form(component)), keep)
    return [part for layer in layers for part in _components(layer)]


def _form(component: Component) -> _Scale | _Product | None:
    affine = as_affine(component)
    if affine is not None:
        return _Product(affine[0].astype(np.float64), affine[1].astype(np.float64))
    if component.type == "AddShift":
        shift = vector(component, "ShiftData").astype(np.float64)
        return _Scale(np.ones_like(shift), shift)
    if component.type == "Rescale":
        scale = vector(component, "ScaleData").astype(np.float64)
        return _Scale(scale, np.zeros_like(scale))
    return None


def _append(layers: list[_Layer], layer: _Layer, keep: frozenset[str]) -> None:
    """Nothing; adds a layer behind the others, joined with those before it as far as that can be done."""
    while True:
        joint = None if not layers or layers[-1].name in keep else _joint(layers[-1], layer)
        if joint is not None:
            layers.pop()
        else:
            joint = _with_earlier_scale(layers, layer, keep)
        if joint is None:
            layers.append(layer)
            return
        layer = joint


def _joint(before: _Layer, after: _Layer) -> _Layer | None:
    """Both as one, None if they stay two."""
    form: _Scale | _Product | None = None
    match before.form, after.form:
        case _Scale() as one, _Scale() as two if one.scale.all():
            form = _Scale(one.scale * two.scale, one.shift + two.shift / one.scale)
        case _Product() as one, _Scale() as two:
            form = _Product(two.scale[:, None] * one.weights, two.scale * (one.bias + two.shift))
        case _Product() as one, _Product() as two:
            (rows, middle), columns = two.weights.shape, one.weights.shape[1]
            if rows * columns <= rows * middle + middle * columns:
                form = _Product(two.weights @ one.weights, two.weights @ one.bias + two.bias)
        case _Product() as one, None if after.type == "Copy":
            taken = _taken_columns(after)
            if len(taken) <= len(one.bias):
                form = _Product(one.weights[taken], one.bias[taken])
        case None, _Product() as two if before.type == "Copy":
            taken, width = _taken_columns(before), integer(_component(before), "InputDim")
            if width <= len(taken):
                weights = np.zeros((width, len(two.bias)))
                np.add.at(weights, taken, two.weights.T)
                form = _Product(weights.T, two.bias)
    return None if form is None or not _is_finite(form) else _Layer(after.name, None, form)


def _is_finite(form: _Scale | _Product) -> bool:
    """Whether all values are within float32."""
    values = (form.scale, form.shift) if isinstance(form, _Scale) else (form.weights, form.bias)
    return all(bool((np.abs(value) < np.finfo(np.float32).max).all()) for value in values)


def _with_earlier_scale(layers: list[_Layer], layer: _Layer, keep: frozenset[str]) -> _Layer | None:
    """``layer`` with a scale that stands before it, maybe behind Splice and Copy; None if there is none.

    In ``layers`` at most the shift stays of the scale: where it was, or before the Splice that it was behind.
    """
    place = len(layers) - 1
    while place >= 0 and layers[place].type in ("Splice", "Copy") and layers[place].name not in keep:
        place -= 1
    form = layers[place].form if place >= 0 else None
    if not isinstance(form, _Scale) or layers[place].name in keep or not _has_input_product(layer):
        return None
    passed = layers[place + 1 :]
    name = f"{layers[place].name.removesuffix('.shift')}.shift"
    if np.abs(form.scale * form.shift).max() <= _SMALL:
        rest, kept = form, []
    else:
        rest = _Scale(form.scale, np.zeros_like(form.shift))
        kept = [_shift_layer(name, form.shift)]
        splice = layers[place - 1] if place else None
        if splice is not None and splice.type == "Splice" and splice.name not in keep:
            common = form.shift.reshape(len(_frame_offsets(splice)), -1).mean(0)
            differences = form.shift - np.tile(common, len(_frame_offsets(splice)))
            if np.abs(form.scale * differences).max() <= _SMALL:
                place -= 1
                rest, kept = _Scale(form.scale, differences), [_shift_layer(name, common), _unscaled(splice)]
    if kept and (rest.scale == 1).all() and not rest.shift.any():
        return None
    for between in passed:
        rest = _behind(rest, between)
    joint = _on_scaled_input(layer, rest)
    if joint is not None:
        layers[place:] = [*kept, *(_unscaled(between) for between in passed)]
    return joint


def _shift_layer(name: str, shift: _Array) -> _Layer:
    return _Layer(name, None, _Scale(np.ones_like(shift), shift))


def _behind(form: _Scale, layer: _Layer) -> _Scale:
    """The scale that does the same behind a Splice or Copy."""
    if layer.type == "Copy":
        taken = _taken_columns(layer)
    else:
        taken = np.tile(np.arange(len(form.scale)), len(_frame_offsets(layer)))
    return _Scale(form.scale[taken], form.shift[taken])


_INPUT_PRODUCTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Rbm": (("VisHid", "HidBias"),),
    "LstmProjected": (("WGifoX", "Bias"),),
    "BlstmProjected": (("FWGifoX", "FBias"), ("BWGifoX", "BBias")),
    "RecurrentComponent": (("WForward", "Bias"),),
}
"""Matrix and bias of what is added up from the input, before anything else happens to it."""


def _has_input_product(layer: _Layer) -> bool:
    return isinstance(layer.form, _Product) or layer.type in _INPUT_PRODUCTS


def _on_scaled_input(layer: _Layer, form: _Scale) -> _Layer | None:
    """``layer`` that scales its input itself, None if its weights leave float32."""
    if isinstance(layer.form, _Product):
        joint = _scaled_product(layer.form, form)
        return _Layer(layer.name, None, joint) if _is_finite(joint) else None
    component = _component(layer)
    fields: dict[str, FieldValue] = dict(component.fields)
    for weights, bias in _INPUT_PRODUCTS[layer.type]:
        inner = _Product(matrix(component, weights).astype(np.float64), vector(component, bias).astype(np.float64))
        product = _scaled_product(inner, form)
        if not _is_finite(product):
            return None
        fields[weights] = product.weights.astype(np.float32)
        fields[bias] = product.bias.astype(np.float32)
    return _Layer(layer.name, replace(component, fields=fields), None)


def _scaled_product(product: _Product, form: _Scale) -> _Product:
    weights = product.weights * form.scale
    return _Product(weights, product.bias + weights @ form.shift)


def _taken_columns(layer: _Layer) -> NDArray[np.int64]:
    return integers(_component(layer), "CopyFromIndices").astype(np.int64) - 1


def _frame_offsets(layer: _Layer) -> list[int]:
    return [int(offset) for offset in integers(_component(layer), "FrameOffsets")]


def _component(layer: _Layer) -> Component:
    if layer.component is None:
        raise ValueError(f"'{layer.name}' was joined")
    return layer.component


def _unscaled(layer: _Layer) -> _Layer:
    name = f"{layer.name.removesuffix('.unscaled')}.unscaled"
    return _Layer(name, replace(_component(layer), name=name), None)


def _components(layer: _Layer) -> list[Component]:
    """The layer as components of nnet1; a scale with a shift takes two."""
    match layer.component, layer.form:
        case None, _Product() as product:
            rows, columns = product.weights.shape
            fields: dict[str, FieldValue] = {
                "InputDim": columns,
                "OutputDim": rows,
                "Linearity": np.ascontiguousarray(product.weights, np.float32),
                "Bias": product.bias.astype(np.float32),
            }
            return [Component(layer.name, "AffineTransform", fields, 0)]
        case None, _Scale() as form:
            widths: dict[str, FieldValue] = {"InputDim": len(form.scale), "OutputDim": len(form.scale)}
            has_scale = bool((form.scale != 1).any())
            shift = Component(
                f"{layer.name}.shifted" if has_scale else layer.name,
                "AddShift",
                {**widths, "ShiftData": form.shift.astype(np.float32)},
                0,
            )
            scale = Component(layer.name, "Rescale", {**widths, "ScaleData": form.scale.astype(np.float32)}, 0)
            return [*([shift] if form.shift.any() else []), *([scale] if has_scale else [])]
    return [_component(layer)]
