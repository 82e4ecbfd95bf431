"""Tests requests to the worker from other threads: answers, errors, and cancelled requests."""
from __future__ import annotations

from concurrent.futures import CancelledError

import pytest

from rmpsam_ros.errors import PromptError
from rmpsam_ros.ros.requests import Ask, Call, do, one_line, refuse


def ask() -> Ask:
    return Ask("camera", [(0.0, 0.0)], [1], [])


@pytest.mark.parametrize("request_", [ask(), Call(lambda: 1)])
def test_refuse__a_request__gets_the_error(request_):
    refuse(request_, PromptError("over"))
    with pytest.raises(PromptError, match="over"):
        request_.future.result(0)


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("make", [ask, lambda: Call(lambda: 1)])
def test_refuse__a_request_that_was_cancelled__stays_so(make, noticed):
    request_ = make()
    assert request_.future.cancel()
    if noticed:
        assert not request_.future.set_running_or_notify_cancel()
    refuse(request_, PromptError("over"))
    with pytest.raises(CancelledError):
        request_.future.result(0)


def test_refuse__a_request_that_was_answered__keeps_its_answer():
    request_ = ask()
    request_.future.set_result(7)
    refuse(request_, PromptError("over"))
    assert request_.future.result(0) == 7


def test_do__a_call__gives_what_it_returns_or_raises():
    good, bad = Call(lambda: 7), Call(lambda: [][1])
    do(good)
    do(bad)
    assert good.future.result(0) == 7
    with pytest.raises(IndexError):
        bad.future.result(0)


def test_do__a_call_that_was_cancelled__is_not_made():
    made = []
    call = Call(lambda: made.append(1))
    assert call.future.cancel()
    do(call)
    assert made == [] and call.future.cancelled()


def test_do__a_call_that_runs__cannot_be_cancelled_any_more():
    call = Call(lambda: call.future.cancel())
    do(call)
    assert call.future.result(0) is False


@pytest.mark.parametrize("error, line", [
    (PromptError("no\n frame"), "no frame"), (ValueError("a\nb"), "ValueError: a b"), (KeyError(), "KeyError: no further details"),
])
def test_one_line__an_exception__names_its_type_where_it_is_not_ours(error, line):
    assert one_line(error) == line
