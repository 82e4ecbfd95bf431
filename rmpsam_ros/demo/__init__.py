"""The demo: `python -m rmpsam_ros.demo` runs a moving camera and the real node, displays results, clicks, and saves pictures.

    camera.py    separate process: photographs seen by a moving camera, or any image, folder, video or V4L2 device
    node         separate process: `python -m rmpsam_ros.node`, as on a robot
    viewer.py    this process: subscribes to the node's topics and calls its service
    album.py     contact sheet, frames and video of the viewer's images
    runner.py    the whole demo, from start to the summary table

`overview.py` makes the picture in the README.
"""
from rmpsam_ros.errors import RmpsamError


class DemoError(RmpsamError):
    """The demo cannot continue, for the reason given in one sentence. `code` is the exit code."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code
