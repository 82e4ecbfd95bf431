"""What pip runs to build this package in plain Python: the build backend that pyproject.toml names.

CMakeLists.txt stays the only build description. Where ROS 2 is installed, colcon calls it and this file is not used.
In plain Python, scikit-build-core calls it; all that is added here is where ROS is, because `pip` puts the ROS wheels
that the build needs into an environment of its own, whose place is known only now.

    pip install .               # the usual way
    python setup.py install     # the same, for fingers that are used to it
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def _find_ros() -> None:
    """Points CMake, and with it ament, to the ROS wheels of this build environment."""
    sourced = os.environ.get("ROS_DISTRO") or os.environ.get("AMENT_PREFIX_PATH")
    if sourced:
        sys.exit(f"A ROS 2 installation is sourced ({sourced}): build this package with `colcon build`, or open a "
                 "shell without it to install the pip version.")
    import ament_package

    prefix = str(Path(ament_package.__file__).resolve().parents[4])
    os.environ["AMENT_PREFIX_PATH"] = os.environ["CMAKE_PREFIX_PATH"] = prefix
    os.environ["SKBUILD_CMAKE_ARGS"] = ";".join([
        f"-DCMAKE_PROJECT_rmpsam_ros_INCLUDE={HERE / 'packaging' / 'pip_ros_wheels.cmake'}",
        f"-DPython3_EXECUTABLE={sys.executable}",
        "-DPython3_FIND_STRATEGY=LOCATION",
    ])


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517: the generated messages, the Python package and the files that ROS tools look for, in one wheel."""
    _find_ros()
    return _backend().build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660: refused, because the generated messages must land in `<prefix>/lib`, where an editable wheel cannot."""
    sys.exit("An editable install cannot carry the generated messages: run `pip install .` once, then put this "
             "folder first on PYTHONPATH to work on the sources.")


def _backend():
    from scikit_build_core import build

    return build


def __getattr__(hook: str):
    """The other hooks of PEP 517 are scikit-build-core's, unchanged."""
    if hook.startswith(("get_requires_for_build_", "prepare_metadata_for_build_", "build_")):
        return getattr(_backend(), hook)
    raise AttributeError(hook)


def _run_pip(command: str) -> int:
    """Answers `python setup.py COMMAND` by calling pip, which comes back here through the hooks above."""
    pip = {"install": ["install"], "bdist_wheel": ["wheel", "--no-deps", "--wheel-dir", str(HERE / "dist")]}.get(command)
    if pip is None:
        print("usage: python setup.py install | bdist_wheel   (both call pip; colcon needs neither)", file=sys.stderr)
        return 2
    return subprocess.call([sys.executable, "-m", "pip", *pip, str(HERE)])


if __name__ == "__main__":
    sys.exit(_run_pip(sys.argv[1] if len(sys.argv) == 2 else ""))
