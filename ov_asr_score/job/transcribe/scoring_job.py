"""The job of ``score`` that a transcription is: what a model directory says, and what is asked besides."""

from __future__ import annotations

from dataclasses import fields, replace

from ov_asr_score.errors import UsageError
from ov_asr_score.job.transcribe.sound_sources import sound_specifiers
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.settings.recognition.transcribe_job import DEFAULT_FORMAT, TranscribeJob
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.speech.frontend import FrontendSettings
from ov_asr_score.settings.speech.sound import SoundSettings, check_sound
from ov_asr_score.settings.words.decoding import NOT_WITH_LATTICES, DecodingOptions, options_of_search
from ov_asr_score.settings.words.word_outputs import WordFiles, WordSettings

_DEFAULT_SOUND = SoundSettings()


def scoring_job(job: TranscribeJob, directory: ModelDirectory) -> ScoreJob:
    """The job that gives the words of ``job`` with the models of ``directory``.

    Raises UsageError for sound that cannot be told, and for settings that do not fit together.
    """
    check_sound(job.sound)
    first, *others = sound_specifiers(job.sources)
    notes = list(directory.notes)
    return ScoreJob(
        model=directory.model,
        device=job.device,
        memory_limit=job.memory_limit,
        kaldi=directory.kaldi,
        conversion_cache=job.conversion_cache,
        inputs=(first,),
        more_sound=tuple(others),
        frontend=_frontend(job, directory),
        allow_commands=job.allow_commands,
        path_map=job.path_map,
        on_error=job.on_error,
        shard=job.shard,
        resume=job.resume,
        decoding=_words(job, directory, notes),
        report=job.report,
        command=job.command,
        notes=notes,
    )


def _frontend(job: TranscribeJob, directory: ModelDirectory) -> FrontendSettings:
    """What is computed of sound.

    Weights of silence are asked for before the search has begun: where they are on, every frame has that of silence.
    The program of vosk's directories is Kaldi's, to which vosk's own weights are unknown. Sources:
    online2bin/online2-wav-nnet3-latgen-faster.cc, option ``online``; online2/online-ivector-feature.cc,
    ``OnlineSilenceWeighting::GetDeltaWeights``.
    """
    settings, weight = directory.whole_file_frontend, 1.0
    if job.spk2utt and not settings.wants_ivectors:
        raise UsageError(
            f"spk2utt: is for i-vectors, and {directory.folder} has no extractor of them", fields=("spk2utt",)
        )
    if directory.layout == "kaldi online" and directory.silence_weighting.is_active:
        weight = directory.silence_weighting.silence_weight
    return replace(
        settings,
        sound=_sound(job.sound, settings.sound),
        ivector_spk2utt=job.spk2utt or settings.ivector_spk2utt,
        ivector_frame_weight=weight,
    )


def _sound(asked: SoundSettings, known: SoundSettings) -> SoundSettings:
    """How sound is read: what is asked for counts more than what the directory says; higher rates are resampled."""
    chosen = {
        each.name: getattr(asked, each.name)
        for each in fields(SoundSettings)
        if getattr(asked, each.name) != getattr(_DEFAULT_SOUND, each.name)
    }
    found = replace(known, **chosen)
    return replace(found, allow_downsample=True) if found.allow_downsample is None else found


def _words(job: TranscribeJob, directory: ModelDirectory, notes: list[str]) -> WordSettings:
    files = job.files
    if not files.are_named:
        files = replace(files, text="-")
    if files.transcript.endswith("/") and not files.transcript_format:
        files = replace(files, transcript_format=DEFAULT_FORMAT)
    known = _usable(directory.words.search, files, notes)
    if directory.program == "online2-wav-nnet3-latgen-faster":  # which ends an utterance wherever its sound ends
        known = replace(known, allow_partial=True)
    return replace(
        directory.words,
        search=job.search.over(known),
        phrases=job.phrases,
        files=files,
        captions=job.captions,
        limits=job.limits,
        decode_workers=job.decode_workers,
        row_shift_seconds=job.row_shift_seconds or directory.words.row_shift_seconds,
    )


def _usable(options: DecodingOptions, files: WordFiles, notes: list[str]) -> DecodingOptions:
    """The options of a directory for the search that is wanted; ``notes`` tell of those that it does not have."""
    wants_lattices = files.nbest > 1 or files.confidence != "none" or bool(files.lattice)
    limits = [name for name in NOT_WITH_LATTICES if wants_lattices and getattr(options, name) is not None]
    if limits:
        notes.append(f"{', '.join(limits)}: not used, as the search for lattices has no such table")
    return options_of_search(options, wants_lattices)
