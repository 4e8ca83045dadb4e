"""Transcripts to view: of Kaldi's files, of odd words, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st

from ov_asr_score.transcript.assembling import assemble_transcript
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word

DATA = Path(__file__).parent / "data"


def words(*texts: str, start: float = 0.0, seconds: float = 0.5, pause: float = 0.0) -> tuple[Word, ...]:
    """Words of equal lengths one after the other."""
    return tuple(
        Word(text, start + index * (seconds + pause), start + index * (seconds + pause) + seconds, 0.9)
        for index, text in enumerate(texts)
    )


def untimed(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text) for text in texts)


def segment(
    *texts: str,
    utterance: str = "utt1",
    start: float = 0.0,
    seconds: float = 0.5,
    recording: str = "",
    channel: int = 1,
) -> Segment:
    """A segment of equally long words from its start on."""
    alternatives = (Alternative(words(*texts, start=start, seconds=seconds)),) if texts else ()
    return Segment(utterance, start, start + seconds * max(len(texts), 1), alternatives, recording, channel)


def lights() -> Transcript:
    """A command in a recording of its own, with two alternatives."""
    spoken = (
        Word("turn", 0.31, 0.58, 0.97),
        Word("the", 0.58, 0.7, 0.99),
        Word("light", 0.7, 1.12, 0.91),
        Word("on", 1.4, 1.72, 0.88),
    )
    other = (*spoken[:2], Word("lights", 0.7, 1.2, 0.07), spoken[3])
    alternatives = (Alternative(spoken, 0.93, 812.4, 21.7), Alternative(other, 0.05, 815.5, 23.25))
    return Transcript(
        (Segment("lights", 0.0, 2.0, alternatives, speaker="ann"),),
        id="t-81f0",
        model="en-gb",
        language="en-GB",
        durations={"lights": 2.0},
        warnings=("automatic punctuation is not available for this model",),
    )


def call() -> Transcript:
    """A conversation of two channels in one recording: speakers, an empty segment, marks, umlauts, a missing word."""
    return assemble_transcript(
        [
            Segment(
                "call-b-1", 2.4, 3.6, (Alternative(words("ja,", "<unk>", start=2.5, seconds=0.4)),), "call", 2, "bob"
            ),
            Segment(
                "call-a-1",
                0.5,
                2.75,
                (Alternative(words("grüß", "gott", "R&D", '"hier"', start=0.5), 0.8, 100.25, 9.5),),
                "call",
                1,
                "ann",
            ),
            Segment("call-a-2", 4.0, 5.0, (), "call", 1, "ann", warnings=("no path",)),
            Segment(
                "call-a-3", 5.0, 6.2, (Alternative(words("-->", "<b>", start=5.1, seconds=0.3)),), "call", 1, "ann"
            ),
        ],
        durations={"call": 6.5},
        language="de",
    )


def of_ctm(text: str, segments: str = "", named: Callable[[str], str] = str, recordings: bool = True) -> Transcript:
    """The transcript in a ctm of Kaldi's programs, with the places of utterances in a file ``segments``."""
    places = {line.split()[0]: line.split()[1:] for line in segments.splitlines()}
    by_utterance: dict[str, list[Word]] = {key: [] for key in places}
    for line in text.splitlines():
        key, _, start, length, word, *confidence = line.split()
        begin = float(start) + (float(places[key][1]) if places else 0.0)
        known = float(confidence[0]) if confidence else None
        by_utterance.setdefault(key, []).append(Word(named(word), begin, begin + float(length), known))
    found = []
    for key, spoken in by_utterance.items():
        recording, start, end = places.get(key, ("", "0", str(spoken[-1].end)))
        found.append(Segment(key, float(start), float(end), (Alternative(tuple(spoken)),), recording))
    return assemble_transcript(found)


# Letters that formats have reasons to escape, and such as need several bytes.
LETTERS = st.sampled_from("abcde'\"<>&,;:-=!?{}()[]|/\\#%0123456789äß語\u00a0\u0301\udcff")
TEXTS = st.text(LETTERS, min_size=1, max_size=12)


@st.composite
def timed_segments(
    draw: st.DrawFn, utterance: str = "utt", start: float = 0.0, texts: st.SearchStrategy[str] = TEXTS
) -> Segment:
    """A segment whose words have times in order, some without length."""
    now = start
    spoken = []
    for text in draw(st.lists(texts, max_size=30)):
        begin = now + draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.61, 2.5]))
        now = begin + draw(st.sampled_from([0.0, 0.03, 0.12, 0.3, 0.77, 9.0]))
        spoken.append(Word(text, begin, now, draw(st.one_of(st.none(), st.floats(0, 1)))))
    return Segment(utterance, start, now, (Alternative(tuple(spoken)),) if spoken else (), "rec")


@st.composite
def transcripts(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> Transcript:
    """Up to four segments of a recording, one after the other."""
    found: list[Segment] = []
    for number in range(draw(st.integers(0, 4))):
        begin = (found[-1].end or 0.0) if found else draw(st.sampled_from([0.0, 1.25]))
        found.append(draw(timed_segments(f"utt{number}", begin, texts)))
    return Transcript(tuple(found), language=draw(st.sampled_from(["", "en"])))
