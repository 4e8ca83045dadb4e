"""What stands for sounddevice where there is no microphone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any


class PortAudioError(Exception):
    """As sounddevice's."""


class FakeSounddevice:
    """The module, with a microphone that gives so many bytes of sound, block by block, and then goes away."""

    PortAudioError = PortAudioError

    def __init__(self, sound: bytes, *, goes_away: bool = True, overflows: bool = False, refuses: str = "") -> None:
        """Keep the sound; ``refuses`` is why no stream can be opened."""
        self._sound, self._goes_away, self._overflows, self._refuses = sound, goes_away, overflows, refuses
        self.opened: dict[str, Any] = {}
        self.closed = 0

    def query_devices(self) -> Sequence[dict[str, Any]]:
        """A loudspeaker and a microphone."""
        return [{"name": "Speaker", "max_input_channels": 0}, {"name": "USB mic", "max_input_channels": 1}]

    def RawInputStream(self, **options: Any) -> SimpleNamespace:
        """A stream that a thread feeds."""
        if self._refuses:
            raise PortAudioError(self._refuses, -9997)
        self.opened = options
        threads: list[threading.Thread] = []

        def start() -> None:
            threads.append(threading.Thread(target=self._feed, args=(options["callback"], options), daemon=True))
            threads[0].start()

        def close() -> None:
            self.closed += 1

        return SimpleNamespace(start=start, close=close)

    def _feed(self, callback: Callable[..., None], options: dict[str, Any]) -> None:
        size = options["blocksize"] * options["channels"] * 2
        for first in range(0, len(self._sound), size):
            block = memoryview(self._sound)[first : first + size]
            status = SimpleNamespace(input_overflow=True) if self._overflows else None
            callback(block, len(block) // 2, None, status)
        if self._goes_away:
            options["finished_callback"]()
