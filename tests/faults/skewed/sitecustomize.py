"""When this folder is on PYTHONPATH, the clock of the second node is 30 s slow."""

import os
import time

if os.environ.get("PS") == "node.2":
    _time = time.time
    time.time = lambda: _time() - 30
