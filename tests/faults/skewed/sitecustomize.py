"""On Python's path, this makes the clock of the second node half a minute late."""

import os
import time

if os.environ.get("HONCHO_PROCESS_NAME") == "node.2":
    _time = time.time
    time.time = lambda: _time() - 30
