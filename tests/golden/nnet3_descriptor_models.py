"""Cases of nnet3: descriptors, and how chunks are cut."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, WHOLE, Case, affine, layer, network
from tests.golden.model_text import edited

EVERY_CUT = (
    WHOLE,
    CHUNKS,
    ("--frames-per-chunk=5", "--extra-left-context=3", "--extra-right-context=2"),
    (
        "--frames-per-chunk=4",
        "--extra-left-context=5",
        "--extra-left-context-initial=0",
        "--extra-right-context=3",
        "--extra-right-context-final=1",
    ),
)
THIRDS = (
    ("--frames-per-chunk=1000", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=3"),
    ("--frames-per-chunk=7", "--frame-subsampling-factor=2"),
)


def _reads(name: str, descriptor: str, width: int, runs: tuple[tuple[str, ...], ...] = (WHOLE, CHUNKS)) -> Case:
    """An affine layer that reads what a descriptor makes of ``input``, and of ``a`` and ``b``, which read it."""
    lines = (
        affine("a", "Append(Offset(input, -1), input)", 8, 3),
        layer("b", "TanhComponent dim=3", "a"),
        affine("last", descriptor, width, 4),
    )
    return Case(name, network(4, *lines), dim=4, runs=runs)


_PARTS = (
    _reads("append", "Append(Offset(input, -2), Append(input, a), Offset(b, 3), input)", 18),
    _reads("append_of_one", "Append(Offset(Offset(a, 2), -5))", 3),
    _reads("offset_append", "Offset(Append(a, Offset(b, 1)), -2)", 6),
    _reads("sum_of_three", "Sum(Scale(-0.5, Offset(a, 1)), Offset(b, 2), Scale(-0.5, a))", 3),
    _reads("sum_of_one", "Sum(b)", 3),
    _reads("sum_of_appends", "Sum(Append(a, b), Append(Offset(b, -1), Offset(a, 1)))", 6),
    _reads("scale", "Append(Scale(0.5, Sum(a, b)), Scale(2.0, Scale(-1.5, a)), Scale(0.3, Offset(b, -3)))", 9),
    _reads("scale_append", "Scale(0.25, Append(a, b))", 6),
    _reads("const", "Append(Const(0.7, 2), a, Sum(b, Const(-1.5, 3)))", 8),
)

_MISSING = (
    _reads(
        "if_defined_input", "Append(IfDefined(Offset(input, -3)), input, IfDefined(Offset(input, 2)))", 12, EVERY_CUT
    ),
    _reads("if_defined_node", "Append(IfDefined(Offset(a, -3)), IfDefined(Offset(b, 4)), a)", 9, EVERY_CUT),
    _reads("if_defined_sum", "IfDefined(Sum(Offset(a, -2), Offset(b, 2)))", 3, EVERY_CUT),
    _reads("if_defined_append", "IfDefined(Append(Offset(a, -2), Offset(b, 2)))", 6, EVERY_CUT),
    _reads("sum_of_if_defined", "Sum(a, IfDefined(Offset(b, -4)), IfDefined(Offset(a, 3)))", 3, EVERY_CUT),
    _reads("failover", "Append(Failover(Offset(a, -4), b), Failover(Offset(b, 3), a))", 6, EVERY_CUT),
    _reads("failover_twice", "Sum(a, Failover(Offset(a, 5), Failover(Offset(b, 2), a)))", 3, EVERY_CUT),
    _reads("failover_if_defined", "Sum(Failover(Offset(a, -3), IfDefined(Offset(b, 3))), a)", 3, EVERY_CUT),
    _reads("offset_failover", "Offset(Failover(Offset(a, -3), Offset(b, -2)), 2)", 3, EVERY_CUT),
    Case(
        "missing_through_layers",
        network(
            4,
            affine("a", "Append(IfDefined(Offset(input, -2)), input)", 8, 3),
            layer("relu", "RectifiedLinearComponent dim=3", "a"),
            affine("b", "Append(relu, IfDefined(Offset(relu, 3)), IfDefined(Offset(relu, -6)))", 9, 3),
            layer("last", "SigmoidComponent dim=3", "Sum(b, IfDefined(Offset(relu, 4)))"),
        ),
        dim=4,
        runs=(*EVERY_CUT, *THIRDS),
    ),
)

_MODULUS = (
    _reads("switch", "Switch(a, b)", 3),
    _reads(
        "switch_offsets",
        "Append(Switch(Offset(a, 1), Offset(b, -2), a), Offset(b, 1), Offset(a, -2))",
        9,
        (*EVERY_CUT, *THIRDS),
    ),
    _reads("switch_in_append", "Append(Switch(a, Offset(b, 1)), Switch(b, a, Offset(a, 2)))", 6, (*EVERY_CUT, *THIRDS)),
    _reads("round", "Append(Round(a, 3), b)", 6, (*EVERY_CUT, *THIRDS)),
    _reads("round_offset", "Append(Round(Offset(a, 1), 4), Offset(Round(b, 2), 3))", 6, (*EVERY_CUT, *THIRDS)),
    _reads("round_missing", "Sum(Round(a, 3), IfDefined(Round(Offset(b, 3), 3)))", 3, (*EVERY_CUT, *THIRDS)),
    _reads("offset_switch", "Offset(Switch(a, b), 1)", 3, (WHOLE, *THIRDS)),
    _reads("switch_round", "Switch(Round(a, 4), Offset(b, 1))", 3, (WHOLE, *THIRDS)),
)

# What nodes that need no input, nodes that no one needs and rounded times do to chunks and contexts.
_WIDE_EDGES = (
    ("--frames-per-chunk=6", "--extra-left-context-initial=4", "--extra-right-context-final=5"),
    ("--frames-per-chunk=6", "--extra-left-context=1", "--extra-left-context-initial=3"),
    (
        "--frames-per-chunk=4",
        "--extra-right-context=1",
        "--extra-right-context-final=3",
        "--frame-subsampling-factor=2",
    ),
)
_NO_EDGES = ("--extra-left-context-initial=0", "--extra-right-context-final=0")
_UNUSUAL = (
    _reads("wide_edges", "Append(IfDefined(Offset(a, -4)), b, IfDefined(Offset(a, 5)))", 9, _WIDE_EDGES),
    _reads("wide_edges_rounded", "Append(IfDefined(Round(Offset(a, 3), 3)), b)", 6, _WIDE_EDGES),
    _reads("if_defined_failover", "Append(IfDefined(Failover(Offset(a, -3), Offset(b, 4))), a)", 6, EVERY_CUT),
    _reads(
        "if_defined_in_only_chunks",
        "Append(IfDefined(Failover(Offset(a, 6), Offset(b, -5))), a)",
        6,
        (("--frames-per-chunk=5", "--extra-left-context=7", "--extra-right-context=7", *_NO_EDGES),),
    ),
    _reads("if_defined_switch", "Append(IfDefined(Switch(Offset(a, -3), Offset(b, 2))), a)", 6, EVERY_CUT),
    _reads("round_of_round", "Append(IfDefined(Round(Round(a, 3), 2)), b)", 6, (WHOLE, CHUNKS, *THIRDS)),
    Case(
        "far_and_back",
        network(
            4,
            affine("a", "Offset(input, 30)", 4, 3),
            affine("b", "Append(Offset(a, -30), IfDefined(Offset(a, -45)))", 6, 3),
            affine("last", "Append(b, Failover(Offset(a, -29), b))", 6, 3),
        ),
        dim=4,
        runs=(WHOLE, CHUNKS),
    ),
    Case(
        "defined_everywhere",
        network(
            4,
            layer("a", "SigmoidComponent dim=4", "IfDefined(Sum(Offset(input, -4), Offset(input, 4)))"),
            affine("last", "Append(a, Offset(a, -12), Failover(Offset(a, 13), input), input)", 16, 3),
        ),
        dim=4,
        runs=(*EVERY_CUT, *THIRDS),
    ),
    Case(
        "orphans",
        network(
            4,
            affine("a", "Append(Offset(input, -1), input)", 8, 3),
            layer("unused", "BatchNormComponent dim=3", "Switch(a, Offset(a, 1))"),
            affine("unread", "Append(Round(unused, 5), unused)", 6, 3),
            affine("last", "Append(a, IfDefined(Offset(a, -2)))", 6, 3),
        ),
        dim=4,
        runs=(CHUNKS, *THIRDS),
        edit=edited(("<Count> 500", "<Count> 0")),
    ),
)

_SUBSAMPLED = (
    Case(
        "subsampling_tdnn",
        network(
            4,
            layer("tdnn1", "TdnnComponent input-dim=4 output-dim=6 time-offsets=-1,0,1", "input"),
            layer("relu1", "RectifiedLinearComponent dim=6", "tdnn1"),
            layer("tdnn2", "TdnnComponent input-dim=6 output-dim=6 time-offsets=-3,0,3", "relu1"),
            layer("relu2", "RectifiedLinearComponent dim=6", "tdnn2"),
            layer("last", "TdnnComponent input-dim=6 output-dim=3 time-offsets=0,3", "relu2"),
        ),
        dim=4,
        lengths=(23, 1, 3, 12),
        runs=(WHOLE, CHUNKS, *THIRDS),
    ),
    Case(
        "subsampling_uneven",
        network(
            4,
            layer("tdnn1", "TdnnComponent input-dim=4 output-dim=5 time-offsets=-2,1", "input"),
            layer("tdnn2", "TdnnComponent input-dim=5 output-dim=5 time-offsets=-1,0,3", "tdnn1"),
            affine("last", "Append(Offset(tdnn2, -1), tdnn2, Offset(tdnn1, 2))", 15, 3),
        ),
        dim=4,
        runs=(WHOLE, CHUNKS, *THIRDS),
    ),
)

CASES = (*_PARTS, *_MISSING, *_MODULUS, *_UNUSUAL, *_SUBSAMPLED)
