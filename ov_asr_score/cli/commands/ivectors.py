"""``ov-asr-score ivectors``."""

from __future__ import annotations

from ov_asr_score.cli.counting import report_entries
from ov_asr_score.cli.failures import say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.speech.feature_jobs import IvectorsJob


def ivectors(job: IvectorsJob, quiet: Quiet = False) -> None:
    """Compute online i-vectors of features, as Kaldi's ivector-extract-online2 does.

    `ov-asr-score ivectors --config conf/ivector_extractor.conf scp:mfcc.scp ark:ivectors.ark`
    """
    from ov_asr_score.job.ivectors import write_ivectors

    written = write_ivectors(job)
    for note in () if quiet else written.notes:
        say(f"note: {note}")
    report_entries("wrote", written.count, written.skipped, job.features, quiet=quiet)
