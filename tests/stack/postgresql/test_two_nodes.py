"""What tests/stack/test_two_nodes.py checks on SQLite, on PostgreSQL."""

from tests.stack.test_two_nodes import *  # noqa: F403
