"""`rmpsam_node --help`: no node, but what it takes."""
from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from rmpsam_ros import node  # noqa: E402
from rmpsam_ros.ros.parameters import SPECS  # noqa: E402


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["-h", "--ros-args", "-p", "autostart:=false"]])
def test_help__names_every_parameter_and_starts_nothing(words, capsys, monkeypatch):
    monkeypatch.setattr(node.rclpy, "init", lambda **_: pytest.fail("the node was started"))
    assert node.main(words) == 0
    text = capsys.readouterr().out
    assert all(f"  {spec.name}{'*' * spec.live} " in text for spec in SPECS)
    assert "NAME.rotation" in text and "(NAME/image_raw_mouse_left)" in text
