"""What is asked when sound is transcribed with the models of a directory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.memory import DEFAULT_MEMORY_LIMIT, parse_memory
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.recognition.search_choices import SearchChoices
from ov_asr_score.settings.setting import DECODING, SOUND, SPEED, TABLES, WORDS, Part, Setting, parse_flag
from ov_asr_score.settings.shard import Shard, parse_shard
from ov_asr_score.settings.speech.sound import SoundSettings
from ov_asr_score.settings.tables import AllowCommands, OnError, PathMaps, Report
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.settings.words.word_outputs import WordFiles

DEFAULT_FORMAT = "text"
"""Of the transcripts in a folder, where none is named."""


@dataclass(frozen=True, slots=True)
class TranscribeJob:
    """Words of sound: ``model`` is a folder with all that is needed between both, ``sources`` are the sound."""

    model: Annotated[
        str,
        Setting(
            "Folder of a model with its graph: of vosk, an online directory or an experiment of Kaldi, or any with "
            "model.toml.",
            metavar="MODEL_DIR",
            positional=True,
        ),
    ]
    sources: Annotated[
        Sequence[str],
        Setting(
            "Sound files and patterns, or one list: wav.scp, wav,ark:FILE, a data directory, a folder of sound, or - "
            "for standard input.",
            metavar="SOUND...",
            positional=True,
            repeated=True,
        ),
    ]
    spk2utt: Annotated[
        str,
        Setting(
            "Utterances of each speaker, in the order in which the state of its i-vectors is carried on; without it, "
            "every utterance begins anew.",
            metavar="RSPECIFIER",
            panel=TABLES,
        ),
    ] = ""
    shard: Annotated[
        Shard | None,
        Setting(
            "Transcribe part I of N of the sound; I starts at 1 (docs/scaling.md).",
            metavar="I/N",
            panel=TABLES,
            parse=parse_shard,
        ),
    ] = None
    resume: Annotated[
        bool,
        Setting(
            "Continue an interrupted run that had --resume; start from the beginning if there is none.", panel=TABLES
        ),
    ] = False
    on_error: OnError = "stop"
    allow_commands: AllowCommands = False
    path_map: PathMaps = ()
    sound: Annotated[
        SoundSettings,
        Part(
            settings={
                "allow_downsample": Setting(
                    "Resample sound of a higher rate than that of the model (default true).",
                    metavar="true|false",
                    panel=SOUND,
                    parse=parse_flag,
                )
            }
        ),
    ] = field(default_factory=SoundSettings)
    device: Annotated[DeviceSettings, Part(("device", "precision", "threads", "streams"))] = field(
        default_factory=DeviceSettings
    )
    memory_limit: Annotated[  # bytes
        int,
        Setting(
            "Memory for features and scores in flight, such as 500M or 4G; the model and the runtime need more.",
            metavar="SIZE",
            panel=SPEED,
            parse=parse_memory,
            shown="2G",
        ),
    ] = DEFAULT_MEMORY_LIMIT
    row_shift_seconds: Annotated[
        float | None,
        Setting(
            "Duration of a row of scores, for times (default: as the model and its directory tell).",
            names=("--row-shift",),
            metavar="SECONDS",
            panel=WORDS,
            least=0.0001,
        ),
    ] = None
    decode_workers: Annotated[
        int,
        Setting("Processes that decode; 0: one per core, 1: none but this one.", panel=DECODING, metavar="N", least=0),
    ] = 0
    segment: Annotated[
        bool,
        Setting(
            "Cut recordings where a speaker pauses, by the endpoint rules of the model directory: each part is an "
            "utterance KEY-0, KEY-1, …",
            panel=TABLES,
        ),
    ] = False
    long_after: Annotated[
        float,
        Setting(
            "Recognize recordings from this length on, and those of unknown length, in pieces, so that memory does not "
            "grow with them; words are the same.",
            metavar="SECONDS",
            panel=SPEED,
            least=0.0,
        ),
    ] = 300.0
    search: SearchChoices = field(default_factory=SearchChoices)
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    files: Annotated[
        WordFiles,
        Part(
            settings={
                "transcript": Setting(
                    "Write a transcript; the suffix says which: .txt, .json, .srt, .vtt, .TextGrid, .ctm, .stm, .trn, "
                    ".csv, .html (docs/transcripts.md). DIR/ gets a file for each recording, in --transcript-format.",
                    names=("--output", "-o", "--transcript"),
                    metavar="FILE|DIR/",
                    panel=WORDS,
                ),
            }
        ),
    ] = field(default_factory=WordFiles)
    captions: CaptionOptions = field(default_factory=CaptionOptions)
    limits: WordLimits = field(default_factory=WordLimits)
    report: Report = ""
    conversion_cache: str | None = None  # folder where conversions are kept; None: nowhere
    command: Sequence[str] = ()  # the command line, if one started the job

    def __post_init__(self) -> None:
        """Take a single text for a list of one."""
        if isinstance(self.sources, str):
            object.__setattr__(self, "sources", (self.sources,))
