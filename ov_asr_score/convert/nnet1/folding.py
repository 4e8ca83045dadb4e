"""Neighbours in a chain of nnet1 joined into one: same scores, fewer operations.

    Splice, AddShift, Rescale, AffineTransform  ->  AddShift of the frames before Splice, Splice, AffineTransform
    AffineTransform, Rescale, AddShift          ->  AffineTransform
    Splice, Rescale, LstmProjected              ->  Splice, LstmProjected (in the product with its input)

Products are computed in float64 and become float32 at the end. A shift of the input of a product (minus the mean, as a
rule) is folded into its bias only where it is small: subtracted after the product, a mean of ten standard deviations
costs a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.layers.affine import affine_transform
from ov_asr_score.convert.layers.elementwise import scale_offset_components
from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.layers.linear_forms import as_affine, exact_scale_offset
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.kaldi_model.component_fields import integer, matrix, vector
from ov_asr_score.kaldi_model.network import Component, FieldValue

# In units of what the product gets: a mean of this size costs no digits.
_SMALL = 1.0

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _ColumnScale:
    """y = scale (x + shift), for each column [D]."""

    scale: _Array
    shift: _Array


@dataclass(frozen=True, slots=True, eq=False)
class _MatrixProduct:
    """y = W x + b, W [M, K], b [M]."""

    weights: _Array
    bias: _Array


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """A link of the chain: a component; where several were joined it is None, and ``form`` says what they compute."""

    name: str
    component: Component | None
    form: _ColumnScale | _MatrixProduct | None

    @property
    def layer(self) -> Layer | None:
        return None if self.component is None else find_layer(1, self.component.type)

    @property
    def taken_columns(self) -> NDArray[np.int64] | None:
        """The input columns of a link that only copies columns."""
        layer = self.layer
        taken = None if layer is None else layer.taken_columns
        return None if taken is None else taken(_component(self))

    @property
    def frame_offsets(self) -> list[int] | None:
        """The offsets of a link that only splices frames."""
        layer = self.layer
        offsets = None if layer is None else layer.frame_offsets
        return None if offsets is None else offsets(_component(self))

    @property
    def input_products(self) -> tuple[tuple[str, str], ...]:
        layer = self.layer
        return () if layer is None else layer.input_products


def fold_chain(components: Sequence[Component], keep: frozenset[str] = frozenset()) -> list[Component]:
    """The components with neighbours folded, and without dropout.

    A joint component has the name, and so the value, of the later one. Components in ``keep`` stay and compute what
    they did. A Splice or Copy whose input has changed is called ``….unscaled``, the rest of a scale ``….shift``.
    """
    links: list[_Link] = []
    for component in components:
        layer = find_layer(1, component.type)
        if layer is None or not layer.is_training_only or component.name in keep:
            _append(links, _Link(component.name, component, _form(component)), keep)
    return [component for link in links for component in _components(link)]


def _form(component: Component) -> _ColumnScale | _MatrixProduct | None:
    affine = as_affine(1, component)
    if affine is not None:
        return _MatrixProduct(affine[0].astype(np.float64), affine[1].astype(np.float64))
    scale_offset = exact_scale_offset(1, component)
    if scale_offset is None:
        return None
    # y = s x + o = s (x + o / s)
    scale, offset = scale_offset
    return _ColumnScale(scale, np.divide(offset, scale, out=offset.copy(), where=offset != 0))


def _append(links: list[_Link], link: _Link, keep: frozenset[str]) -> None:
    """Add a link behind the others, joined with those before it as far as possible."""
    while True:
        joint = None if not links or links[-1].name in keep else _joint(links[-1], link)
        if joint is not None:
            links.pop()
        else:
            joint = _with_earlier_scale(links, link, keep)
        if joint is None:
            links.append(link)
            return
        link = joint


def _joint(before: _Link, after: _Link) -> _Link | None:
    """Both links as one; None if they stay two."""
    form: _ColumnScale | _MatrixProduct | None = None
    match before.form, after.form:
        case _ColumnScale() as one, _ColumnScale() as two if one.scale.all():
            form = _ColumnScale(one.scale * two.scale, one.shift + two.shift / one.scale)
        case _MatrixProduct() as one, _ColumnScale() as two:
            form = _MatrixProduct(two.scale[:, None] * one.weights, two.scale * (one.bias + two.shift))
        case _MatrixProduct() as one, _MatrixProduct() as two:
            (rows, middle), columns = two.weights.shape, one.weights.shape[1]
            if rows * columns <= rows * middle + middle * columns:
                form = _MatrixProduct(two.weights @ one.weights, two.weights @ one.bias + two.bias)
        case _MatrixProduct() as one, None:
            taken = after.taken_columns
            if taken is not None and len(taken) <= len(one.bias):
                form = _MatrixProduct(one.weights[taken], one.bias[taken])
        case None, _MatrixProduct() as two:
            taken = before.taken_columns
            if taken is not None and (width := integer(_component(before), "InputDim")) <= len(taken):
                weights = np.zeros((width, len(two.bias)))
                np.add.at(weights, taken, two.weights.T)
                form = _MatrixProduct(weights.T, two.bias)
    return None if form is None or not _is_finite(form) else _Link(after.name, None, form)


def _is_finite(form: _ColumnScale | _MatrixProduct) -> bool:
    """Whether all values are within float32."""
    values = (form.scale, form.shift) if isinstance(form, _ColumnScale) else (form.weights, form.bias)
    return all(bool((np.abs(value) < np.finfo(np.float32).max).all()) for value in values)


def _with_earlier_scale(links: list[_Link], link: _Link, keep: frozenset[str]) -> _Link | None:
    """``link`` with a scale that stands before it, maybe behind splices and copies; None if there is none.

    At most the shift of the scale remains in ``links``: where it was, or before the splice that it was behind.
    """
    place = len(links) - 1
    while place >= 0 and _moves_values(links[place]) and links[place].name not in keep:
        place -= 1
    form = links[place].form if place >= 0 else None
    if not isinstance(form, _ColumnScale) or links[place].name in keep or not _has_input_product(link):
        return None
    passed = links[place + 1 :]
    name = f"{links[place].name.removesuffix('.shift')}.shift"
    if np.abs(form.scale * form.shift).max() <= _SMALL:
        rest, kept = form, []
    else:
        rest = _ColumnScale(form.scale, np.zeros_like(form.shift))
        kept = [_shift_link(name, form.shift)]
        splice = links[place - 1] if place else None
        offsets = None if splice is None or splice.name in keep else splice.frame_offsets
        if splice is not None and offsets is not None:
            common = form.shift.reshape(len(offsets), -1).mean(0)
            differences = form.shift - np.tile(common, len(offsets))
            if np.abs(form.scale * differences).max() <= _SMALL:
                place -= 1
                rest, kept = _ColumnScale(form.scale, differences), [_shift_link(name, common), _unscaled(splice)]
    if kept and (rest.scale == 1).all() and not rest.shift.any():
        return None
    for between in passed:
        rest = _behind(rest, between)
    joint = _on_scaled_input(link, rest)
    if joint is not None:
        links[place:] = [*kept, *(_unscaled(between) for between in passed)]
    return joint


def _shift_link(name: str, shift: _Array) -> _Link:
    return _Link(name, None, _ColumnScale(np.ones_like(shift), shift))


def _moves_values(link: _Link) -> bool:
    """Whether a link puts frames or columns elsewhere, and computes nothing."""
    return link.taken_columns is not None or link.frame_offsets is not None


def _behind(form: _ColumnScale, link: _Link) -> _ColumnScale:
    """The scale that does the same behind a splice or a copy."""
    taken, offsets = link.taken_columns, link.frame_offsets
    if taken is None:
        taken = np.tile(np.arange(len(form.scale)), 1 if offsets is None else len(offsets))
    return _ColumnScale(form.scale[taken], form.shift[taken])


def _has_input_product(link: _Link) -> bool:
    return isinstance(link.form, _MatrixProduct) or bool(link.input_products)


def _on_scaled_input(link: _Link, form: _ColumnScale) -> _Link | None:
    """``link`` that scales its input itself; None if its weights leave float32."""
    if isinstance(link.form, _MatrixProduct):
        joint = _scaled_product(link.form, form)
        return _Link(link.name, None, joint) if _is_finite(joint) else None
    component = _component(link)
    fields: dict[str, FieldValue] = dict(component.fields)
    for weights, bias in link.input_products:
        inner = _MatrixProduct(
            matrix(component, weights).astype(np.float64), vector(component, bias).astype(np.float64)
        )
        product = _scaled_product(inner, form)
        if not _is_finite(product):
            return None
        fields[weights] = product.weights.astype(np.float32)
        fields[bias] = product.bias.astype(np.float32)
    return _Link(link.name, replace(component, fields=fields), None)


def _scaled_product(product: _MatrixProduct, form: _ColumnScale) -> _MatrixProduct:
    weights = product.weights * form.scale
    return _MatrixProduct(weights, product.bias + weights @ form.shift)


def _component(link: _Link) -> Component:
    if link.component is None:
        raise ValueError(f"'{link.name}' was joined")
    return link.component


def _unscaled(link: _Link) -> _Link:
    name = f"{link.name.removesuffix('.unscaled')}.unscaled"
    return _Link(name, replace(_component(link), name=name), None)


def _components(link: _Link) -> list[Component]:
    """The link as components of nnet1; a scale with a shift takes two."""
    match link.component, link.form:
        case None, _MatrixProduct() as product:
            return [affine_transform(link.name, product.weights, product.bias)]
        case None, _ColumnScale() as form:
            return scale_offset_components(link.name, form.scale, form.shift)
    return [_component(link)]
