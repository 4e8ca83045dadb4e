"""How scores become words, and what is written of them.

Tests: tests/settings/test_setting.py, tests/job/test_decode.py
"""

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.setting import DECODING, GRAPH, WORD_LIMITS, WORDS, Setting
from ov_asr_score.settings.words.captions import CaptionOptions
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_limits import WordLimits


def _word(help: str, *names: str, panel: str = WORDS, **more: Any) -> Setting:
    return Setting(help, names=names, panel=panel, **more)


def _graph(help: str, **more: Any) -> Setting:
    return _word(help, panel=GRAPH, metavar="FILE", **more)


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """The graph and what belongs to it. Files that are not named are looked for beside the graph, and told."""

    graph: Annotated[str, _graph("Decoding graph, such as HCLG.fst; scores become words.")] = ""
    words: Annotated[
        str,
        _graph(
            "Symbol table of the words; without it the graph's own, or words.txt beside the graph.",
        ),
    ] = ""
    word_boundary: Annotated[
        str,
        _graph(
            "word_boundary.int, for the times of words; without it phones/word_boundary.int beside the graph.",
        ),
    ] = ""
    align_lexicon: Annotated[
        str,
        _graph("align_lexicon.int, for the times of words, in place of --word-boundary."),
    ] = ""
    transition_model: Annotated[
        str,
        _graph(
            "Kaldi file with the transition model (final.mdl, final.alimdl), where the model itself has none.",
            in_suite=True,
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class WordFiles:
    """Files that get the words, each named by an option of its own; empty: not written."""

    text: Annotated[str, _word("Write the words: an utterance per line, as Kaldi's text files.", metavar="FILE")] = ""
    ctm: Annotated[str, _word("Write the words with their times: a word per line.", metavar="FILE")] = ""
    alignment: Annotated[str, _word("Write the alignment of the best path.", metavar="WSPECIFIER")] = ""
    alignment_as: Annotated[
        Literal["transition-ids", "pdfs", "phones", "frame-phones", "phone-lengths"],
        _word(
            "What the alignment has: a transition-id, pdf or phone for each frame, or only the phones, also with their "
            "lengths."
        ),
    ] = "transition-ids"
    lattice: Annotated[str, _word("Write lattices, in the form of Kaldi's archives.", metavar="WSPECIFIER")] = ""
    lattice_as: Annotated[
        Literal["compact", "raw"],
        _word("Lattices with one path per word sequence, or as the search left them."),
    ] = "compact"
    nbest: Annotated[int, _word("Number of word sequences per utterance, the best first.", metavar="N", least=1)] = 1
    nbest_text: Annotated[
        str, _word("Write the n best word sequences under the keys KEY-1, KEY-2, and so on.", metavar="FILE")
    ] = ""
    nbest_costs: Annotated[
        str,
        _word("Write the graph cost and the acoustic cost of each of them: KEY-N GRAPH ACOUSTIC.", metavar="FILE"),
    ] = ""
    confidence: Annotated[
        Literal["none", "best-path", "mbr"],
        _word(
            "Confidence of each word, for CTM and transcripts: of the best path's words, or of those with minimum "
            "Bayes risk, which take their place there."
        ),
    ] = "none"
    transcript: Annotated[
        str,
        _word(
            "Write a transcript; the suffix says which: .json, .srt, .vtt, .TextGrid, .ctm, .stm, .trn, .csv, .html, "
            ".txt (docs/transcripts.md). DIR/ gets a file for each recording, in --transcript-format.",
            metavar="FILE|DIR/",
        ),
    ] = ""
    transcript_format: Annotated[
        str,
        _word(
            "Format of the transcript, in place of the one that the suffix says (docs/transcripts.md).", metavar="NAME"
        ),
    ] = ""
    data_dir: Annotated[
        str,
        _word(
            "Data directory of the utterances: where they lie in recordings, who speaks, and sound for pages (default: "
            "that of the input, if it is one).",
            metavar="DIR",
        ),
    ] = ""
    reference_text: Annotated[
        str,
        _word("What was said, as Kaldi's text: the word error rate is reported.", metavar="FILE", panel=WORD_LIMITS),
    ] = ""
    hypothesis: Annotated[
        str,
        _word(
            "Words of another run, as its --text has them: how many words changed is reported, and with "
            "--reference-text the word error rates of both.",
            metavar="FILE",
            panel=WORD_LIMITS,
        ),
    ] = ""

    @property
    def are_named(self) -> bool:
        """Whether any file is to be written."""
        return bool(self.plain_files() or self.tables())

    def plain_files(self) -> dict[str, str]:
        """The files to write that are no tables, by the name of their setting."""
        names = ("text", "ctm", "nbest_text", "nbest_costs", "transcript")
        return {name: path for name in names if (path := getattr(self, name))}

    def tables(self) -> dict[str, str]:
        """The tables to write, by the name of their setting."""
        return {name: specifier for name in ("alignment", "lattice") if (specifier := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class WordSettings:
    """Everything that may be asked of words; without a graph or tokens of a CTC model nothing is decoded."""

    graph: GraphSettings = field(default_factory=GraphSettings)
    search: DecodingOptions = field(default_factory=DecodingOptions)
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    ctc: CtcOptions = field(default_factory=CtcOptions)
    files: WordFiles = field(default_factory=WordFiles)
    captions: CaptionOptions = field(default_factory=CaptionOptions)
    limits: WordLimits = field(default_factory=WordLimits)
    row_shift_seconds: Annotated[
        float | None,
        _word(
            "Duration of a row of scores, for times (default: that of a frame, times --frame-subsampling-factor).",
            "--row-shift",
            metavar="SECONDS",
            least=0.0001,
        ),
    ] = None
    decode_workers: Annotated[
        int,
        _word(
            "Processes that decode; 0: one per core, 1: none but this one.",
            panel=DECODING,
            metavar="N",
            least=0,
            in_suite=True,
        ),
    ] = 0

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be decoded."""
        return bool(self.graph.graph or self.ctc.tokens)


def check_no_words(settings: WordSettings) -> None:
    """Raise UsageError for what is asked of words where nothing is decoded."""
    for bundle in (settings.files, settings.limits, settings.graph, settings.search, settings.phrases, settings.ctc):
        for each in fields(bundle):
            if getattr(bundle, each.name) != each.default:
                raise UsageError(
                    f"{each.name}: expected a decoding graph (graph FILE), or the tokens of a CTC model (tokens "
                    "FILE), found neither",
                    fields=(each.name, "graph", "tokens"),
                )
