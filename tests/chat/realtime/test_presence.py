"""Tests of chat/realtime/presence.py."""

import pytest
from django.db import OperationalError

from chat.models import AHEAD, User, timestamp
from chat.realtime import presence
from chat.realtime.leases import LocalLeases, RedisLeases
from tests.kit import NO_REDIS

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol(make_user):
    """Carol, who was never seen, and changed some time ago."""
    return make_user("Carol", updated_at=1000, last_seen_at=1000)


def let_expire(user, socket):
    """Write what the roster writes for a socket that was closed."""
    presence.leases.hold({(user.pk, socket): presence.GRACE / 2})


def test_a_user_who_is_seen_comes_online(carol, clock, pushes, committed):
    with committed():
        presence.seen(carol)
    carol.refresh_from_db()
    assert carol.online
    assert carol.updated_at == carol.last_seen_at == timestamp()
    assert pushes == [{"class": "User", "model": carol.to_dict()}]


def test_many_changes_of_presence_in_a_second_keep_updated_at_near_the_clock(carol, clock):
    for _ in range(10):
        presence.seen(carol)
        presence.left(carol.pk)
        carol.refresh_from_db()
    assert not carol.online
    assert carol.updated_at == timestamp() + AHEAD


def test_seen_again_at_once_writes_and_reads_nothing(carol, django_assert_num_queries):
    presence.seen(carol)
    with django_assert_num_queries(0):
        presence.seen(carol)


def test_seen_again_later_changes_nothing_that_others_see(carol, clock, pushes, committed):
    presence.seen(carol)
    updated_at = carol.updated_at
    clock.advance(16)
    with committed():
        presence.seen(carol)
    carol.refresh_from_db()
    assert (carol.updated_at, carol.last_seen_at) == (updated_at, timestamp())
    assert pushes == []


def test_two_nodes_that_see_a_user_at_once_push_once(carol, pushes, committed):
    on_another_node = User.objects.get(pk=carol.pk)
    with committed():
        presence.seen(carol)
        presence.seen(on_another_node)
    assert len(pushes) == 1


def test_who_closes_the_last_socket_goes_offline(carol, clock, pushes, committed):
    presence.arrive([(carol.pk, "tab")])
    let_expire(carol, "tab")
    clock.advance(presence.GRACE)
    with committed():
        presence.left(carol.pk)
    carol.refresh_from_db()
    assert not carol.online
    assert carol.updated_at == timestamp()
    assert pushes == [{"class": "User", "model": carol.to_dict()}]


def test_a_second_tab_keeps_the_user_online(carol, clock):
    presence.arrive([(carol.pk, "first tab")])
    presence.arrive([(carol.pk, "second tab")])
    let_expire(carol, "first tab")
    clock.advance(presence.GRACE)
    presence.left(carol.pk)
    assert User.objects.get(pk=carol.pk).online


def test_a_page_that_is_reloaded_does_not_flicker(carol, clock, pushes, committed):
    presence.arrive([(carol.pk, "before")])
    let_expire(carol, "before")
    clock.advance(1)
    with committed():
        presence.arrive([(carol.pk, "after")])
        clock.advance(presence.GRACE - 1)
        presence.left(carol.pk)
    assert User.objects.get(pk=carol.pk).online
    assert pushes == []


def test_the_lease_of_a_socket_that_pings_outlives_the_time_between_pings():
    assert presence.LEASE > 2 * 30


def test_a_socket_that_opens_while_the_last_one_leaves_keeps_the_user_online(
    carol, clock, monkeypatch
):
    presence.seen(carol)
    found = User.objects.get(pk=carol.pk)  # by the new socket, still online

    class Leases(LocalLeases):
        def held(self, user_id):
            held = super().held(user_id)
            presence.arrive([(found.pk, "new")])
            return held

    monkeypatch.setattr(presence, "leases", Leases())
    presence.left(carol.pk)
    assert User.objects.get(pk=carol.pk).online


@pytest.mark.parametrize("left_before", ["the row is read", "the lease begins", "the end"])
def test_a_socket_that_opens_as_the_last_one_leaves_brings_the_user_back_online(carol, left_before):
    presence.seen(carol)
    if left_before == "the row is read":
        presence.left(carol.pk)
    found = User.objects.get(pk=carol.pk)
    if left_before == "the lease begins":
        presence.left(carol.pk)
    presence.arrive([(found.pk, "new")])
    presence.left(carol.pk)
    assert User.objects.get(pk=carol.pk).online


def test_a_user_who_is_deleted_while_leaving_is_no_error(carol, clock, monkeypatch):
    presence.seen(carol)
    answers = iter((False, True))  # a new socket opened meanwhile

    class Leases(LocalLeases):
        def held(self, user_id):
            if held := next(answers):
                User.objects.filter(pk=user_id).delete()
            return held

    monkeypatch.setattr(presence, "leases", Leases())
    presence.left(carol.pk)
    assert not User.objects.filter(pk=carol.pk).exists()


def test_leaving_twice_pushes_once(carol, clock, pushes, committed):
    presence.seen(carol)
    with committed():
        presence.left(carol.pk)
        presence.left(carol.pk)
    assert len(pushes) == 1


@pytest.mark.parametrize(("silent", "online"), [(59, True), (60, True), (61, False)])
def test_a_user_without_a_ping_for_a_minute_goes_offline(carol, clock, silent, online):
    presence.seen(carol)
    User.objects.update(last_seen_at=timestamp() - silent)
    assert presence.find_offline_users() == (0 if online else 1)
    assert User.objects.get(pk=carol.pk).online is online


def test_the_sweep_pushes_each_user_that_went_offline(carol, alice, clock, pushes, committed):
    presence.seen(carol)
    clock.advance(62)
    with committed():
        assert presence.find_offline_users() == 2
        assert presence.find_offline_users() == 0
    assert {push["model"]["nickname"]: push["model"]["online"] for push in pushes} == {
        "Alice": False,
        "Carol": False,
    }


def test_a_user_who_pings_during_the_sweep_stays_online(carol, clock, monkeypatch):
    presence.seen(carol)
    clock.advance(62)

    calls = iter(("of the read", "of the write"))

    def timestamp_of_the_sweep():
        if next(calls) == "of the write":  # the user was read before
            User.objects.update(last_seen_at=timestamp())
        return timestamp()

    monkeypatch.setattr(presence, "timestamp", timestamp_of_the_sweep)
    assert presence.find_offline_users() == 0
    assert not list(calls)
    assert User.objects.get(pk=carol.pk).online


def test_without_redis_seen_still_brings_online(carol, monkeypatch):
    monkeypatch.setattr(presence, "leases", RedisLeases(NO_REDIS))
    presence.arrive([(carol.pk, "tab")])
    assert User.objects.get(pk=carol.pk).online


def test_without_redis_only_silence_takes_offline(carol, clock, monkeypatch):
    presence.arrive([(carol.pk, "tab")])
    monkeypatch.setattr(presence, "leases", RedisLeases(NO_REDIS))
    presence.left(carol.pk)
    assert User.objects.get(pk=carol.pk).online
    clock.advance(62)
    assert presence.find_offline_users() == 1


def test_leaving_while_the_database_is_unavailable_is_no_error(carol, clock, monkeypatch):
    def unavailable():
        raise OperationalError("unavailable")

    presence.arrive([(carol.pk, "tab")])
    let_expire(carol, "tab")
    clock.advance(presence.GRACE)
    monkeypatch.setattr(presence, "timestamp", unavailable)
    presence.left(carol.pk)
    carol.refresh_from_db()
    assert carol.online


@pytest.mark.parametrize(("before", "after"), [(14, 14), (15, 0), (59, 0)])
def test_users_who_pinged_are_written_once_in_fifteen_seconds(carol, alice, clock, before, after):
    presence.seen(carol)
    User.objects.update(online=True, last_seen_at=timestamp() - before)
    presence.renew([carol.pk, alice.pk])
    seen = set(User.objects.values_list("last_seen_at", flat=True))
    assert seen == {timestamp() - after}


def test_any_number_of_pings_is_two_queries(make_user, django_assert_num_queries):
    ids = [make_user(f"user{n}", online=True, last_seen_at=1000).pk for n in range(20)]
    with django_assert_num_queries(2):
        presence.renew(ids)


def test_a_ping_brings_back_a_user_who_was_taken_offline(carol, pushes, committed):
    with committed():
        presence.renew([carol.pk])
    carol.refresh_from_db()
    assert carol.online
    assert pushes == [{"class": "User", "model": carol.to_dict()}]


def test_the_last_ping_of_a_banned_user_does_not_bring_them_back(carol):
    User.objects.filter(pk=carol.pk).update(is_active=False)
    presence.renew([carol.pk])
    carol.refresh_from_db()
    assert not carol.online


def test_a_clock_that_is_behind_does_not_turn_the_time_of_changes_back(carol, clock):
    presence.arrive([(carol.pk, "tab")])
    came_at = carol.updated_at
    let_expire(carol, "tab")
    clock.advance(-30)
    presence.find_offline_users()
    User.objects.filter(pk=carol.pk).update(last_seen_at=0)
    assert presence.find_offline_users() == 1
    carol.refresh_from_db()
    assert carol.updated_at >= came_at
