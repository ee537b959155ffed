"""What the tests of the settings share."""

import gc
import runpy

import pytest

from tests.processes import ROOT


@pytest.fixture
def read(monkeypatch, tmp_path):
    """A function that reads the settings with this environment, and no more of it."""

    def read(**variables):
        for name in ("DEBUG", "DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SECRET_KEY", "of-the-tests-and-of-no-server-at-all")
        monkeypatch.setenv("VAR", str(tmp_path))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(gc, "disable", lambda: None)  # nothing would enable it again
        return runpy.run_path(str(ROOT / "flack_project/settings.py"))

    return read
