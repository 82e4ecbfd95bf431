"""The PEP 517 build backend named in pyproject.toml, which pip uses to build this package without a ROS installation.

CMakeLists.txt is the only build description. Where ROS 2 is installed, colcon uses it and this file is not involved.
Without ROS, scikit-build-core uses it. This file only adds the location of ROS: pip installs the ROS wheels needed for the
build into an isolated environment, whose path is known only at build time.

    pip install .               # the usual way
    python setup.py install     # the same, in the old form
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def _find_ros() -> None:
    """Sets the environment variables with which CMake and ament find the ROS wheels of this build environment."""
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
    """PEP 517: builds a wheel with the generated messages, the Python package and the files that ROS tools need."""
    _find_ros()
    return _backend().build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 660: refused, because the generated messages must be in `<prefix>/lib`, where an editable wheel cannot install files."""
    sys.exit("An editable install cannot carry the generated messages: run `pip install .` once, then put this "
             "folder first on PYTHONPATH to work on the sources.")


def _backend():
    from scikit_build_core import build

    return build


def __getattr__(hook: str):
    """Forwards the other PEP 517 hooks to scikit-build-core."""
    if hook.startswith(("get_requires_for_build_", "prepare_metadata_for_build_", "build_")):
        return getattr(_backend(), hook)
    raise AttributeError(hook)


def _run_pip(command: str) -> int:
    """Runs `python setup.py COMMAND` with pip, which calls the hooks above."""
    pip = {"install": ["install"], "bdist_wheel": ["wheel", "--no-deps", "--wheel-dir", str(HERE / "dist")]}.get(command)
    if pip is None:
        print("usage: python setup.py install | bdist_wheel   (both call pip; colcon needs neither)", file=sys.stderr)
        return 2
    return subprocess.call([sys.executable, "-m", "pip", *pip, str(HERE)])


if __name__ == "__main__":
    sys.exit(_run_pip(sys.argv[1] if len(sys.argv) == 2 else ""))
