"""Tests that the package's logging records reach the node's log, at their level, while the bridge is attached."""
from __future__ import annotations

import logging
from types import SimpleNamespace

from rmpsam_ros.ros.ros_logging import LogBridge


def test_log_bridge__levels_text_and_detaching():
    lines, heard = [], []
    logger = SimpleNamespace(**{
        level: (lambda text, level=level: lines.append((level, text))) for level in ("info", "warning", "error")
    })
    bridge = LogBridge(lambda: logger, heard.append)
    source = logging.getLogger("rmpsam_ros.backends.some")
    bridge.attach()
    try:
        source.debug("not this")
        source.info("building the %s engine:\n  %d of 2", "image", 1)
        source.warning("no cache")
        source.critical("broken")
    finally:
        bridge.detach()
    source.warning("not this either")
    assert lines == [("info", "building the image engine: 1 of 2"), ("warning", "no cache"), ("error", "broken")]
    assert heard == [text for _, text in lines]


def test_log_bridge__a_logger_that_is_gone_disturbs_nobody(capsys):
    def gone():
        raise RuntimeError("the node is destroyed")

    bridge = LogBridge(gone, lambda text: None)
    bridge.attach()
    try:
        logging.getLogger("rmpsam_ros").warning("late")
    finally:
        bridge.detach()
