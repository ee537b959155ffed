"""Tests of chat/observability/stats.py."""

import threading
from types import SimpleNamespace

import pytest
import redis
from django.core.cache import cache

from chat.observability import stats

pytestmark = pytest.mark.usefixtures("any_cache")


def test_requests_are_counted_over_fifteen_seconds(clock):
    for _ in range(30):
        stats.add_request()
    assert stats.requests_per_second() == 2
    clock.advance(14)
    assert stats.requests_per_second() == 2
    clock.advance(1)
    assert stats.requests_per_second() == 0


def test_requests_of_all_nodes_are_added():
    for _ in range(2):  # nodes
        for _ in range(15):
            stats.add_request()
        stats.flush()
    assert stats.requests_per_second() == 2


def test_a_count_that_is_evicted_while_it_is_added_to_is_no_error(monkeypatch):
    evicted = SimpleNamespace(add=lambda *_: False, incr=cache.incr, get_many=cache.get_many)
    monkeypatch.setattr(stats, "cache", evicted)
    stats.add_request()
    assert stats.requests_per_second() == 0


def test_the_first_request_since_a_flush_returns_true():
    assert [stats.add_request(), stats.add_request()] == [True, False]
    stats.flush()
    assert stats.add_request()


def test_no_request_of_any_thread_is_lost():
    def count():
        for _ in range(1500):
            stats.add_request()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats.requests_per_second() == 400


def test_an_unavailable_cache_is_an_error(no_cache):
    stats.add_request()
    with pytest.raises(redis.RedisError):
        stats.requests_per_second()
