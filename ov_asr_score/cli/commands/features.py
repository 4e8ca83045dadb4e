"""``ov-asr-score features``."""

from __future__ import annotations

from ov_asr_score.cli.counting import report_entries
from ov_asr_score.cli.failures import say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.speech.feature_jobs import FeaturesJob


def features(job: FeaturesJob, quiet: Quiet = False) -> None:
    """Compute features of sound in Kaldi's numbers: MFCC, filter banks, PLP, spectrograms, pitch, and what follows.

    `ov-asr-score features --config conf/mfcc.conf data/test ark,scp:mfcc.ark,mfcc.scp`

    Options have the names of Kaldi's programs, also in their spelling: --use-energy=false. There is no dither unless
    --dither asks for it.
    """
    from ov_asr_score.job.features import write_features

    written = write_features(job)
    for note in () if quiet else written.notes:
        say(f"note: {note}")
    report_entries("wrote", written.count, written.skipped, ", ".join(job.sources), quiet=quiet)
