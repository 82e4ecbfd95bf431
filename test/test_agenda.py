"""Tests the scheduling: clicks before frames, frames between clicks, cameras round-robin."""
from __future__ import annotations

import itertools
import time

import pytest

from rmpsam_ros.ros.agenda import IDLE_WAIT, Agenda
from rmpsam_ros.ros.feeds import Feed, Received
from rmpsam_ros.ros.requests import Ask, Call

_numbers = itertools.count(1)


@pytest.fixture
def feeds() -> dict[str, Feed]:
    return {name: Feed(name, 4) for name in ("left", "right")}


def come(feed: Feed) -> None:
    number = next(_numbers)
    feed.offer(Received(feed.name, None, number, float(number), number), wanted=True)


def ask() -> Ask:
    return Ask("left", [(0.0, 0.0)], [1], [])


def taken(agenda: Agenda, seconds: float, rate: float = 0.0) -> str:
    """The next task: `click`, or the camera of a frame; it takes the given number of seconds."""
    task, _ = agenda.next(True, rate)
    agenda.took(task, seconds)
    return task.camera if isinstance(task, Received) else "click"


def test_next__a_click_comes_before_the_frames_that_wait(feeds):
    agenda = Agenda(feeds, lambda name: True)
    come(feeds["left"])
    agenda.add(ask())
    assert [taken(agenda, 0.1), taken(agenda, 0.1)] == ["click", "left"]


@pytest.mark.parametrize("seconds, between", [(0.025, 4), (0.05, 2), (0.1, 1), (0.5, 1)])
def test_next__clicks_without_end__frames_of_every_camera_have_as_much_time(feeds, seconds, between):
    agenda = Agenda(feeds, lambda name: True)
    come(feeds["right"])
    assert taken(agenda, 0.1) == "right"  # the duration of a frame
    order = []
    for _ in range(4 * (between + 1)):
        for feed in feeds.values():
            come(feed)
        agenda.add(ask())
        order.append(taken(agenda, 0.1 if order[-between:] == ["click"] * between else seconds))
    assert order == (["click"] * between + ["left"] + ["click"] * between + ["right"]) * 2


def test_next__clicks_without_end__a_frame_that_is_not_due_or_wanted_does_not_come_between(feeds):
    agenda = Agenda(feeds, lambda name: name == "left")
    for feed in feeds.values():
        come(feed)
    assert taken(agenda, 0.0) == "left"
    feeds["left"].started = float("inf")
    come(feeds["left"])
    for _ in range(3):
        agenda.add(ask())
        assert taken(agenda, 1.0, rate=5.0) == "click"


def test_next__nothing_to_do__says_how_long_to_wait(feeds):
    agenda = Agenda(feeds, lambda name: True)
    assert agenda.next(True, 0.0) == (None, IDLE_WAIT)
    come(feeds["left"])
    assert agenda.next(False, 0.0) == (None, IDLE_WAIT)
    assert agenda.next(True, 20.0)[0].camera == "left"
    feeds["left"].started = time.monotonic()
    come(feeds["left"])
    task, wait = agenda.next(True, 20.0)
    assert task is None and 0.0 < wait <= 0.05


def test_clear__gives_back_what_waited_in_its_order(feeds):
    agenda = Agenda(feeds, lambda name: True)
    tasks = [ask(), Call(lambda: None), ask()]
    for task in tasks:
        agenda.add(task)
    assert list(agenda.clear()) == tasks
    assert agenda.next(True, 0.0)[0] is None
