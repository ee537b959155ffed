"""Batches: many ids or leases, a bounded number in each statement or pipeline."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

SIZE = 500

T = TypeVar("T")


def batches(entries: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the entries in order, at most `SIZE` at a time."""
    for start in range(0, len(entries), SIZE):
        yield entries[start : start + SIZE]
