"""Components of nnet1 that hardly any recipe uses. Sources: nnet/nnet-rbm.h, nnet-kl-hmm.h.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Problems
from ov_asr_score.kaldi_model.components.field_checks import shape, size
from ov_asr_score.kaldi_model.components.fields import Fields

_UNITS = ("bern", "gauss")


def _check_rbm(fields: Fields) -> Problems:
    """The sizes are asserted in ``Rbm::ReadData`` (nnet/nnet-rbm.h)."""
    columns, rows = fields.widths
    # Kaldi leaves the kind unset for any other word. Scores do not depend on that of the visible units.
    if fields.values["HidType"] not in _UNITS:
        yield f"expected HidType bern or gauss, found '{str(fields.values['HidType'])[:20]}'"
    yield from shape(fields, "VisHid", rows, columns)
    yield from size(fields, "VisBias", columns)
    yield from size(fields, "HidBias", rows)


def _check_kl_hmm(fields: Fields) -> Problems:
    """Asserted in ``KlHmm::ReadData`` (nnet/nnet-kl-hmm.h)."""
    columns, rows = fields.widths
    yield from shape(fields, "KlStats", rows, columns)


# Kaldi counts the parameters of neither.
TYPES = (
    ComponentType(
        "Rbm",
        (1,),
        values=(
            *(("VisType", "token"), ("HidType", "token"), ("VisHid", "matrix")),
            *(("VisBias", "vector"), ("HidBias", "vector")),
        ),
        checks=_check_rbm,
    ),
    ComponentType("KlHmm", (1,), values=(("KlStats", "matrix"),), checks=_check_kl_hmm),
)
