"""Tests of chat/throttling.py."""

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, IPv6Network

import pytest

from chat import throttling
from chat.throttling import Limit, LimitReached

pytestmark = pytest.mark.usefixtures("any_cache", "new_minute")

LIMIT = Limit("test", 2, 60)


def spend(times, who="Alice", limit=LIMIT):
    """Spend so many times."""
    for _ in range(times):
        limit.spend(who)


def test_up_to_the_limit_nothing_is_refused():
    spend(2)


def test_a_refusal_names_the_seconds_to_wait():
    spend(2)
    with pytest.raises(LimitReached) as error:
        spend(1)
    assert 50 < error.value.wait < 60
    assert str(error.value.wait) in str(error.value)


def test_after_the_wait_nothing_is_refused(clock):
    spend(2)
    with pytest.raises(LimitReached) as error:
        spend(1)
    clock.advance(error.value.wait)
    spend(2)


def test_others_have_limits_of_their_own():
    spend(2, "Alice")
    spend(2, "Bob")
    spend(2, "Alice", Limit("another", 2, 60))


@pytest.mark.attack("Address families and networks")
@pytest.mark.parametrize(("bits", "factor"), [(64, 1), (56, 4), (48, 16)])
def test_each_network_of_ipv6_has_a_limit(bits, factor):
    """Each use is of another address of the network, and of another of the next smaller ones."""
    step = 2 ** (128 - {64: 128, 56: 64, 48: 56}[bits])
    first = IPv6Address("2001:db8:1:1100::")
    first = int(IPv6Network((first, bits), strict=False).network_address)
    for number in range(LIMIT.times * factor):
        LIMIT.spend_from(str(IPv6Address(first + number * step)))
    with pytest.raises(LimitReached):
        LIMIT.spend_from(str(IPv6Address(first + LIMIT.times * factor * step)))
    LIMIT.spend_from("2001:db8:2::1")


@pytest.mark.attack("Address families and networks")
@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("local", "local"),
        ("", ""),
        ("a" * 1000, "a" * 1000),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_customer(address, client):
    assert throttling.client(address) == client


def test_several_uses_are_counted_at_once_and_the_first_refusal_is_marked():
    LIMIT.spend("Alice", 2)
    refusals = []
    for uses in (3, 1):
        with pytest.raises(LimitReached) as error:
            LIMIT.spend("Alice", uses)
        refusals.append(error.value.first)
    assert refusals == [True, False]


def test_limits_can_be_turned_off(settings):
    settings.FLACK_RATE_LIMITS = False
    spend(10)


@pytest.mark.attack("Floods from many accounts or networks")
def test_without_the_cache_each_process_counts_for_itself(no_cache):
    spend(2)
    with pytest.raises(LimitReached):
        spend(1)
    spend(2, "Bob")


def test_a_cache_that_is_unavailable_is_not_asked_for_each_use(no_cache, caplog):
    spend(2)
    assert [line.split(" error=")[0] for line in caplog.messages] == [
        "Limit counted locally limit=test"
    ]


def test_local_counters_are_bounded(monkeypatch):
    counters = throttling.LocalCounters()
    monkeypatch.setattr(counters, "MOST", 2)
    assert [counters.add(key, 1) for key in "abaacb"] == [1, 1, 2, 3, 1, 1]


def test_threads_that_spend_at_once_pass_the_limit_never():
    def spent(number):
        try:
            limit.spend("Alice")
        except LimitReached:
            return False
        return True

    limit = Limit("test", 20, 60)
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(spent, range(100))) == 20


NAMES = "REGISTER SIGN_IN SIGN_IN_AS SIGN_IN_ANYWHERE CHANGE POST POST_FROM LINKS FETCH"


@pytest.mark.parametrize("name", NAMES.split())
def test_limits_have_different_names(name):
    assert getattr(throttling, name).name == name.lower().replace("_", "-")
