"""A set of keys in a few bytes for each key."""

from __future__ import annotations

from array import array

_FIRST_SLOTS = 1 << 10
_FILLED = 2 / 3
"""Share of the slots that are taken before their number is doubled."""


class KeyDigests:
    """The 64-bit digests of keys: 12 to 24 bytes for a key, where a set of short texts takes about 100.

    Two keys may have the same digest (with five million keys, once in a million runs): the caller must compare the keys
    themselves before it reports a duplicate. This is a hash table with open addressing, because it answers at once,
    before the entry is used, and needs no disk, as sorting would.
    """

    def __init__(self) -> None:
        """Begin without any key."""
        self._slots = array("q", bytes(8 * _FIRST_SLOTS))  # 0: free
        self._free = int(_FIRST_SLOTS * _FILLED)

    @property
    def num_bytes(self) -> int:
        """Memory of the digests in bytes."""
        return self._slots.itemsize * len(self._slots)

    def add(self, key: str) -> bool:
        """Whether a key with the same digest was added before; it is added if not."""
        digest = hash(key) or 1
        slots, last = self._slots, len(self._slots) - 1
        slot = digest & last
        while taken := slots[slot]:
            if taken == digest:
                return True
            slot = (slot + 1) & last
        slots[slot] = digest
        self._free -= 1
        if not self._free:
            self._double()
        return False

    def _double(self) -> None:
        count = 2 * len(self._slots)
        slots, last = array("q", bytes(8)) * count, count - 1
        for digest in filter(None, self._slots):
            slot = digest & last
            while slots[slot]:
                slot = (slot + 1) & last
            slots[slot] = digest
        self._slots, self._free = slots, int(count * _FILLED) - int(count // 2 * _FILLED)
