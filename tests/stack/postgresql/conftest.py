"""Fixtures of the tests of the whole stack on PostgreSQL."""

import pytest

from tests.running import Stack


@pytest.fixture(scope="session")
def stack(postgresql_stack: Stack) -> Stack:
    """A running Flack on PostgreSQL."""
    return postgresql_stack
