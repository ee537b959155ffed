"""The ideas to apply, by TUNED: all of them, or the first ones, to measure what each brings."""

import os

IDEAS = os.environ.get("TUNED", "seen direct lists push joined rest").split()
