"""``ov-asr-score transcribe``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.caching import conversion_cache
from ov_asr_score.cli.failures import EXIT_FAILED
from ov_asr_score.cli.flags import Quiet, Verbose
from ov_asr_score.settings.caching import CacheSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob


def transcribe(job: TranscribeJob, caches: CacheSettings, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Write what is said in sound, by the models of a folder.

    `ov-asr-score transcribe models/chain_ivector data/speech/*.flac`

    Words go to standard output, an utterance per line, where no file is named for them. They are those of Kaldi's
    programs: of online2-wav-nnet3-latgen-faster with --online=false for folders of vosk and of online decoding, of
    nnet3-latgen-faster for those of experiments.
    """
    from ov_asr_score.cli.presenting import present_transcription

    job = replace(
        job,
        device=replace(job.device, cache_dir=caches.cache_dir),
        conversion_cache=conversion_cache(caches),
        command=sys.argv,
    )
    if present_transcription(job, quiet=quiet, verbose=verbose) != "ok":
        raise typer.Exit(EXIT_FAILED)
