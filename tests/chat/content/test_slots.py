"""Tests of chat/content/slots.py."""

import threading

import pytest

from chat.content.slots import Full, Slots


def test_the_last_slot_is_given_and_no_further_one():
    slots = Slots(2)
    with slots.hold("a"), slots.hold("a"):
        with pytest.raises(Full), slots.hold("a"):
            pass
        with slots.hold("b"):
            pass
    with slots.hold("a"):
        pass


def test_a_slot_is_given_back_after_an_error():
    slots = Slots(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), slots.hold("a"):
            raise ZeroDivisionError


def test_the_next_one_waits_for_a_slot():
    slots, waiting = Slots(1), threading.Event()
    slots.take("a")

    def wait() -> None:
        waiting.set()
        with slots.hold("a", patience=9):
            pass

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait(9)
    slots.free("a")
    thread.join(9)
    assert not thread.is_alive()


def test_a_key_without_holder_takes_no_memory():
    slots = Slots(1)
    for key in range(100):
        with slots.hold(key):
            assert len(slots) == 1
        assert len(slots) == 0
