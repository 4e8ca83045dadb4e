"""Whether the rows of scores of all utterances follow from their frames in one way, as those of a subsampled output do.

Rows that depend on the values (silence left out, labels collapsed) are no scores of frames.
"""

from __future__ import annotations

from ov_asr_score.errors import ShapeMismatchError


class RowRelation:
    """The relation of frames and rows of one output: rows lie on a line, but for rounding.

    The shortest and the longest utterance so far give the line.
    """

    def __init__(self, name: str) -> None:
        """No utterance has been scored yet; ``name`` is that of the output."""
        self._name = name
        self._shortest: tuple[int, int] | None = None
        self._longest: tuple[int, int] | None = None

    def check(self, key: str, frames: int, rows: int) -> None:
        """Raise ShapeMismatchError, naming the utterance ``key``, where its rows are not on the line.

        An utterance of one row tells nothing: graphs give that to utterances that are too short.
        """
        if rows <= 1:
            return
        if self._shortest is None or self._longest is None:
            self._shortest = self._longest = (frames, rows)
            return
        (short, few), (long, many) = self._shortest, self._longest
        if short == long:
            expected, doubt = few, 0.0 if frames == short else float("inf")
            if (frames > short and rows < few) or (frames < short and rows > few):
                doubt = 0.0
        else:
            slope = (many - few) / (long - short)
            expected = round(few + (frames - short) * slope)
            # Rows of three utterances may be rounded by one each; beyond the two the error of the slope grows.
            doubt = 1.0 + 2.0 * max(abs(frames - short), abs(frames - long)) / (long - short)
        if abs(rows - expected) > doubt:
            raise ShapeMismatchError(
                f"utterance '{key}': output '{self._name}': {frames} frames give {rows} rows, where {short} gave {few}"
                + (f" and {long} gave {many}" if long != short else "")
                + ": its rows depend on more than the number of frames, so they are not scores of frames"
            )
        if frames < short:
            self._shortest = (frames, rows)
        if frames > long:
            self._longest = (frames, rows)
