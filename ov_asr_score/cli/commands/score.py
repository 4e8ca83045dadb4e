"""``ov-asr-score score``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from ov_asr_score.cli.caching import conversion_cache
from ov_asr_score.cli.failures import EXIT_FAILED
from ov_asr_score.cli.flags import Quiet, Verbose
from ov_asr_score.cli.gna_notes import notes_on_gna_options
from ov_asr_score.settings.caching import CacheSettings
from ov_asr_score.settings.gna import SampleSettings, check_gna
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.setting import TABLES, Setting

FramesFile = Annotated[
    str,
    Setting(
        "Lengths of utterances, for --shard with scripts whose files do not tell them.", metavar="FILE", panel=TABLES
    ),
]


def score(
    context: typer.Context,
    samples: SampleSettings,
    job: ScoreJob,
    caches: CacheSettings,
    utt2num_frames: FramesFile = "",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Score utterances, and compare scores with references.

    `ov-asr-score score -m model.xml -i feats.ark -o scores.ark -r reference.ark --max-error 1e-4`

    Kaldi models are converted on the fly. They take the options of Kaldi's own programs, also in their spelling:
    --use-priors=true.
    """
    from ov_asr_score.cli.presenting import present_run
    from ov_asr_score.kaldi_io import with_frames

    check_gna(job.device.gna, job.device.gna_mode, samples)
    job = replace(
        job,
        export_model=job.export_model or job.device.gna.embedded_image,
        device=replace(job.device, cache_dir=caches.cache_dir, profile=job.profile),
        conversion_cache=conversion_cache(caches),
        shard=with_frames(job.shard, utt2num_frames),
        command=sys.argv,
        notes=notes_on_gna_options(context, job.device, job.import_model),
    )
    if present_run(job, quiet=quiet, verbose=verbose) != "ok":
        raise typer.Exit(EXIT_FAILED)
