"""Kaldi models that were converted before, kept in a folder by the content that they were made of.

An entry is a folder ``<key>`` with ``model.xml``, ``model.bin`` and ``checksums.json``. It gets its name when it is
complete, so two runs that convert the same file do not disturb each other: the first one's entry stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import ov_asr_score
from ov_asr_score.convert.from_file import file_digest, read_subsampling_factor
from ov_asr_score.convert.kaldi_options import KaldiOptions
from ov_asr_score.convert.metadata import read_facts
from ov_asr_score.convert.saving import save_ir
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.openvino_api import ov, version
from ov_asr_score.ov_model.loading import load_model

# Reading an entry takes 5 to 20 ms and, for its checksum and the digest of the Kaldi file, 0.7 ms per MB; writing it
# once takes twice that. A binary file is mostly converted as fast (0.4 million parameters: 10 ms; 28 million: 0.12 s),
# a text file is not (0.4 million parameters: 0.12 s), nor are networks with hundreds of nodes.
WORTH_KEEPING_SECONDS = 0.1
_SECONDS_PER_BYTE = 2e-9

_ENVIRONMENT = "OV_ASR_SCORE_CACHE"
_KEY = re.compile(r"[0-9a-f]{32}")
_HIDDEN = ".unfinished-"
_CHECKSUMS = "checksums.json"


@dataclass(frozen=True, slots=True)
class CacheContents:
    """What a cache folder holds; ``size`` in bytes."""

    folder: Path
    models: int
    size: int


def default_cache_folder() -> Path | None:
    """The user's own cache folder, or what the environment variable OV_ASR_SCORE_CACHE says; None without a home."""
    given = os.environ.get(_ENVIRONMENT)
    if given:
        return Path(given)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "ov-asr-score" / "converted"


def cache_folder(cache_dir: str = "") -> Path | None:
    """The folder for conversions when the user names one for everything that is kept; the default one for no name."""
    return Path(cache_dir) / "converted" if cache_dir else default_cache_folder()


def conversion_key(path: Path, options: KaldiOptions, source_sha256: str = "") -> str:
    """Digest of everything that a conversion depends on: files, options, runtime, and the converter itself.

    ``source_sha256`` is that of the Kaldi file, if it is known. Raises FileAccessError, ModelFormatError (a damaged
    file ``frame_subsampling_factor``).
    """
    files = [file and file_digest(Path(file)) for file in (options.feature_transform, options.class_frame_counts)]
    parts = [version(), _converter_digest(), source_sha256 or file_digest(path), *files]
    settings = asdict(options) | {"feature_transform": "", "class_frame_counts": ""}
    if not options.frame_subsampling_factor:
        settings["frame_subsampling_factor"] = read_subsampling_factor(path)
    # The texts of paths are in the facts that a model carries.
    parts += [repr(sorted(settings.items())), options.text, path.name]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def is_worth_keeping(path: Path, conversion_seconds: float) -> bool:
    """Whether the conversion of a file took so long that reading it from a cache is faster."""
    return conversion_seconds >= WORTH_KEEPING_SECONDS + _SECONDS_PER_BYTE * path.stat().st_size


def load_kept_model(folder: str, key: str, core: ov.Core | None = None) -> ov.Model | None:
    """The model kept under ``key``; None when there is none, or a damaged one."""
    entry = Path(folder) / key
    if not _is_whole(entry):
        return None
    try:
        model = load_model(entry / "model.xml", core)
        return model if read_facts(model) is not None else None
    except OvAsrScoreError:
        return None


def keep_model(model: ov.Model, folder: str, key: str) -> str:
    """Empty text when the model was kept; else why not: a cache that cannot be written is no reason to stop."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_HIDDEN, dir=place) as temporary:
            entry = Path(temporary) / key
            entry.mkdir()
            save_ir(model, entry / "model.xml", sync=False)  # checksums tell what a crash leaves
            (entry / _CHECKSUMS).write_text(json.dumps(_checksums(entry)), encoding="ascii")
            _put_in_place(entry, place / key)
    except (OSError, OvAsrScoreError) as error:
        return f"the converted model could not be kept in {folder}: {error}; --no-cache leaves it out"
    return ""


def cache_contents(folder: Path) -> CacheContents:
    """Number and size of the models in a cache folder."""
    entries = [path for path in _listed(folder) if _KEY.fullmatch(path.name)]
    size = 0
    for entry in entries:
        for path in _listed(entry):
            with suppress(OSError):
                size += path.stat().st_size
    return CacheContents(folder, len(entries), size)


def clear_cache(folder: Path) -> CacheContents:
    """What was removed: the converted models in ``folder``, and what broken-off runs left; nothing else there."""
    before = cache_contents(folder)
    for path in _listed(folder):
        if _KEY.fullmatch(path.name) or path.name.startswith(_HIDDEN):
            shutil.rmtree(path, ignore_errors=True)
    after = cache_contents(folder)
    return CacheContents(folder, before.models - after.models, before.size - after.size)


def _put_in_place(entry: Path, target: Path) -> None:
    """Give an entry its name; one that is there already is another run's, which was faster, or else damaged.

    Several runs may do so at once. Raises OSError.
    """
    for attempt in range(3):
        try:
            entry.rename(target)
        except OSError:
            if _is_whole(target):
                return
            if attempt and not target.exists():
                raise
            with suppress(OSError):
                target.rename(entry.with_name(f"damaged-{attempt}"))  # goes with the temporary folder
        else:
            return


def _is_whole(entry: Path) -> bool:
    try:
        return bool(json.loads((entry / _CHECKSUMS).read_text(encoding="ascii")) == _checksums(entry))
    except (OSError, ValueError):
        return False


def _checksums(entry: Path) -> dict[str, int]:
    """Checksums of the files of an entry, which tell damage (a disk that was full, a crash), not malice."""
    sums = {}
    for name in ("model.xml", "model.bin"):
        sums[name] = 0
        with (entry / name).open("rb") as file:
            while piece := file.read(1 << 20):
                sums[name] = crc32(piece, sums[name])
    return sums


@cache
def _converter_digest() -> str:
    """Digest of the sources that read and convert Kaldi models: a changed converter makes other graphs."""
    digest = hashlib.sha256(ov_asr_score.__version__.encode())
    package = Path(ov_asr_score.__file__).parent
    for folder in ("convert", "kaldi_model", "kaldi_io"):
        for path in sorted(package.glob(f"{folder}/*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _listed(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from list(folder.iterdir())
