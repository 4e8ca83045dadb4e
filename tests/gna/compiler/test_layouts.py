"""Layouts of concatenations and crops."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.graph_draft import draft_of
from ov_asr_score.gna.compiler.layouts import address_unit, lay_out
from ov_asr_score.gna.graphs.float_graph import Affine, Crop
from tests.gna.small_graphs import Builder


@pytest.mark.parametrize(("vectors", "unit"), [(1, 32), (2, 16), (3, 32), (4, 8), (5, 32), (6, 16), (7, 32), (8, 8)])
def test_address_unit(vectors: int, unit: int) -> None:
    assert address_unit(vectors) == unit
    assert unit * vectors * 2 % 64 == 0


def test_concatenation_members_are_aligned() -> None:
    b = Builder()
    joint = b.concat(b.input(40, "one"), b.input(32, "two"), b.input(5, "three"))
    b.output(b.affine(joint, 8))
    layout = lay_out(draft_of(b.graph()), 32)[joint]
    assert [(block.start, block.size) for block in layout.blocks] == [(0, 40), (64, 32), (96, 5)]
    assert layout.extent == 101
    assert not layout.is_contiguous
    np.testing.assert_array_equal(layout.positions[[0, 39, 40, 71, 72, 76]], [0, 39, 64, 95, 96, 100])


def test_shifted_memory_frames_are_aligned() -> None:
    b = Builder()
    frame, memory = b.input(40), b.memory(120)
    joint = b.concat(b.crop(memory, 40, 80), frame)
    b.store(memory, joint)
    b.output(b.affine(joint, 8))
    layouts = lay_out(draft_of(b.graph()), 32)
    for value in (memory, joint):
        assert [block.start for block in layouts[value].blocks] == [0, 64, 128]
    # All frames have the input's scale factor: they are its copies.
    roots = {block.root for value in (memory, joint, frame) for block in layouts[value].blocks}
    assert len(roots) == 1


def test_concatenation_members_keep_separate_scale_classes() -> None:
    b = Builder()
    joint = b.concat(b.input(40, "one"), b.input(32, "two"))
    b.output(b.affine(joint, 8))
    blocks = lay_out(draft_of(b.graph()), 32)[joint].blocks
    assert blocks[0].root != blocks[1].root
    b.output(b.function(joint, "tanh"), "all elements alike")
    draft = draft_of(b.graph())
    layouts = lay_out(draft, 32)
    closed = next(value for value in layouts if value.endswith("/closed"))
    assert isinstance(draft.layers[closed], Affine)
    assert layouts[closed].is_contiguous


def test_crop_is_address_or_product() -> None:
    b = Builder()
    frame = b.input(96)
    aligned, unaligned = b.crop(frame, 32, 40), b.crop(frame, 40, 40)
    b.output(b.affine(aligned, 8), "one")
    b.output(b.affine(unaligned, 8), "other")
    draft = draft_of(b.graph())
    lay_out(draft, 32)
    assert isinstance(draft.layers[aligned], Crop)
    assert isinstance(draft.layers[unaligned], Affine)


def test_too_large_layouts_are_refused() -> None:
    b = Builder()
    memory = b.memory(3000)
    joint = b.concat(b.crop(memory, 1, 2999), b.input(1))
    b.store(memory, joint)
    b.output(b.affine(joint, 8))
    with pytest.raises(UnsupportedModelError, match=r"at most 65528 elements.*gaps"):
        lay_out(draft_of(b.graph()), 32)
