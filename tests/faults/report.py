"""The counts taken during a fault, and which of them must be 0."""

import re
from collections import Counter
from dataclasses import dataclass

from tests.faults.listener import Row
from tests.faults.table import Fault


@dataclass
class Report:
    """The counts from the start of a fault until every client had every message."""

    sent: int
    accepted: int
    delivered: int  # deliveries: accepted messages times the listeners that have them
    lost: int  # accepted messages that the database lacks, or a listener has not as stored
    doubled: int  # duplicates in the database or at a listener
    out_of_order: int
    failed: list[str]  # requests that were refused or not answered; clients repeat them
    resyncs: int
    closed: Counter[int]  # sockets of listeners that the server closed, by close code
    misplaced: int  # connected users shown as offline, to a listener or in the database
    seconds: float  # from the end of the fault until every client had every message

    def problems(self, fault: Fault) -> list[str]:
        """Return what went wrong; empty if every accepted message is everywhere, once, in order."""
        refused = [one for one in self.failed if not re.fullmatch(fault.refusals, one)]
        resyncs = fault.resyncs is not None and bool(self.resyncs) != fault.resyncs
        found = {
            "not accepted": self.sent - self.accepted,
            "lost": self.lost,
            "doubled": self.doubled,
            "out of order": self.out_of_order,
            "users shown as offline": self.misplaced,
            "refused": refused,
            "closed": dict(self.closed) if self.closed.keys() - fault.closes else None,
            "resyncs": self.resyncs if resyncs else None,
            "seconds": self.seconds if self.seconds > fault.seconds else None,
            "nothing sent": self.sent == 0,
        }
        return [f"{name}: {value}" for name, value in found.items() if value]


def twice(rows: dict[int, Row], name: str) -> int:
    """Return how many of the messages whose sources start with `name` are duplicates."""
    own = (row["source"].split() for row in list(rows.values()) if row["source"].startswith(name))
    texts = Counter(tuple(words[:2]) for words in own)  # the third word marks an edit
    return sum(count - 1 for count in texts.values())


def inversions(rows: dict[int, Row], name: str) -> int:
    """Return how many messages have a lower id than one that the same writer sent earlier."""
    last: dict[str, int] = {}
    count = 0
    for _, row in sorted(rows.items()):
        if row["source"].startswith(name):
            writer, number = row["source"].split()[:2]
            count += int(number) < last.get(writer, 0)
            last[writer] = int(number)
    return count
