"""Language models for a second pass over lattices, which large models of vosk have and which are not used here.

vosk rescores with ``rescore/G.carpa`` in the place of ``rescore/G.fst``, and with ``rnnlm/`` only where that is there.

Source: vosk-api, src/model.cc (``ReadDataFiles``), src/recognizer.cc (``InitRescoring``).

Tests: tests/model_directory/layouts/test_public_vosk_models.py
"""

from __future__ import annotations

from ov_asr_score.model_directory.parts.inventory import Inventory

_CARPA = "rescore/G.carpa"
_RNNLM = "rnnlm/final.raw"


def note_second_passes(inventory: Inventory) -> None:
    """Add a note about the models for a second pass that vosk would use, if there are any: what leaving them out costs.

    The figures are those of vosk (docs/model-directories.md): word error rates of 14.10 % without and 12.67 % with
    rescoring in its recipe, and the word of its author about rnnlm.
    """
    if not inventory.has(_CARPA):
        return
    found, gains = "rescore/ is", "rescoring takes about a tenth of the word errors away"
    if inventory.has(_RNNLM):
        found, gains = "rescore/ and rnnlm/ are", f"{gains}, rnnlm/ a twentieth more"
    inventory.notes.append(
        f"{found} not used: words are those of the first pass (in vosk, {gains}: docs/model-directories.md)"
    )
