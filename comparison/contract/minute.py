"""What takes a minute to see: begun when the suite starts, looked at when it ends."""

import threading
import time
from dataclasses import dataclass

from comparison.contract.client import Flack, Person
from comparison.contract.wires import open_wire

PING = 20.0  # seconds; clients ping every 30


@dataclass
class Seen:
    """A push of a user, with when it came by `time.monotonic()`."""

    at: float
    user_id: int
    online: bool


class Minute:
    """Two users: one whose last request was at the start, and one whose socket keeps pinging."""

    def __init__(self, flack: Flack, wire: str) -> None:
        """Sign both in, then listen and ping on a thread."""
        self.faithful: Person = flack.person("faithful")
        self.forgotten: Person = flack.person("forgotten")
        assert flack.get("/api/users", token=self.forgotten.token).status_code == 200
        self.heard_at = time.monotonic()
        self.seen: list[Seen] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(flack, wire), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop pinging."""
        self._over.set()
        self._thread.join()

    def pushes(self, person: Person, *, online: bool) -> list[Seen]:
        """Give what was pushed of a person so far."""
        return [s for s in self.seen if (s.user_id, s.online) == (person.id, online)]

    def _listen(self, flack: Flack, wire: str) -> None:
        with open_wire(wire, flack.url, flack.patience) as socket:
            while not self._over.is_set():
                socket.ping_user(self.faithful.token)
                pinged_at = time.monotonic()
                while not self._over.is_set() and time.monotonic() < pinged_at + PING:
                    for frame in socket.frames(1):
                        data = frame["data"]
                        if frame["event"] == "updated_model" and data["class"] == "User":
                            user = data["model"]
                            self.seen.append(Seen(time.monotonic(), user["id"], user["online"]))
