"""Write what a model was compiled to, for the plugin of its device or for GNA.

Tests: tests/scoring/test_blobs.py, tests/cli/test_gna_scores.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ov_asr_score.device.blobs import export_blob, write_blob_file
from ov_asr_score.errors import UsageError
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.settings.device import DeviceSettings


def export_model(
    scorer: Scorer, path: Path, settings: DeviceSettings, conversion: Mapping[str, object] | None = None
) -> None:
    """Write the compiled model of ``scorer`` to ``path``, with a sidecar beside it; see ``export_blob``.

    Raises UsageError (there are no integers to write), DeviceError, FileAccessError.
    """
    if scorer.compiled is not None:
        export_blob(scorer.compiled, path, settings, conversion)
    elif scorer.emulation is None or scorer.emulation.blob is None:
        why = "is for two devices, and a blob for GNA alone" if ":" in settings.device else "computes in floats"
        raise UsageError(
            f"export_model {path}: {settings.device} {why}; a blob is written with device GNA_SW_EXACT",
            fields=("export_model", "device"),
        )
    else:
        from ov_asr_score.gna.format.blob import write_blob

        write_blob_file(write_blob(scorer.emulation.blob), path, settings, conversion)
