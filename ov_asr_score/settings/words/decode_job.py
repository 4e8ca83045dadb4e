"""What is asked when stored scores are decoded.

Tests: tests/settings/test_setting.py, tests/job/test_decode.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from ov_asr_score.settings.setting import DECODING, GRAPH, REPORTS, TABLES, WORDS, Part, Setting
from ov_asr_score.settings.shard import Shard, parse_shard
from ov_asr_score.settings.tables import AllowCommands, OnError, PathMaps
from ov_asr_score.settings.words.word_outputs import WordSettings


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """Words of the scores in the table ``scores``."""

    scores: Annotated[
        str,
        Setting(
            "Scores (log-likelihoods), as `score -o` and Kaldi's programs write them: ark:…, scp:…, file.npz.",
            metavar="SCORES",
            positional=True,
        ),
    ]
    model: Annotated[
        str,
        Setting(
            "Kaldi model whose transition model belongs to the graph: final.mdl.",
            names=("--model", "-m"),
            metavar="FILE",
            panel=GRAPH,
        ),
    ] = ""
    decoding: Annotated[
        WordSettings,
        Part(
            settings={
                "decoding_scale": Setting(
                    "Factor for scores before they meet the graph (default: 1.0 for chain models, else 0.1).",
                    names=("--acoustic-scale",),
                    metavar="X",
                    panel=DECODING,
                    least=0,
                )
            }
        ),
    ] = field(default_factory=WordSettings)
    frame_subsampling_factor: Annotated[
        int,
        Setting(
            "Frames per row of scores, for times; 0: as the file of this name beside the model says, else 1.",
            metavar="N",
            panel=WORDS,
            least=0,
        ),
    ] = 0
    frame_shift_seconds: Annotated[
        float,
        Setting(
            "Duration of a frame of the features, for times.",
            names=("--frame-shift",),
            metavar="SECONDS",
            panel=WORDS,
            least=0.0001,
        ),
    ] = 0.01
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    on_error: OnError = "stop"
    shard: Annotated[
        Shard | None,
        Setting(
            "Decode part I of N of the scores; I starts at 1 (docs/scaling.md).",
            metavar="I/N",
            panel=TABLES,
            parse=parse_shard,
        ),
    ] = None
    report: Annotated[
        str, Setting("Write a report as JSON (docs/report-format.md).", metavar="FILE.json", panel=REPORTS)
    ] = ""
    command: Sequence[str] = ()  # the command line, if one started the job
