"""What the floors below log with Python's `logging`, in the node's log: builds of engines, caches, fallbacks."""
from __future__ import annotations

import logging
from collections.abc import Callable


class LogBridge(logging.Handler):
    """Hands records of `rmpsam_ros` to a ROS logger while it is attached.

    Args:
        logger: gives the ROS logger.
        heard: called with the text of each record too.
    """

    def __init__(self, logger: Callable[[], object], heard: Callable[[str], None]):
        super().__init__(logging.INFO)
        self._logger, self._heard = logger, heard
        self._source = logging.getLogger("rmpsam_ros")

    def attach(self) -> None:
        """Begins to listen."""
        self._source.addHandler(self)
        if self._source.getEffectiveLevel() > logging.INFO:
            self._source.setLevel(logging.INFO)

    def detach(self) -> None:
        """Listens no more."""
        self._source.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """One record, at its level."""
        try:
            text, logger = " ".join(record.getMessage().split()), self._logger()
            # A call for each level: rclpy wants every place in the source to keep to one.
            if record.levelno >= logging.ERROR:
                logger.error(text)
            elif record.levelno >= logging.WARNING:
                logger.warning(text)
            else:
                logger.info(text)
            self._heard(text)
        except Exception:
            self.handleError(record)
