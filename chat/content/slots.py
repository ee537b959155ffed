"""Slots: at most N uses of one thing at once, in this process."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Full(OSError):
    """All slots of a key are taken."""


class Slots:
    """`each` slots for every key. A key without a holder takes no memory."""

    def __init__(self, each: int) -> None:
        self.each = each
        self._held: Counter[Hashable] = Counter()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Return the number of keys with a holder."""
        return len(self._held)

    def take(self, key: Hashable, patience: float = 0) -> None:
        """Take a slot; raise Full if there is none within `patience` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._held[key] < self.each, patience):
                raise Full(f"all {self.each} slots of {key} are taken")
            self._held[key] += 1

    def free(self, key: Hashable) -> None:
        """Give a slot back."""
        with self._changed:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
            self._changed.notify_all()

    @contextmanager
    def hold(self, key: Hashable, patience: float = 0) -> Iterator[None]:
        """Hold a slot; see `take`."""
        self.take(key, patience)
        try:
            yield
        finally:
            self.free(key)
