"""Cache of converted Kaldi models, keyed by the content that they were made from.

An entry is a folder ``<key>`` with ``model.xml``, ``model.bin`` and ``checksums.json``. It gets its name when it is
complete, so that runs which convert the same file at the same time do not disturb each other: the first entry stays.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from zlib import crc32

import ov_asr_score
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.convert.saving import save_ir
from ov_asr_score.convert.source_file import file_digest, read_subsampling_factor
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.files.input import kept_input
from ov_asr_score.openvino_api import ov, version
from ov_asr_score.ov_model.cache_folder import (
    CHECKSUMS,
    LIMIT_VARIABLE,
    UNFINISHED,
    cache_limit,
    folder_size,
    mark_used,
    trim_cache,
)
from ov_asr_score.ov_model.ir_file import read_openvino_model
from ov_asr_score.settings.kaldi import KaldiOptions

# Reading an entry takes 5 to 20 ms plus 0.7 ms per MB, for its checksum and the digest of the Kaldi file; writing takes
# twice as long. Most binary files are converted as fast (0.4 million parameters: 10 ms; 28 million: 0.12 s), text files
# (0.4 million parameters: 0.12 s) and networks with hundreds of nodes are not.
WORTH_KEEPING_SECONDS = 0.1
_SECONDS_PER_BYTE = 2e-9


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
    # Paths as they were spelled are part of the facts that a model carries.
    parts += [repr(sorted(settings.items())), options.text, path.name]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def is_worth_keeping(path: Path, conversion_seconds: float) -> bool:
    """Whether converting the file ``path`` took longer than reading the result from the cache."""
    kept = kept_input(path)
    num_bytes = path.stat().st_size if kept is None else len(kept)
    return conversion_seconds >= WORTH_KEEPING_SECONDS + _SECONDS_PER_BYTE * num_bytes


def load_kept_model(folder: str, key: str, core: ov.Core | None = None) -> ov.Model | None:
    """The model kept under ``key``, marked as used now; None if there is none, or it is damaged."""
    entry = Path(folder) / key
    if not _is_whole(entry):
        return None
    mark_used(entry)
    try:
        model = read_openvino_model(entry / "model.xml", core)
        return model if read_facts(model) is not None else None
    except (OvAsrScoreError, OSError):  # such as one that another process removes meanwhile
        return None


def keep_model(model: ov.Model, folder: str, key: str) -> str:
    """Keep a model, and return an empty text, or the reason why that failed: the run goes on without the cache.

    The least recently used models are removed to make room. A model that is larger than the limit by itself is not
    kept. A limit of 0 turns keeping off, for which no reason is returned.
    """
    place = Path(folder)
    try:
        limit = cache_limit()
        if limit == 0:
            return ""
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=place) as temporary:
            entry = Path(temporary) / key
            entry.mkdir()
            save_ir(model, entry / "model.xml", sync=False)  # what a crash leaves is found by its checksums
            (entry / CHECKSUMS).write_text(json.dumps(_checksums(entry)), encoding="ascii")
            size = folder_size(entry)
            if size > limit:
                return (
                    f"the converted model ({size:,} bytes) is larger than the limit of the cache ({limit:,} bytes) and "
                    f"was not kept; {LIMIT_VARIABLE} sets another"
                )
            _put_in_place(entry, place / key)
        trim_cache(place, limit)
    except (OSError, OvAsrScoreError) as error:
        return f"the converted model could not be kept in {folder}: {error}; a run without the cache does not try"
    return ""


def _put_in_place(entry: Path, target: Path) -> None:
    """Rename an entry to ``target``, unless another run was faster; a damaged entry there is replaced.

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
                target.rename(entry.with_name(f"damaged-{attempt}"))  # removed with the temporary folder
        else:
            return


def _is_whole(entry: Path) -> bool:
    try:
        return bool(json.loads((entry / CHECKSUMS).read_text(encoding="ascii")) == _checksums(entry))
    except (OSError, ValueError):
        return False


def _checksums(entry: Path) -> dict[str, int]:
    """CRC-32 of the files of an entry, to detect damage (a full disk, a crash), not malice."""
    sums = {}
    for name in ("model.xml", "model.bin"):
        sums[name] = 0
        with (entry / name).open("rb") as file:
            while piece := file.read(1 << 20):
                sums[name] = crc32(piece, sums[name])
    return sums


@cache
def _converter_digest() -> str:
    """Digest of the source code that reads and converts Kaldi models: another converter makes other graphs."""
    digest = hashlib.sha256(ov_asr_score.__version__.encode())
    package = Path(ov_asr_score.__file__).parent
    rooms = ("convert/**/*.py", "kaldi_model/**/*.py", "kaldi_io/**/*.py")
    for pattern in (*rooms, "settings/kaldi.py", "device/graph_repair.py"):
        for path in sorted(package.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
