"""What worker processes of the tests do with a decoded utterance; they import it by its name."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from ov_asr_score.decoding.decoded import Decoded


def keep(decoded: Decoded, seconds: float) -> tuple[Decoded, float]:
    return decoded, seconds


def misbehave(decoded: Decoded, seconds: float) -> tuple[Decoded, float]:
    """Do what the key says, once."""
    if decoded.path is not None:
        match decoded.key:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "aborted":
                os.abort()
            case "slow":
                time.sleep(60)
            case "late":
                time.sleep(1)
            case "large":
                np.ones(1 << 28)
            case "wrong":
                raise ZeroDivisionError("a mistake")
    return decoded, seconds


def number_of_process(decoded: Decoded, seconds: float) -> int:
    return os.getpid()
