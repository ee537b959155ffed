"""The commands that need a running Flack."""

import json

from comparison.contract.client import eventually
from tests.running import PATIENCE, Stack

HOPS = ["database", "redis", "nginx", "node", "socket"]
PROBE = ["broker and worker", "database of the worker", "push to the socket"]
PROBE += ["worker of previews"]


def test_doctor_follows_a_probe_through_every_service(stack: Stack) -> None:
    found = stack.doctor()
    assert found["problem"] is None
    assert list(found["ms"]) == HOPS + PROBE


def test_doctor_reports_a_database_that_does_not_answer(stack: Stack) -> None:
    found = stack.doctor(DATABASE_URL="postgres://flack@127.0.0.1:1/x")
    assert str(found["problem"]).startswith("The database does not answer")


def test_loadchat_posts_as_several_users_and_signs_them_out(stack: Stack) -> None:
    # No proxy of the environment stands between the machine and itself.
    dead = dict.fromkeys(
        ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"], "http://127.0.0.1:1"
    )
    told = json.loads(stack.manage("loadchat 5 --minutes 0.1 --pause 0.2 --json", **dead))
    assert told["posted"] > 5 and told["received"] > told["posted"] and not told["refused"]
    online = lambda: [  # noqa: E731
        user
        for user in stack.get("/api/users?online=1").json()["users"]
        if user["nickname"] == "Ada"
    ]
    eventually(lambda: not online(), "leaving", PATIENCE)
