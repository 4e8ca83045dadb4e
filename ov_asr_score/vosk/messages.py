"""What vosk says of an utterance: its partial text, its words, its alternatives, as JSON or as NLSML.

Source: vosk-api, src/recognizer.cc (``MbrResult``, ``NbestResult``, ``NlsmlResult``, ``PartialResult``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.consensus import consensus
from ov_asr_score.lattice.costs import Scales, scale_costs
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.lattice.word_alignment import align_words
from ov_asr_score.lattice.word_boundary import WordBoundary
from ov_asr_score.lattice.word_lattice import determinize
from ov_asr_score.lattice.word_times import TimedWords, time_words
from ov_asr_score.vosk.json_text import JsonValue, json_text

GRAPH_SCALE = 0.9
"""What vosk multiplies graph costs with before it looks for words and alternatives."""

_EMPTY = '{"text": ""}'
_NO_ALTERNATIVES = '{"alternatives" : [{"text": "", "confidence" : 1.0}] }'
_NO_NLSML = (
    '<?xml version="1.0"?>\n<result grammar="default">\n<interpretation confidence="1.0">\n<instance/>\n'
    "<input><noinput/></input>\n</interpretation>\n</result>\n"
)


@dataclass(frozen=True, slots=True)
class MessageOptions:
    """What a caller asked for; 0 alternatives are one text of the words of least expected error."""

    words: bool = False
    max_alternatives: int = 0
    nlsml: bool = False


@dataclass(frozen=True, slots=True)
class StreamClock:
    """Where an utterance begins: so many samples at ``rate`` a second before its frames, and rows of scores since.

    vosk adds up in float32, and so do we: times agree to the last digit, also after hours.
    """

    rate: float
    row_seconds: float
    samples_before: int = 0
    rows_before: int = 0

    def seconds(self, row: float) -> float:
        """Seconds of the stream at a row of the utterance."""
        before = np.float32(self.samples_before) / np.float32(self.rate)
        return float(before) + float(np.float32(self.rows_before) + np.float32(row)) * self.row_seconds


def empty_message(options: MessageOptions) -> str:
    """What is said where nothing was said."""
    if not options.max_alternatives:
        return _EMPTY
    return _NO_NLSML if options.nlsml else _NO_ALTERNATIVES


@dataclass(frozen=True, slots=True, eq=False)
class MessageMaker:
    """Writes messages of a model's utterances. ``source`` tells where words begin and end."""

    transitions: TransitionModel
    symbols: SymbolTable
    source: WordBoundary | AlignLexicon | None
    acoustic_scale: float
    lattice_beam: float

    def final(self, decoded: Decoded, options: MessageOptions, clock: StreamClock) -> str:
        """The message about an utterance that has ended.

        Without a lattice, as of an utterance that is too long for one, there are the words of the best path alone, and
        no confidences.
        """
        if decoded.path is None:
            return empty_message(options)
        if decoded.lattice is None:
            return self._of_path(decoded.path, options, clock)
        word_lattice = determinize(decoded.lattice, Scales(self.acoustic_scale), self.lattice_beam).lattice
        lattice = scale_costs(word_lattice, self.acoustic_scale, GRAPH_SCALE)
        if not len(lattice.final_states):
            return empty_message(options)
        if not options.max_alternatives:
            return self._consensus(lattice, options, clock)
        paths = n_best(lattice, options.max_alternatives)
        return self._nlsml(paths) if options.nlsml else self._alternatives(paths, options, clock)

    def partial(self, path: BestPath | None) -> str:
        """The text so far."""
        return json_text({"partial": "" if path is None else self._text(path.words)})

    def partial_words(self, path: BestPath | None, so_far: Decoded | None, clock: StreamClock) -> str:
        """The text so far with the times of its words, and their confidences by the lattice of ``so_far``.

        vosk gives the words of least expected error of the lattice that it has at hand, which is up to 60 rows behind;
        these are the words of ``partial``, all of them.
        """
        if path is None:
            return self.partial(None)
        timed = self._timed(path)
        words = self._timed_words(timed, clock)
        if so_far is not None and so_far.lattice is not None:
            lattice = determinize(so_far.lattice, Scales(self.acoustic_scale), self.lattice_beam).lattice
            found = consensus(lattice, Scales(self.acoustic_scale), decode_mbr=False, words=timed.words.tolist())
            confidences = [] if found is None else found.confidences.tolist()
            words = [word | {"conf": conf} for word, conf in zip(words, confidences, strict=False)] or words
        text = self._text(path.words)
        return json_text({"partial": text, "partial_result": words} if words else {"partial": text})

    def _of_path(self, path: BestPath, options: MessageOptions, clock: StreamClock) -> str:
        graph_cost, acoustic_cost = GRAPH_SCALE * path.graph_cost, self.acoustic_scale * path.acoustic_cost
        scaled = replace(path, graph_cost=graph_cost, acoustic_cost=acoustic_cost)
        if options.max_alternatives:
            return self._nlsml([scaled]) if options.nlsml else self._alternatives([scaled], options, clock)
        words = self._timed_words(self._timed(path), clock) if options.words else []
        text = self._text(path.words)
        return json_text({"result": words, "text": text} if words else {"text": text})

    def _consensus(self, lattice: CompactLattice, options: MessageOptions, clock: StreamClock) -> str:
        words = self._consensus_words(lattice, clock)
        text = " ".join(str(word["word"]) for word in words)
        return json_text({"result": words, "text": text} if words and options.words else {"text": text})

    def _consensus_words(self, lattice: CompactLattice, clock: StreamClock) -> list[dict[str, JsonValue]]:
        if self.source is not None:
            lattice = align_words(lattice, self.transitions, self.source).lattice or lattice
        found = consensus(lattice)
        if found is None:
            return []
        columns = zip(found.words, found.starts, found.ends, found.confidences, strict=True)
        return [self._word(word, start, end, clock) | {"conf": float(conf)} for word, start, end, conf in columns]

    def _alternatives(self, paths: list[BestPath], options: MessageOptions, clock: StreamClock) -> str:
        found: list[JsonValue] = []
        for path in paths:
            words = self._timed_words(self._timed(path), clock) if options.words else []
            entry: dict[str, JsonValue] = {"confidence": _likelihood(path), "text": self._text(path.words)}
            found.append(entry | {"result": words} if words else entry)
        return json_text({"alternatives": found})

    def _nlsml(self, paths: list[BestPath]) -> str:
        lines = ['<?xml version="1.0"?>', '<result grammar="default">']
        for path in paths:
            text = self._text(path.words)
            lines += [
                f'<interpretation grammar="default" confidence="{_likelihood(path):g}">',
                f'<input mode="speech">{text}</input>',
                f"<instance>{text}</instance>",
                "</interpretation>",
            ]
        return "\n".join([*lines, "</result>", ""])

    def _timed(self, path: BestPath) -> TimedWords:
        return time_words(path, self.transitions, self.source).spoken()

    def _timed_words(self, timed: TimedWords, clock: StreamClock) -> list[dict[str, JsonValue]]:
        columns = zip(timed.words, timed.first_frames, timed.first_frames + timed.num_frames, strict=True)
        return [self._word(word, start, end, clock) for word, start, end in columns]

    def _word(self, word: int, start: float, end: float, clock: StreamClock) -> dict[str, JsonValue]:
        return {"word": self.symbols.text(int(word)), "start": clock.seconds(start), "end": clock.seconds(end)}

    def _text(self, words: object) -> str:
        return " ".join(self.symbols.text(int(word)) for word in np.asarray(words))


def _likelihood(path: BestPath) -> float:
    return -(path.graph_cost + path.acoustic_cost)
