"""Tests of chat/realtime/leases.py, for each store of leases."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from chat.realtime.leases import LocalLeases, RedisLeases


@pytest.fixture(params=["local", "valkey"])
def leases(request):
    """A store of leases."""
    if request.param == "local":
        return LocalLeases()
    url = request.getfixturevalue("valkey")
    redis.Redis.from_url(url).flushall()
    return RedisLeases(url)


def test_a_user_has_no_lease_at_first(leases):
    assert not leases.held(1)


def test_a_lease_holds_until_its_end(leases, clock):
    leases.hold({(1, "socket"): 60})
    clock.advance(59)
    assert leases.held(1)
    clock.advance(2)
    assert not leases.held(1)


def test_a_lease_can_be_renewed(leases, clock):
    leases.hold({(1, "socket"): 60})
    clock.advance(50)
    leases.hold({(1, "socket"): 60})
    clock.advance(50)
    assert leases.held(1)


def test_a_lease_can_be_shortened(leases, clock):
    leases.hold({(1, "socket"): 60})
    leases.hold({(1, "socket"): 1})
    clock.advance(2)
    assert not leases.held(1)


def test_one_lease_of_two_is_enough(leases, clock):
    leases.hold({(1, "first tab"): 1})
    leases.hold({(1, "second tab"): 60})
    clock.advance(2)
    assert leases.held(1)


def test_leases_are_each_users_own(leases):
    leases.hold({(1, "socket"): 60})
    assert not leases.held(2)


def test_all_nodes_see_the_same_leases(valkey):
    RedisLeases(valkey).hold({(1, "socket"): 60})
    assert RedisLeases(valkey).held(1)


def test_expired_leases_are_deleted(valkey, clock):
    leases, store = RedisLeases(valkey), redis.Redis.from_url(valkey)
    leases.hold({(5, "old"): 1})
    clock.advance(2)
    leases.hold({(5, "new"): 60})
    assert leases.held(5)
    assert store.zcard("flack:leases:5") == 1
    assert 0 < store.ttl("flack:leases:5") <= 120


def test_a_process_keeps_no_expired_lease_of_a_user_who_never_returns(clock):
    leases = LocalLeases()
    leases.hold({(1, "closed tab"): 1, (2, "open tab"): 200})
    for user_id in range(3, 1000):
        leases.hold({(user_id, "socket"): 60})
    assert len(leases) == 999
    clock.advance(61)
    leases.hold({(1000, "socket"): 60})
    assert len(leases) == 2
    assert leases.held(2) and leases.held(1000)


def test_threads_that_hold_at_once_lose_no_lease():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(20):
            leases = LocalLeases()
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(lambda n, held=leases: held.hold({(1, str(n)): 60}), range(200)))
            for number in range(200):
                leases.hold({(1, str(number)): -1})
                assert leases.held(1) == (number < 199)
    finally:
        sys.setswitchinterval(interval)
