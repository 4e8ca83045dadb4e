"""The model of vosk's users: a model directory, named by its path, its name or its language.

Source: vosk-api, python/vosk/__init__.py (``Model``).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ov_asr_score.errors import FileAccessError, UsageError


def model_folders() -> tuple[Path, ...]:
    """Where models are looked for by name: ``VOSK_MODEL_PATH``, and the folders that vosk looks into."""
    named = os.environ.get("VOSK_MODEL_PATH")
    usual = (Path("/usr/share/vosk"), Path.home() / "AppData/Local/vosk", Path.home() / ".cache/vosk")
    return (*([Path(named)] if named else []), *usual)


def find_model(model_name: str | None = None, lang: str | None = None) -> Path:
    """The folder of the model with that name, or the first one of a language, in `model_folders`.

    Models are not downloaded. Raises UsageError for neither name nor language, FileAccessError if there is none.
    """
    if model_name is None and lang is None:
        raise UsageError("Model: expected the path of a model directory, found none")
    pattern = re.escape(model_name) if model_name is not None else rf"vosk-model(-small)?-{re.escape(str(lang))}"
    folders = model_folders()
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if re.fullmatch(pattern, path.name) if model_name is not None else re.match(pattern, path.name):
                return path
    wanted = model_name if model_name is not None else f"vosk-model-{lang} or vosk-model-small-{lang}"
    raise FileAccessError(
        f"{wanted}: expected a model of that name in {', '.join(map(str, folders))}, found none; models are not "
        "downloaded: unpack one there, or give its path"
    )
