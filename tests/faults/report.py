"""What is counted of a fault, and what of it must be nothing."""

import re
from collections import Counter
from dataclasses import dataclass

from tests.faults.listener import Row
from tests.faults.table import Fault


@dataclass
class Report:
    """What was counted from the beginning of a fault until everybody had everything."""

    sent: int
    accepted: int
    delivered: int  # deliveries: each accepted message that a listener ends with
    lost: int  # accepted, but not in the database, or not as it is there with a listener
    doubled: int  # there twice, in the database or with a listener
    out_of_order: int
    failed: list[str]  # requests that were refused or not answered; their posts were repeated
    resyncs: int
    closed: Counter[int]  # sockets of listeners that the server closed, by code
    misplaced: int  # people who are shown as away to a listener, or in the database
    seconds: float  # from the end of the fault until everybody had everything

    def problems(self, fault: Fault) -> list[str]:
        """Return what does not hold: each accepted message is there once, everywhere, in order."""
        refused = [one for one in self.failed if not re.fullmatch(fault.refusals, one)]
        resyncs = fault.resyncs is not None and bool(self.resyncs) != fault.resyncs
        found = {
            "not accepted": self.sent - self.accepted,
            "lost": self.lost,
            "doubled": self.doubled,
            "out of order": self.out_of_order,
            "people misplaced": self.misplaced,
            "refused": refused,
            "closed": dict(self.closed) if self.closed.keys() - fault.closes else None,
            "resyncs": self.resyncs if resyncs else None,
            "seconds": self.seconds if self.seconds > fault.seconds else None,
            "nothing sent": self.sent == 0,
        }
        return [f"{name}: {value}" for name, value in found.items() if value]


def twice(rows: dict[int, Row], name: str) -> int:
    """Return how many messages of this crowd, each with a text of its own, are there again."""
    mine = (row["source"].split() for row in list(rows.values()) if row["source"].startswith(name))
    texts = Counter(tuple(words[:2]) for words in mine)  # the third says that it was edited
    return sum(count - 1 for count in texts.values())


def inversions(rows: dict[int, Row], name: str) -> int:
    """Return how many messages, by id, come before one that its writer sent earlier."""
    last: dict[str, int] = {}
    count = 0
    for _, row in sorted(rows.items()):
        if row["source"].startswith(name):
            writer, number = row["source"].split()[:2]
            count += int(number) < last.get(writer, 0)
            last[writer] = int(number)
    return count
