"""Errors of the package, one class for each kind that a caller may handle, with the exit code of the command line.

A message names the location first and the remedy last:
``<file>: <utterance or layer> at byte <n>: expected <x>, found <y>; <what to do>``.
"""

from __future__ import annotations

from typing import ClassVar, NoReturn


class OvAsrScoreError(Exception):
    """Base class of all errors of this package; the message is one line that a user can act on.

    ``fields`` are the names of settings in the message, once for each time that it has them, so that the command line
    can replace them by its own spelling: ``references: expected a table`` becomes ``-r/--reference: expected a table``.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str = "", *, fields: tuple[str, ...] = ()) -> None:
        """Store the message and the names of settings in it."""
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
    """A table does not conform to its format."""


class SoundFormatError(OvAsrScoreError):
    """A sound file cannot be decoded: damaged, of an unknown kind, beyond a limit, or without the channel asked for."""


class MissingUtteranceError(OvAsrScoreError):
    """Tables that are joined by utterance key do not hold the same keys."""


class ModelFormatError(OvAsrScoreError):
    """A model file cannot be read: damaged, incomplete or of an unknown kind."""


class UnsupportedModelError(OvAsrScoreError):
    """The model can be read but contains something that cannot be scored."""


class NoNetworkError(UnsupportedModelError):
    """A transition model of Kaldi without a neural network: it is alone, or Gaussian mixtures follow it."""


class UnknownNameError(OvAsrScoreError):
    """A layer, port or property name that the model or the runtime does not have."""


class ShapeMismatchError(OvAsrScoreError):
    """Dimensions of features, scores or references do not match the model or each other."""


class MissingExtraError(OvAsrScoreError):
    """A requested feature needs a package that is not installed."""


class DeviceError(OvAsrScoreError):
    """The runtime cannot offer the device, compile the model for it, or run it."""


class SessionEndedError(OvAsrScoreError):
    """A session takes no more sound: it was finished or closed, was idle or lasted for too long, or failed before."""


class ResumeError(OvAsrScoreError):
    """The partial outputs of an interrupted run do not match the run that should resume it."""


class SuiteFormatError(OvAsrScoreError):
    """A suite file or its baseline does not conform to its format."""


class ConfigFormatError(OvAsrScoreError):
    """A configuration file of Kaldi's programs has a line that is no option, or not one of those expected."""


class TranscriptFormatError(OvAsrScoreError):
    """A transcript does not conform to its format, or holds words that another format has no way to write."""


class BlobFormatError(OvAsrScoreError):
    """An exported model (blob) is damaged or was made for something else."""


def unreachable(value: NoReturn) -> AssertionError:
    """An error to raise after a match over all kinds; type checkers reject it if a kind was left out.

    ``typing.assert_never`` does the same since Python 3.11.
    """
    return AssertionError(f"expected none of the known kinds, found {type(value).__name__}")
