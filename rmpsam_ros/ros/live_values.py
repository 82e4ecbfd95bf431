"""Applies parameters that change while the node runs to the segmenter and the trackers. No ROS."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rmpsam_ros.ros.parameters import FROM_MODEL, NodeConfig

THRESHOLDS = ("score_threshold", "overlap_threshold")


class LiveValues:
    """The live parameters of one segmenter; where a parameter leaves a value to the model, the segmenter's own is restored."""

    def __init__(self, segmenter: Any) -> None:
        self._segmenter = segmenter
        self._thresholds = {name: getattr(segmenter, name) for name in THRESHOLDS}
        self._zoom = segmenter.zoom
        self._applied: NodeConfig | None = None

    def take_over(self, config: NodeConfig, trackers: Iterable[Any]) -> None:
        """Applies the current parameters; cheap if nothing has changed."""
        if config is self._applied:
            return
        for name, own in self._thresholds.items():
            value = getattr(config, name)
            setattr(self._segmenter, name, own if value == FROM_MODEL else value)
        self._segmenter.class_filter = config.class_filter
        self._segmenter.zoom = self._zoom and config.prompt_zoom
        for tracker in trackers:
            tracker.max_age, tracker.min_hits = config.track_max_age, config.track_min_hits
        self._applied = config
