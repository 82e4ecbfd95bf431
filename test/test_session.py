"""Tests the session's timer callback while a transition destroys the session on another thread."""
from __future__ import annotations

import threading
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from rmpsam_ros.ros.session import Session  # noqa: E402


def test_refresh__while_the_session_is_closed__comes_to_its_end():
    session, refreshed = Session.__new__(Session), []

    def refresh(depth_needed):
        refreshed.append(depth_needed)
        session._inputs, session._outputs = {}, {}  # as left by `close`

    camera = SimpleNamespace(refresh=refresh, depth=SimpleNamespace(problem=""))
    session._inputs, session._outputs = {"left": camera, "right": camera}, {"left": Mock(), "right": Mock()}
    session._publishing, session.segmenter = threading.Lock(), SimpleNamespace(score_threshold=0.5)
    session._refresh()
    assert len(refreshed) == 2


def test_position__that_nobody_subscribes_to__costs_no_depth():
    session, camera, outputs = Session.__new__(Session), Mock(), Mock()
    session._inputs, session._outputs = {"left": camera}, {"left": outputs}
    outputs.clicks_wanted.return_value = False
    assert session.position(SimpleNamespace(camera="left"), Mock()) == (None, "")
    assert not camera.depth.view.called and not outputs.publish_click.called
