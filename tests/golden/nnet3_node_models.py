"""Cases of nnet3: nodes, outputs, the index x, i-vectors and priors."""

from __future__ import annotations

from tests.golden.golden_case import CHUNKS, DEFAULT, WHOLE, Case, affine, layer, network, node
from tests.golden.nnet3_descriptor_models import EVERY_CUT, THIRDS

_NODES = (
    Case(
        "dim_range",
        network(
            6,
            "dim-range-node name=left input-node=input dim=2 dim-offset=0",
            "dim-range-node name=right input-node=input dim=3 dim-offset=3",
            affine("a", "Append(left, Offset(right, -1))", 5, 5),
            "dim-range-node name=middle input-node=a dim=2 dim-offset=2",
            affine("last", "Append(IfDefined(Offset(middle, 3)), left, middle)", 6, 3),
        ),
        dim=6,
    ),
    Case(
        "names",
        network(
            4,
            affine("Append1", "input", 4, 3),
            affine("tdnn-1.affine_2", "Append(Append1, Offset(Append1, 1))", 6, 3),
            node("Sum_", "tdnn-1.affine_2", "Append(Append1, tdnn-1.affine_2)"),
            affine("last", "Append(Append1, Sum_, IfDefined(Offset(tdnn-1.affine_2, 3)))", 9, 3),
        ),
        dim=4,
    ),
    Case(
        "quadratic",
        network(4, affine("last", "input", 4, 3)).replace("input=last", "input=last objective=quadratic"),
        dim=4,
        runs=(WHOLE,),
    ),
    Case(
        "output_reads_descriptor",
        network(
            4,
            affine("a", "input", 4, 3),
            affine("b", "Append(Offset(input, 2), input)", 8, 3),
            output="output=Append(Sum(a,Offset(b,-1)),Scale(2.0,a),IfDefined(Offset(b,2)))",
        ),
        dim=4,
        runs=EVERY_CUT,
    ),
    *(
        Case(
            f"several_outputs_{number}",
            network(
                4,
                affine("a", "Append(Offset(input, -1), input)", 8, 4),
                affine("b", "Append(Offset(a, -2), Offset(a, 2))", 8, 3),
                layer("c", "LogSoftmaxComponent dim=4", "Offset(a, 1)"),
                output="output=b output-xent=c",
            ),
            dim=4,
            output_name=output,
        )
        for number, output in enumerate(("", "output-xent"), 1)
    ),
)

_INDEX_X = (
    Case(
        "distribute",
        network(
            6,
            layer("all", "DistributeComponent input-dim=6 output-dim=2", "input"),
            affine("last", "Append(all, Offset(all, 0, 1), Offset(all, -1, 2))", 6, 3),
        ),
        dim=6,
    ),
    Case(
        "distribute_replaced",
        network(
            6,
            affine("a", "input", 6, 6),
            layer("all", "DistributeComponent input-dim=6 output-dim=2", "a"),
            affine("each", "Append(all, ReplaceIndex(all, x, 0))", 4, 3),
            layer("bent", "RectifiedLinearComponent dim=3", "each"),
            affine(
                "last",
                "Append(ReplaceIndex(bent, x, 1), Offset(bent, 1, 2), ReplaceIndex(Offset(bent, -2), x, 2))",
                9,
                3,
            ),
        ),
        dim=6,
    ),
    Case(
        "distribute_twice",
        network(
            8,
            layer("halves", "DistributeComponent input-dim=8 output-dim=4", "input"),
            layer("quarters", "DistributeComponent input-dim=4 output-dim=2", "halves"),
            affine("last", "Append(quarters, Offset(quarters, 0, 3), Offset(quarters, 1, 2))", 6, 3),
        ),
        dim=8,
    ),
)

_SPEAKER = network(
    4,
    "input-node name=ivector dim=3",
    affine("first", "Append(Offset(input, -1), input, Offset(input, 1), ReplaceIndex(ivector, t, 0))", 15, 5),
    layer("relu", "RectifiedLinearComponent dim=5", "first"),
    affine("last", "Append(relu, Offset(relu, 3))", 10, 3),
)
_IVECTORS = ("--ivectors=ark:ivector.ark",)
_ONLINE = ("--online-ivectors=ark:ivector.ark", "--online-ivector-period=4")

_VECTORS = (
    Case(
        "ivectors", _SPEAKER, dim=4, ivector_dim=3, runs=tuple((*cut, *_IVECTORS) for cut in (WHOLE, CHUNKS, DEFAULT))
    ),
    Case(
        "ivectors_of_speakers",
        _SPEAKER,
        dim=4,
        ivector_dim=3,
        speakers=True,
        runs=((*CHUNKS, *_IVECTORS, "--utt2spk=ark:utt2spk"),),
    ),
    Case(
        "online_ivectors",
        _SPEAKER,
        dim=4,
        ivector_dim=3,
        ivector_period=4,
        lengths=(30, 1, 4, 17),
        runs=tuple((*cut, *_ONLINE) for cut in (WHOLE, CHUNKS, THIRDS[0], THIRDS[1], *EVERY_CUT[2:])),
    ),
    Case(
        "ivector_as_node",
        network(
            4,
            "input-node name=ivector dim=3",
            affine("speaker", "ReplaceIndex(ivector, t, 0)", 3, 4),
            layer("bent", "TanhComponent dim=4", "speaker"),
            affine("a", "Append(Offset(input, -1), input)", 8, 4),
            layer(
                "last",
                "SigmoidComponent dim=4",
                "Sum(a, ReplaceIndex(bent, t, 0), Scale(0.5, ReplaceIndex(speaker, t, 0)))",
            ),
        ),
        dim=4,
        ivector_dim=3,
        runs=tuple((*cut, *_IVECTORS) for cut in (WHOLE, CHUNKS)),
    ),
)

_ACOUSTIC = network(
    4,
    affine("a", "Append(Offset(input, -1), input, Offset(input, 1))", 12, 5),
    layer("last", "LogSoftmaxComponent dim=5", "a"),
)
_MODELS = (
    Case(
        "priors",
        _ACOUSTIC,
        dim=4,
        priors=5,
        runs=(
            DEFAULT,
            ("--use-priors=true",),
            ("--use-priors=true", "--acoustic-scale=0.3", "--apply-exp=true"),
            ("--apply-exp=true", *CHUNKS),
        ),
    ),
)

CASES = (*_NODES, *_INDEX_X, *_VECTORS, *_MODELS)
