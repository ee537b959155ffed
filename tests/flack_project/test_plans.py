"""Run tests on PostgreSQL that depend on the database."""

import os
import subprocess
import sys

from tests.running import ROOT

TESTS = (
    "tests/api/test_plans.py",
    "tests/api/test_pagination.py::test_a_long_list_holds_the_newest_messages_up_to_a_size",
    "tests/api/test_pagination.py::test_a_client_that_follows_the_links_gets_all_long_messages",
    "tests/api/test_errors.py::test_a_nul_in_the_session_cookie_is_no_server_error",
    "tests/chat/test_moderation.py"
    "::test_a_user_who_posts_at_the_same_time_is_deleted_with_all_messages",
)


def test_plans_pages_and_races_are_the_same_on_postgresql(postgresql: str) -> None:
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*suite, *TESTS],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": postgresql},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
