"""Tables of i-vectors in the words of nnet3-compute: --ivectors, --online-ivectors, --online-ivector-period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ov_asr_score.errors import UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances.joining import InputTable

if TYPE_CHECKING:
    from ov_asr_score.frontend.frontend import Frontend

IVECTOR_INPUT = "ivector"
"""What Kaldi calls the input of i-vectors in every model."""


def ivector_table(
    ports: Sequence[PortInfo],
    ivectors: str = "",
    online_ivectors: str = "",
    online_ivector_period: int = 0,
    computed: InputTable | None = None,
) -> InputTable | None:
    """The table of the input ``ivector`` of a model with these inputs; None when no i-vectors are given.

    ``ivectors`` has a vector per utterance, ``online_ivectors`` a matrix with a row per ``online_ivector_period``
    frames; ``computed`` stands for those that are computed along with the features. Raises UsageError where they do not
    fit together or the model takes none. Source: nnet3bin/nnet3-compute.cc.
    """
    if computed is not None and (ivectors or online_ivectors):
        raise UsageError(
            "ivector_extractor: i-vectors are given, too; expected one of them",
            fields=("ivector_extractor", "ivectors" if ivectors else "online_ivectors"),
        )
    if ivectors and online_ivectors:
        raise UsageError(
            "ivectors, online_ivectors: expected one of them, found both", fields=("ivectors", "online_ivectors")
        )
    if online_ivector_period < 0:
        raise UsageError(
            f"online_ivector_period {online_ivector_period}: expected a number of frames, 1 or more",
            fields=("online_ivector_period",),
        )
    if online_ivector_period and not online_ivectors:
        raise UsageError(
            f"online_ivector_period {online_ivector_period}: expected online_ivectors with it",
            fields=("online_ivector_period", "online_ivectors"),
        )
    if online_ivectors and not online_ivector_period:
        raise UsageError(
            "online_ivectors: expected online_ivector_period with it, frames per row (mostly 10)",
            fields=("online_ivectors", "online_ivector_period"),
        )
    if not ivectors and not online_ivectors and computed is None:
        return None
    option = "ivectors" if ivectors else "online_ivectors" if online_ivectors else "ivector_extractor"
    if all(port.name != IVECTOR_INPUT for port in ports):
        names = ", ".join(f"'{port.name}'" for port in ports)
        raise UsageError(
            f"{option}: the model has no input '{IVECTOR_INPUT}'; its inputs are {names}", fields=(option,)
        )
    if computed is not None:
        return computed
    # Kaldi looks i-vectors up by the keys of the features, and does not mind others.
    return InputTable(IVECTOR_INPUT, ivectors or online_ivectors, period=online_ivector_period, may_hold_more=True)


def computed_ivectors(frontend: Frontend | None) -> InputTable | None:
    """What stands for the table of i-vectors that the front end computes; None where it computes none."""
    if frontend is None or frontend.ivectors is None:
        return None
    return InputTable(IVECTOR_INPUT, frontend.ivectors.name, period=frontend.ivectors.period, is_computed=True)


def per_speaker(table: InputTable, utt2spk: str) -> InputTable:
    """The table of i-vectors by speaker, if ``utt2spk`` names a file. Raises UsageError for online i-vectors."""
    if utt2spk and table.period:
        raise UsageError(
            "utt2spk: is for ivectors; "
            + (
                "speakers of computed ones are named by ivector_spk2utt"
                if table.is_computed
                else "those of online_ivectors are per utterance"
            ),
            fields=("utt2spk", "ivectors", "ivector_spk2utt" if table.is_computed else "online_ivectors"),
        )
    return replace(table, utt2spk=utt2spk)


def missing_tables(names: Sequence[str], ports: Sequence[PortInfo], filling_advice: str = "") -> UsageError:
    """An error for inputs that no table is for; ``filling_advice`` says what could be given instead of one."""
    have = "one input" if len(ports) == 1 else f"{len(ports)} inputs"
    advice = ""
    if IVECTOR_INPUT in names:
        advice = (
            "; i-vectors go to ivectors, or to online_ivectors with online_ivector_period, or are computed with "
            "ivector_extractor"
        )
    return UsageError(
        f"inputs: no table for input {', '.join(names)}; the model has {have}{advice}{filling_advice}",
        fields=(
            *("inputs", "ivectors", "online_ivectors", "online_ivector_period", "ivector_extractor"),
            *settings_in(filling_advice),
        ),
    )


def settings_in(filling_advice: str) -> tuple[str, ...]:
    """The settings that advice on inputs without tables names, each as often as a value in quotes follows it."""
    return tuple(re.findall(r"\b(inputs|states) '", filling_advice))
