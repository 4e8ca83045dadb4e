"""Kaldi models that were converted before, kept in a folder by the content that they were made of."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ov_asr_score.convert.from_file import file_digest, read_subsampling_factor
from ov_asr_score.convert.kaldi_options import KaldiOptions
from ov_asr_score.convert.metadata import read_facts
from ov_asr_score.convert.saving import save_ir
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.openvino_api import ov, version
from ov_asr_score.ov_model.loading import load_model

CONVERTER_VERSION = "1"
"""Raised whenever the converter makes other graphs of the same files, so that older ones are not used any more."""

_ENVIRONMENT = "OV_ASR_SCORE_CACHE"


@dataclass(frozen=True, slots=True)
class CacheContents:
    """What a cache folder holds."""

    folder: Path
    models: int
    size: int


def default_cache_folder() -> Path:
    """The user's own cache folder, or what the environment variable OV_ASR_SCORE_CACHE says."""
    given = os.environ.get(_ENVIRONMENT)
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "ov-asr-score" / "converted"


def conversion_key(path: Path, options: KaldiOptions) -> str:
    """Digest of everything that a conversion depends on: files, options, versions. Raises FileAccessError."""
    files = [str(path), options.feature_transform, options.class_frame_counts]
    parts = [CONVERTER_VERSION, version(), *(file_digest(Path(file)) if file else "" for file in files)]
    settings = asdict(options) | {"feature_transform": "", "class_frame_counts": ""}
    if not options.frame_subsampling_factor:
        settings["frame_subsampling_factor"] = read_subsampling_factor(path)
    # The texts of paths are in the facts that a model carries.
    parts += [repr(sorted(settings.items())), options.text, path.name]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def load_kept_model(folder: str, key: str, core: ov.Core | None = None) -> ov.Model | None:
    """The model kept under ``key``; None when there is none, or a damaged one."""
    path = Path(folder) / f"{key}.xml"
    if not path.is_file():
        return None
    try:
        model = load_model(path, core)
        return model if read_facts(model) is not None else None
    except OvAsrScoreError:
        return None


def keep_model(model: ov.Model, folder: str, key: str) -> str:
    """Empty text when the model was kept; else why not: a cache that cannot be written is no reason to stop."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_ir(model, Path(folder) / f"{key}.xml")
    except (OSError, OvAsrScoreError) as error:
        return f"the converted model could not be kept in {folder}: {error}; --no-cache leaves it out"
    return ""


def cache_contents(folder: Path) -> CacheContents:
    """Number and size of the models in a cache folder."""
    files = [path for path in folder.glob("*") if path.suffix in (".xml", ".bin")] if folder.is_dir() else []
    size = 0
    for path in files:
        with suppress(OSError):
            size += path.stat().st_size
    return CacheContents(folder, sum(path.suffix == ".xml" for path in files), size)


def clear_cache(folder: Path) -> CacheContents:
    """What was removed: the converted models in ``folder``, and what broken-off runs left; nothing else there."""
    contents = cache_contents(folder)
    for path in folder.glob("*") if folder.is_dir() else ():
        with suppress(OSError):
            if path.suffix in (".xml", ".bin"):
                path.unlink()
            elif path.is_dir() and path.name.startswith("."):
                shutil.rmtree(path)
    return contents
