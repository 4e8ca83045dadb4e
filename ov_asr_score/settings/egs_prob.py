"""What is asked when a model is checked on training examples.

Tests: tests/settings/test_setting.py, tests/cli/commands/test_egs_prob.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from ov_asr_score.settings.setting import COMPARISON, REPORTS, SCORES, Setting
from ov_asr_score.settings.tables import AllowCommands
from ov_asr_score.settings.weights import AllowNonfinite


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How the objective of chain training is computed, in the words of nnet3-chain-compute-prob."""

    den_fst: Annotated[
        str,
        Setting(
            "Denominator graph of chain examples: den.fst of the experiment.",
            metavar="FILE",
            panel=SCORES,
        ),
    ] = ""
    leaky_hmm_coefficient: Annotated[
        float,
        Setting(
            "Chain examples: the coefficient that the log was made with; recipes pass 0.1.",
            metavar="X",
            panel=SCORES,
            least=0.0,
        ),
    ] = 1e-5
    l2_regularize: Annotated[
        float,
        Setting("Chain examples: scale of the L2 term of the scores.", metavar="X", panel=SCORES, least=0.0),
    ] = 0.0
    xent_regularize: Annotated[
        float,
        Setting(
            "Chain examples: unless it is 0, the cross-entropy of the output …-xent is computed, too; the value does "
            "not matter.",
            metavar="X",
            panel=SCORES,
            least=0.0,
        ),
    ] = 0.0


@dataclass(frozen=True, slots=True)
class EgsProbJob:
    """The objective of the Kaldi model in the file ``model`` on the tables ``examples``, all together.

    An output below ``min_log_prob`` or ``min_accuracy`` fails. ``report`` is the path of the figures as JSON.
    """

    model: Annotated[
        str, Setting("Kaldi model of nnet2 or nnet3: final.mdl, 10.mdl, final.raw.", metavar="MODEL", positional=True)
    ]
    examples: Annotated[
        Sequence[str],
        Setting(
            "Tables of examples, merged or not: ark:valid_diagnostic.egs, scp:…; several count as one.",
            metavar="EGS...",
            positional=True,
            repeated=True,
        ),
    ]
    chain: ChainSettings = field(default_factory=ChainSettings)
    min_log_prob: Annotated[
        float | None,
        Setting("Exit with code 1 if the objective per frame of an output is below X.", metavar="X", panel=COMPARISON),
    ] = None
    min_accuracy: Annotated[
        float | None,
        Setting(
            "Exit with code 1 if the accuracy (0 to 1) of an output is below SHARE.",
            metavar="SHARE",
            panel=COMPARISON,
            least=0.0,
            most=1.0,
        ),
    ] = None
    allow_nonfinite: AllowNonfinite = False
    allow_commands: AllowCommands = False
    report: Annotated[
        str,
        Setting("Write the figures as JSON (docs/report-format.md).", names=("--json",), metavar="FILE", panel=REPORTS),
    ] = ""
    command: Sequence[str] = ()
