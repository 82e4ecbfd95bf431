"""The demo: `python -m rmpsam_ros.demo` starts a moving camera and the real node, looks on, clicks, and keeps pictures.

    camera.py    its own process: real photographs as a moving camera, or any image, folder, video or V4L2 device
    node         its own process: `python -m rmpsam_ros.node`, as on a robot
    viewer.py    in this process: subscribes to what the node publishes and calls its service
    album.py     contact sheet, frames and video from what the viewer saw
    runner.py    the whole, from start to the summary table

`overview.py` makes the picture in the README.
"""
from rmpsam_ros.errors import RmpsamError


class DemoError(RmpsamError):
    """The demo cannot go on; one sentence says why. `code` is the exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
