"""Descriptions of GNA blobs."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.gna.format.blob import read_blob
from ov_asr_score.gna.format.blob_description import describe_blob
from ov_asr_score.gna.model import GnaTransposition
from tests.gna.small_blob import small_model
from tests.places import ROOT

DATA = ROOT / "tests" / "gna" / "data"


def test_describe_blob_of_intel_plugin() -> None:
    sections = dict(describe_blob(read_blob((DATA / "lstm_mem.q8.gna").read_bytes(), "x")))
    assert list(sections) == ["Model", "Inputs", "Outputs", "Operations", "States"]
    model = sections["Model"]
    assert (model["format"], model["vectors per request"], model["operations"]) == ("GNAM 2.8", 1, 15)
    assert (model["read-write memory"], model["read-only memory"]) == ("20,480 bytes", "86,016 bytes")
    assert model["weights"] == "8 bit in 4 operations, 16 bit in 11 operations"
    assert sections["Inputs"]["input"] == {
        "shape": "[1,40]",
        "scale-factor": 1848.44,
        "element-bytes": 2,
        "elements": 40,
        "orientation": "interleaved",
    }
    assert sections["Operations"]["0"] == {
        "kind": "fully connected",
        "input": "[40,1] int16",
        "weights": "[512,40] int8",
        "biases": "[512] compound bias",
        "segments": 3,
        "output": "[512,1] int16",
    }
    assert sections["States"] == {
        "mem_r": {"bytes": 128, "scale-factor": 2049.0},
        "mem_c": {"bytes": 256, "scale-factor": 2049.0},
    }


def test_describe_all_operation_types() -> None:
    operations = dict(describe_blob(small_model()))["Operations"]
    kinds = [facts["kind"] for facts in operations.values() if isinstance(facts, dict)]
    assert kinds == [
        "fully connected",
        "fully connected",
        "element-wise",
        "element-wise",
        "convolution",
        "transposition",
        "copy",
    ]
    assert operations["6"] == {"kind": "copy", "input": "[1,16] int16", "output": "[1,8] int16", "copied": "[1,8]"}
    convolution = operations["4"]
    assert isinstance(convolution, dict)
    assert (convolution["stride"], convolution["weights"], convolution["segments"]) == ("[8]", "[4,8] int16", 4)


def test_describe_damaged_model() -> None:
    model = small_model()
    left = replace(model.inputs[0], scale_factor=float("inf"), orientation=7)
    turned = GnaTransposition("left", ((True, 2, 4), (False, 1, 1)))
    damaged = replace(
        model, inputs=(left,), turned_inputs=(turned,), made_with=("2023.3", "3.5"), memory=b"", states=()
    )
    sections = dict(describe_blob(damaged))
    assert "States" not in sections
    assert sections["Model"]["made with"] == "2023.3, 3.5"
    facts = sections["Inputs"]["left"]
    assert isinstance(facts, dict)
    assert (facts["scale-factor"], facts["orientation"], facts["turned"]) == ("inf", "unknown", ["[2,4]"])
    assert sections["Model"]["read-only memory"] == "0 bytes"
