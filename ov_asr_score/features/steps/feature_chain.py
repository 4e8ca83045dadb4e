"""All steps after the features in their order: columns, CMVN, deltas, splicing, transforms, subsampling.

That is the order of Kaldi's recipes: apply-cmvn, then add-deltas, or splice-feats and transform-feats with final.mat,
then transform-feats with the transforms of speakers (steps/decode.sh, steps/nnet2/decode.sh, steps/nnet3/decode.sh,
steps/nnet/decode.sh). Features are pasted before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.blas_threads import hold_while_alive
from ov_asr_score.errors import MissingUtteranceError, OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.features.steps.cmvn_kinds import OnlineCmvnOfSpeakers, cmvn_step, found_in
from ov_asr_score.features.steps.deltas import add_deltas, live_deltas
from ov_asr_score.features.steps.experiment_dir import settled_steps
from ov_asr_score.features.steps.feature_columns import live_selection, parse_selection, select_columns
from ov_asr_score.features.steps.live_step import LiveStep, Rows
from ov_asr_score.features.steps.online_cmvn import CmvnState, LiveCmvn
from ov_asr_score.features.steps.splice import live_splice, splice_frames
from ov_asr_score.features.steps.subsampling import live_subsampling, subsample
from ov_asr_score.features.steps.transforms import live_transform, transform
from ov_asr_score.kaldi_io.matrices.inner_matrix import load_doubles
from ov_asr_score.kaldi_io.specifier import is_table
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.random_access import open_table
from ov_asr_score.settings.speech.feature_steps import FeatureSteps, check_steps
from ov_asr_score.text import printable_name, shown_key

_CMVN = "CMVN"


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A step by its name in messages, with what it does for an utterance (its key, its speaker) as a whole and live."""

    name: str
    apply: Callable[[str, str, Rows], Rows]
    live: Callable[[str, str], LiveStep]


class LiveChain:
    """The steps of one utterance, whose rows come in pieces of any size: the rows of ``FeatureChain.apply``.

    ``delay`` is the greatest number of rows that a row waits for, ``delays`` what each step that waits adds to it.
    """

    def __init__(self, key: str, steps: Sequence[tuple[str, LiveStep]]) -> None:
        """``steps`` in their order, with their names."""
        self.delays = tuple((name, step.delay) for name, step in steps if step.delay)
        self.delay = sum(delay for _, delay in self.delays)
        self._key = key
        self._steps = steps
        self._came = self._went = False

    def accept(self, features: NDArray[np.floating]) -> Rows:
        """The rows that are final now. Raises OvAsrScoreError with the key and the step."""
        rows: Rows = np.asarray(features, np.float32)
        self._came |= len(rows) > 0
        for name, step in self._steps:
            with _place(self._key, name):
                rows = step.accept(rows)
        self._went |= len(rows) > 0
        return rows

    def finish(self) -> Rows:
        """The rest of the rows; an utterance without any is an error, as in ``FeatureChain.apply``."""
        if not self._came and self._steps:
            raise _without_frames(self._key)
        rows = np.zeros((0, 0), np.float32)
        for name, step in self._steps:
            with _place(self._key, name):
                made = [step.accept(rows)] if len(rows) else []
                made = [piece for piece in (*made, step.finish()) if len(piece)]
                rows = np.concatenate(made) if made else rows[:0]
        if self._steps and not (self._went or len(rows)):
            raise _without_frames(self._key, "; no frame is left of it")
        return rows

    def cmvn_state(self) -> CmvnState | None:
        """What online CMVN leaves if the utterance ends here; None where it is no step, or keeps its state itself."""
        return next((step.state() for _, step in self._steps if isinstance(step, LiveCmvn)), None)


class FeatureChain:
    """The steps of many utterances; a context manager that closes the tables.

    Where ``needs_collection``, the features of all utterances go to ``collect`` before the first one goes to ``apply``
    or ``live``. Where ``can_be_live`` is false, ``live`` raises UsageError until then. Utterances of a speaker continue
    each other in online CMVN, in the order in which they come; a live one when it finishes.
    """

    def __init__(self, steps: FeatureSteps, *, allow_commands: bool = False) -> None:
        """Open what ``steps`` name. Raises UsageError, and what reading files raises."""
        steps = settled_steps(steps)
        check_steps(steps)
        self.steps = steps
        self._resources = contextlib.ExitStack()
        with contextlib.ExitStack() as opened:
            name = steps.feature_utt2spk
            self._speakers = read_token_table(name, allow_commands=allow_commands) if name else None
            self._selection = parse_selection(steps.select_columns) if steps.select_columns else None
            self._cmvn = cmvn_step(steps, allow_commands=allow_commands)
            if self._cmvn is not None:
                opened.callback(self._cmvn.close)
            self._chain = [*self._first_steps(), *_context_steps(steps)]
            if steps.transforms:
                hold_while_alive(self)  # small products, while others compute
            for each in steps.transforms:
                self._chain.append(_transform_step(each, steps.transform_by, opened, allow_commands))
            if steps.subsample is not None:
                n, offset = steps.subsample
                self._chain.append(
                    ChainStep(
                        "subsampling",
                        lambda key, speaker, rows: subsample(rows, n, offset),
                        lambda key, speaker: live_subsampling(n, offset),
                    )
                )
            self._resources = opened.pop_all()

    @property
    def needs_collection(self) -> bool:
        """Whether all utterances must be collected first: CMVN by the statistics of speakers, which are not given."""
        return self._cmvn is not None and self._cmvn.needs_collection

    @property
    def can_be_live(self) -> bool:
        """Whether no step must see the whole utterance, or others of the speaker, before its first frame."""
        given = self.steps.cmvn not in ("utterance", "speaker") or bool(self.steps.cmvn_stats)
        return self._cmvn is None or given

    @property
    def continues_speakers(self) -> bool:
        """Whether an utterance begins with what the speaker's utterance before left."""
        return isinstance(self._cmvn, OnlineCmvnOfSpeakers)

    def forget_speakers(self) -> None:
        """Begin anew: what utterances left, or gave to ``collect``, counts no more."""
        if self._cmvn is not None:
            self._cmvn.forget_speakers()

    def collect(self, key: str, speaker: str, features: NDArray[np.floating]) -> None:
        """Add the features [T, D] of an utterance to the statistics of its speaker.

        Raises UsageError (no speaker) and ShapeMismatchError (another width than before).
        """
        if self._cmvn is not None and len(features):
            with _place(key, _CMVN):
                rows: Rows = np.asarray(features, np.float32)
                chosen = rows if self._selection is None else select_columns(rows, self._selection)
                self._cmvn.collect(key, self.speaker_of(key, speaker), chosen)

    def apply(self, key: str, speaker: str, features: NDArray[np.floating]) -> Rows:
        """The features float32 [T', E] of an utterance after all steps; ``speaker`` is empty where it is not known.

        Raises OvAsrScoreError with the key and the step: no frames, other widths, no matrix for the utterance.
        """
        rows: Rows = np.asarray(features, np.float32)
        if not self._chain:
            return rows
        if not len(rows):
            raise _without_frames(key)
        speaker = self.speaker_of(key, speaker)
        for step in self._chain:
            with _place(key, step.name):
                rows = step.apply(key, speaker, rows)
        if not len(rows):
            raise _without_frames(key, "; no frame is left of it")
        return rows

    def live(self, key: str, speaker: str = "") -> LiveChain:
        """The live form for one utterance. Raises UsageError where there is none, and what ``apply`` raises."""
        return self._live(key, self.speaker_of(key, speaker), None)

    def live_from(self, state: CmvnState | None, key: str, speaker: str = "") -> LiveChain:
        """The live form whose online CMVN begins with ``state``, None for that of a new speaker.

        Its state goes where ``LiveChain.cmvn_state`` is taken, and is not kept for other utterances of the speaker. A
        ``speaker`` that is given counts more than ``feature_utt2spk``. Raises what ``live`` raises, and UsageError for
        a state where there is no online CMVN.
        """
        speaker = speaker or self.speaker_of(key, speaker)
        if isinstance(self._cmvn, OnlineCmvnOfSpeakers):
            return self._live(key, speaker, self._cmvn.live_from(state))
        if state is not None:
            raise UsageError("state: expected none of online CMVN, which is not among the steps", fields=("cmvn",))
        return self._live(key, speaker, None)

    def _live(self, key: str, speaker: str, cmvn: LiveStep | None) -> LiveChain:
        """The live form of all steps, with ``cmvn`` in place of the CMVN that remembers speakers."""
        steps: list[tuple[str, LiveStep]] = []
        for step in self._chain:
            with _place(key, step.name):
                live = cmvn if cmvn is not None and step.name == _CMVN else step.live(key, speaker)
                steps.append((step.name, live))
        return LiveChain(key, steps)

    def speaker_of(self, key: str, speaker: str) -> str:
        """The speaker of an utterance: by ``feature_utt2spk`` if it is given. Raises MissingUtteranceError."""
        if self._speakers is None:
            return speaker
        if key not in self._speakers:
            name = printable_name(self.steps.feature_utt2spk)
            raise MissingUtteranceError(f"{name}: expected the speaker of utterance {shown_key(key)}, found none")
        return self._speakers[key]

    def close(self) -> None:
        """Close the tables."""
        self._resources.close()

    def __enter__(self) -> FeatureChain:
        """The chain itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the tables."""
        self._resources.__exit__(kind, error, trace)

    def _first_steps(self) -> Iterator[ChainStep]:
        selection, cmvn = self._selection, self._cmvn
        if selection is not None:
            yield ChainStep(
                "columns",
                lambda key, speaker, rows: select_columns(rows, selection),
                lambda key, speaker: live_selection(selection),
            )
        if cmvn is not None:
            yield ChainStep(_CMVN, cmvn.apply, cmvn.live)


def _context_steps(steps: FeatureSteps) -> Iterator[ChainStep]:
    """Deltas and splicing."""
    if steps.delta_order is not None:
        window = 2 if steps.delta_window is None else steps.delta_window
        deltas = (steps.delta_order, window, steps.delta_truncate)
        live_deltas(*deltas)  # raises for values out of range
        yield ChainStep(
            "deltas", lambda key, speaker, rows: add_deltas(rows, *deltas), lambda key, speaker: live_deltas(*deltas)
        )
    if steps.splice is not None:
        contexts = steps.splice
        live_splice(*contexts)
        yield ChainStep(
            "splicing",
            lambda key, speaker, rows: splice_frames(rows, *contexts),
            lambda key, speaker: live_splice(*contexts),
        )


def _transform_step(name: str, by: str | None, opened: contextlib.ExitStack, allow_commands: bool) -> ChainStep:
    """A transform by one matrix in a file, or by those of a table."""
    shown = f"transform {printable_name(name)}"
    if not is_table(name):
        with np.errstate(over="ignore"):
            matrix = load_doubles(name, allow_commands=allow_commands).astype(np.float32)
        return ChainStep(
            shown, lambda key, speaker, rows: transform(rows, matrix), lambda key, speaker: live_transform(matrix)
        )
    table = opened.enter_context(open_table(name, allow_commands=allow_commands, keep_values=True))

    def matrix_of(key: str, speaker: str) -> Rows:
        return found_in(table, key, speaker, by_speaker=by == "speaker" or (by is None and bool(speaker)))

    return ChainStep(
        shown,
        lambda key, speaker, rows: transform(rows, matrix_of(key, speaker)),
        lambda key, speaker: live_transform(matrix_of(key, speaker)),
    )


def _without_frames(key: str, found: str = "") -> ShapeMismatchError:
    return ShapeMismatchError(f"utterance {shown_key(key)}: expected at least one frame of features, found none{found}")


@contextlib.contextmanager
def _place(key: str, step: str) -> Iterator[None]:
    """Errors say which utterance and step they are about; those of usage speak for themselves.

    Numbers that are not finite go on as in Kaldi; numpy's warnings would not say where they come from.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except UsageError:
        raise
    except OvAsrScoreError as error:
        raise type(error)(f"utterance {shown_key(key)}: {step}: {error}", fields=error.fields) from error
