"""How Django's cache stores values in Redis."""

import json
from typing import Any


class JSONSerializer:
    """Stores values as JSON.

    Django's default is pickle, which would let a client with write access to Redis run code in
    every node. Integers are stored as JSON writes them, so Redis can increment them.
    """

    def dumps(self, value: Any) -> str:
        """Return a value as JSON; a tuple comes back as a list."""
        return json.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Return the value of what Redis stores."""
        return json.loads(data)
