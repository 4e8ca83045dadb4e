"""Whether the files of an IR or ONNX model are whole, in words that say which file lacks what, and where.

The runtime's own words for these faults name neither file nor place.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from xml.etree import ElementTree

from ov_asr_score.errors import ModelFormatError, UnsupportedModelError
from ov_asr_score.ov_model.protobuf_fields import FieldError, protobuf_fields

OLDEST_IR_VERSION = 10
"""IR of this version is what OpenVINO 2020 introduced beside that of 2018 and 2019, which 2021 no longer reads."""


def check_ir_files(path: Path) -> None:
    """Check that an IR can be read: well-formed XML of a version from 10, and a .bin beside it that is long enough.

    Raises ModelFormatError, and UnsupportedModelError for IR of an older version.
    """
    weights_end = 0
    root: ElementTree.Element | None = None
    written_by = made_from = ""
    try:
        for event, element in ElementTree.iterparse(path, events=("start", "end")):
            if root is None:
                root = element
            if event == "end" and element.tag == "data" and element.get("offset") and element.get("size"):
                weights_end = max(weights_end, int(element.attrib["offset"]) + int(element.attrib["size"]))
            elif event == "end" and element.tag == "MO_version":
                written_by = element.get("value", "")
            elif event == "end" and element.tag == "framework":
                made_from = element.get("value", "")
    except ElementTree.ParseError as error:
        line, column = error.position
        raise ModelFormatError(
            f"{path}: line {line}, column {column}: expected well-formed XML of an OpenVINO IR ({error}); "
            "the file is damaged or incomplete"
        ) from error
    except ValueError as error:
        raise ModelFormatError(f"{path}: expected whole numbers for offset and size of constants: {error}") from error
    if root is None or root.tag != "net":
        found = "" if root is None else root.tag
        raise ModelFormatError(f"{path}: expected <net> as the outermost element of an OpenVINO IR, found <{found}>")
    _check_version(path, root.get("version", ""), written_by, made_from)
    weights = path.with_suffix(".bin")
    if weights_end and not weights.is_file():
        raise ModelFormatError(f"{path}: the weights file {weights.name} is missing beside it")
    if weights_end and weights.stat().st_size < weights_end:
        raise ModelFormatError(
            f"{weights}: expected at least {weights_end} bytes as {path.name} says, found {weights.stat().st_size}; "
            "the file is cut off or belongs to another model"
        )


def _check_version(path: Path, version: str, written_by: str, made_from: str) -> None:
    """Refuse IR of versions 1 to 9: releases of 2018 to 2020 wrote them, and those from 2021 on do not read them."""
    if not version.isdigit():
        found = f"'{version}'" if version else "none"
        raise ModelFormatError(f"{path}: expected the version of the IR in <net version=…>, found {found}")
    if int(version) >= OLDEST_IR_VERSION:
        return
    release = f"Model Optimizer {written_by}" if written_by else "OpenVINO 2018 to 2020.1"
    again = {
        "kaldi": "convert the Kaldi model that it was made of with `ov-asr-score convert`, or score that model itself",
        "onnx": "score the ONNX model that it was made of itself",
    }.get(made_from, "convert the model that it was made of again (a Kaldi model with `ov-asr-score convert`)")
    raise UnsupportedModelError(
        f"{path}: is an IR of version {version} ({release}); OpenVINO reads version {OLDEST_IR_VERSION} and later "
        f"since 2021; {again}"
    )


def onnx_damage(path: Path) -> str:
    """What is wrong with the outermost fields of an ONNX file, with the byte; empty if nothing is found."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for _ in protobuf_fields(data, 0, len(data)):
                pass
    except FieldError as error:
        return str(error)
    except (OSError, ValueError):
        return ""
    return ""
