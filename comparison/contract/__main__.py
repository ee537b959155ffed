"""Run the contract suite: `python -m comparison.contract --url http://127.0.0.1:8000`.

Takes the suite's options and all of pytest's.
"""

import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parent

sys.exit(pytest.main([str(SUITE), "-c", str(SUITE / "pytest.ini"), *sys.argv[1:]]))
