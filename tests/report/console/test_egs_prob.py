"""The objective on examples on the console and as JSON."""

from __future__ import annotations

import io
import json
from math import nan

from rich.console import Console

from ov_asr_score.report.console.egs_prob import egs_prob_as_dict, render_egs_prob
from ov_asr_score.report.data.egs_prob import EgsProbReport, OutputObjective

CHAIN = OutputObjective("output", "log-probability", -0.14378, 1200.0, None, 0.0, -0.0014, 0.25)
REPORT = EgsProbReport(
    model="10.mdl",
    kind="chain",
    tables=["ark:valid.cegs"],
    examples=3,
    sequences=1234,
    graphs=2,
    outputs=[CHAIN, OutputObjective("other", "log-likelihood", nan, 0.0, 0.123456789, 0.0)],
    failures=["output: too low"],
    notes=["a note"],
    total_seconds=1.5,
    command=None,
    tool_version="0.1.0",
    versions={"numpy": "2"},
)


def test_table() -> None:
    file = io.StringIO()
    render_egs_prob(REPORT, Console(file=file, width=40))
    assert file.getvalue().splitlines() == [
        "Model",
        "  model: 10.mdl",
        "  examples of: chain",
        "3 examples with 1,234 sequences",
        "  per frame  frames  accuracy                   output",
        "   -0.14378    1200         -  log-probability  output",
        "        nan       0  0.123457   log-likelihood  other",
        "output: -0.14238 + -0.0014 = -0.14378 per frame",
        "output: learning without forgetting: 0.25 per frame",
        "note: a note",
        "failed: output: too low",
    ]


def test_json() -> None:
    told = json.loads(json.dumps(egs_prob_as_dict(REPORT), allow_nan=False))
    assert (told["format"], told["format_version"], told["verdict"]) == ("ov-asr-score-egs-prob", 1, "failed")
    assert told["outputs"][0]["l2_term"] == -0.0014
    assert told["outputs"][1]["per_frame"] == "nan"
