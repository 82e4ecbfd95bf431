"""Forwards records of Python's `logging` from the rest of the package (engine builds, caches, fallbacks) to the node's log."""
from __future__ import annotations

import logging
from collections.abc import Callable


class LogBridge(logging.Handler):
    """A logging handler that forwards records of `rmpsam_ros` to a ROS logger while attached.

    Args:
        logger: returns the ROS logger.
        heard: also called with the text of each record.
    """

    def __init__(self, logger: Callable[[], object], heard: Callable[[str], None]):
        super().__init__(logging.INFO)
        self._logger, self._heard = logger, heard
        self._source = logging.getLogger("rmpsam_ros")

    def attach(self) -> None:
        """Starts forwarding."""
        self._source.addHandler(self)
        if self._source.getEffectiveLevel() > logging.INFO:
            self._source.setLevel(logging.INFO)

    def detach(self) -> None:
        """Stops forwarding."""
        self._source.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Forwards one record at its level."""
        try:
            text, logger = " ".join(record.getMessage().split()), self._logger()
            # One call per level: rclpy requires each call site to keep to one severity.
            if record.levelno >= logging.ERROR:
                logger.error(text)
            elif record.levelno >= logging.WARNING:
                logger.warning(text)
            else:
                logger.info(text)
            self._heard(text)
        except Exception:
            self.handleError(record)
