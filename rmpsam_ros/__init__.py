"""RMP-SAM on camera topics: panoptic segmentation, instance tracking and click prompts with one network.

    from rmpsam_ros import Segmenter, PointPrompt

Public names are imported lazily, so that `import rmpsam_ros.msg` does not load the rest of the package.
"""
from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # editors and type checkers see neither the types nor the documentation of lazily imported names; `as`: exported
    from rmpsam_ros.errors import RmpsamError as RmpsamError
    from rmpsam_ros.frame import Frame as Frame
    from rmpsam_ros.segmenter import Segmenter as Segmenter
    from rmpsam_ros.tracking import Tracker as Tracker
    from rmpsam_ros.types import ClassLabel as ClassLabel
    from rmpsam_ros.types import LabelSet as LabelSet
    from rmpsam_ros.types import PanopticResult as PanopticResult
    from rmpsam_ros.types import PointPrompt as PointPrompt
    from rmpsam_ros.types import PromptResult as PromptResult
    from rmpsam_ros.types import Roi as Roi
    from rmpsam_ros.types import Segment as Segment
    from rmpsam_ros.types import TrackedInstance as TrackedInstance
    from rmpsam_ros.types import TrackState as TrackState

# With the source tree first on sys.path, Python still finds the generated msg/ and srv/ in the installed copy.
__path__ = extend_path(__path__, __name__)
__version__ = "0.1.0"

_HOME_OF = {
    "Segmenter": "rmpsam_ros.segmenter",
    "Frame": "rmpsam_ros.frame",
    "Tracker": "rmpsam_ros.tracking",
    "PointPrompt": "rmpsam_ros.types",
    "PanopticResult": "rmpsam_ros.types",
    "PromptResult": "rmpsam_ros.types",
    "Segment": "rmpsam_ros.types",
    "TrackedInstance": "rmpsam_ros.types",
    "TrackState": "rmpsam_ros.types",
    "Roi": "rmpsam_ros.types",
    "LabelSet": "rmpsam_ros.types",
    "ClassLabel": "rmpsam_ros.types",
    "RmpsamError": "rmpsam_ros.errors",
}
__all__ = list(_HOME_OF)


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
