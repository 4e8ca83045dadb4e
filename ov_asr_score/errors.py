"""Every error that a caller may want to treat differently, with the exit code that the command line gives it.

A message names the place first and the mend last:
``<file>: <utterance or layer> at byte <n>: expected <x>, found <y>; <what to do>``.
"""

from __future__ import annotations

from typing import ClassVar, NoReturn


class OvAsrScoreError(Exception):
    """Anything this package refuses to do; its text is one line that a user can act on.

    ``fields`` are the names of settings that the text speaks of, so that the command line can put its own spelling in
    their place: ``references: expected a table`` becomes ``-r/--reference: expected a table`` there.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str = "", *, fields: tuple[str, ...] = ()) -> None:
        """Keep the names beside the text."""
        super().__init__(message)
        self.fields = fields


class UsageError(OvAsrScoreError):
    """The options contradict each other or cannot be understood, whatever the files hold."""

    exit_code: ClassVar[int] = 2


class SpecifierError(UsageError):
    """A table specifier (``ark:…``, ``scp:…``) is malformed or asks for something not allowed."""


class FileAccessError(OvAsrScoreError):
    """A file cannot be opened, read, written or renamed (missing, a directory, no space, no permission)."""


class TableFormatError(OvAsrScoreError):
    """The bytes of a table are not what its format says."""


class MissingUtteranceError(OvAsrScoreError):
    """Tables that are joined by utterance key do not hold the same keys."""


class ModelFormatError(OvAsrScoreError):
    """A model file cannot be read: damaged, incomplete or of an unknown kind."""


class UnsupportedModelError(OvAsrScoreError):
    """The model can be read but holds something that cannot be scored."""


class UnknownNameError(OvAsrScoreError):
    """A layer, port or property name that the model or the runtime does not have."""


class ShapeMismatchError(OvAsrScoreError):
    """Features, scores or references whose dimensions do not fit the model or each other."""


class MissingExtraError(OvAsrScoreError):
    """What was asked for needs a package that is not installed."""


class DeviceError(OvAsrScoreError):
    """The runtime cannot offer the device, compile the model for it, or run it."""


class ResumeError(OvAsrScoreError):
    """What is there of an interrupted run does not fit the run that is to go on with it."""


class SuiteFormatError(OvAsrScoreError):
    """A suite of cases, or the baseline beside it, is not what its format says."""


class BlobFormatError(OvAsrScoreError):
    """An exported model (blob) is damaged or was made for something else."""


def unreachable(value: NoReturn) -> AssertionError:
    """An error to raise behind a match over all kinds; type checkers refuse it where a kind was left out.

    ``typing.assert_never`` does the same since Python 3.11.
    """
    return AssertionError(f"expected none of the known kinds, found {type(value).__name__}")
