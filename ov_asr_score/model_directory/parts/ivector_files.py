"""The extractor of i-vectors in a model directory.

Tests: tests/model_directory/layouts
"""

from __future__ import annotations

from typing import Any

from ov_asr_score.ivector.extractor_options import FILE_NAMES, extraction_options
from ov_asr_score.kaldi_io.files.config_file import read_config
from ov_asr_score.model_directory.parts.inventory import Inventory
from ov_asr_score.settings.speech.ivectors import IvectorOptions

_USES = {
    "ivector_extractor": "extractor of i-vectors",
    "diag_ubm": "Gaussians of the extractor",
    "lda_matrix": "transform of the extractor's features",
    "global_cmvn_stats": "statistics that CMVN of the extractor's features begins with",
    "cmvn_config": "options of CMVN of the extractor's features",
    "splice_config": "context of the extractor's features",
}
_REQUIRED = ("ivector_extractor", "diag_ubm", "lda_matrix", "global_cmvn_stats")


def extractor_of_config(inventory: Inventory, config: str) -> IvectorOptions:
    """The extractor that ``ivector_extractor.conf`` (a path) describes, whose files are looked for in the directory.

    Raises ConfigFormatError and FileAccessError. Source: OnlineIvectorExtractionInfo::Init.
    """
    lines = read_config(config)
    _, files = extraction_options(lines, {})
    places = {line.name.replace("-", "_"): line.place for line in lines}
    found: dict[str, Any] = {name: inventory.named(path, places[name], _USES[name]) for name, path in files.items()}
    return IvectorOptions(ivector_extraction_config=config, **found)


def extractor_in(inventory: Inventory, folder: str, *, cmvn: str = "", **options: Any) -> IvectorOptions:
    """The extractor in a folder of the inventory: its files by their usual names. ``options`` are those of its use.

    What says the splicing may be ``splice.conf`` or ``splice_opts``; without a file of CMVN options, and of splicing,
    Kaldi's defaults count. ``cmvn`` is another place for the former.
    """
    prefix = f"{folder}/" if folder else ""
    found: dict[str, Any] = {name: inventory.need(prefix + FILE_NAMES[name], _USES[name]) for name in _REQUIRED}
    cmvn = inventory.first(*filter(None, (f"{prefix}online_cmvn.conf", cmvn))) or f"{prefix}online_cmvn.conf"
    found["cmvn_config"] = inventory.take(cmvn, _USES["cmvn_config"], "Kaldi's defaults of CMVN are taken") or None
    splice = inventory.first(f"{prefix}splice.conf", f"{prefix}splice_opts")
    found["splice_config"] = (
        inventory.take(
            splice or f"{prefix}splice.conf", _USES["splice_config"], "4 frames on each side, Kaldi's default"
        )
        or None
    )
    if inventory.has(f"{prefix}online_cmvn_iextractor"):
        inventory.use(f"{prefix}online_cmvn_iextractor", "statistics of the extractor are of features after CMVN")
        found["online_cmvn_iextractor"] = True
    return IvectorOptions(**(found | options))


def chosen_extractor(inventory: Inventory, name: str, **options: Any) -> IvectorOptions:
    """The extractor of a configuration, or in a folder, relative to the directory. Raises as those do."""
    if inventory.is_folder(name):
        return extractor_in(inventory, name.rstrip("/"), **options)
    return extractor_of_config(inventory, inventory.need(name, "options of i-vectors"))
