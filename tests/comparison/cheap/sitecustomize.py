"""When this folder is on PYTHONPATH, scrypt does the least work: Werkzeug's default takes 0.1 s."""

import hashlib
from typing import Any

_scrypt = hashlib.scrypt


def _cheap(password: bytes, **options: Any) -> bytes:
    return _scrypt(password, **options | {"n": 2, "r": 1})


hashlib.scrypt = _cheap  # type: ignore[assignment]
