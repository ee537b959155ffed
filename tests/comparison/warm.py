"""Run pytest in processes that are forked after its imports, which take longer than most tests.

Nothing of the contract suite itself is imported here, because pytest must rewrite its assertions.
"""

import encodings.idna  # noqa: F401  # it and the next are what the suite and pytest import
import gc
import html.parser  # noqa: F401
import multiprocessing
import os
import sys
import tempfile
import unittest  # noqa: F401
import xml.etree.ElementTree  # noqa: F401
from http import server  # noqa: F401
from multiprocessing.pool import Pool

import httpx  # noqa: F401
import pytest
from websockets.sync import client  # noqa: F401

Outcome = tuple[int, str]  # pytest's exit code, and what it printed

gc.freeze()  # the forks neither visit nor copy what was imported


def pool(count: int) -> Pool:
    """Return `count` processes; each runs one job, then a new fork replaces it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context.Pool(count, maxtasksperchild=1)


def run_pytest(*arguments: str) -> Outcome:
    """Run pytest with these arguments; the process can do nothing else afterwards."""
    with tempfile.TemporaryFile("w+") as output:
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        code = int(pytest.main(["-q", "-p", "no:cacheprovider", *arguments]))
        sys.stdout.flush()
        sys.stderr.flush()
        output.seek(0)
        return code, output.read()
