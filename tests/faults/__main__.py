"""`make faults`: lets each fault happen to a real stack under load, and prints what was counted."""

import tempfile
from pathlib import Path

from tests.faults.crowd import Crowd
from tests.faults.table import FAULTS
from tests.running import Stack

HEAD = "| Fault | Sent | Accepted | Delivered | Lost | Doubled | Out of order | Refused | Seconds |"


def main() -> None:
    """Run the matrix."""
    print(HEAD)
    print("|---|" + "--:|" * (HEAD.count("|") - 2), flush=True)
    with tempfile.TemporaryDirectory(prefix="flack-faults-") as folder:
        stack = Stack(Path(folder) / "var")
        try:
            with Crowd(stack) as crowd:
                for fault in FAULTS[int(__import__("os").environ.get("F","0")):]:
                    crowd.begin()
                    fault.strike(stack)
                    report = crowd.settle()
                    print(fault.name, report, flush=True)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
