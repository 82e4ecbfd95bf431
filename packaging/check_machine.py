"""Checks whether this machine can run `make demo`, and says in one sentence what is missing; run by the Makefile before any installation."""
import os
import platform
import shutil
import sys
import sysconfig


def lacking():
    """The first problem, with its solution, or None."""
    version = "%d.%d" % sys.version_info[:2]
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        return "Python %s is %s: 3.10 to 3.13 is needed; choose one with `make PYTHON=python3.11 …`." % (sys.executable, version)
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return ("the ROS 2 wheels on PyPI are for Linux on x86-64, this is %s on %s; install ROS 2 and use `colcon build` "
                "(README.md, section Install)." % (platform.system(), platform.machine()))
    if not (os.environ.get("CXX") or any(map(shutil.which, ("c++", "g++", "clang++")))):
        return "no C++ compiler was found: `sudo apt install g++`, or set CXX."
    if not os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
        return "the headers of Python %s are missing: `sudo apt install python%s-dev`." % (version, version)
    try:
        import ensurepip  # noqa: F401
        import venv as _  # noqa: F401
    except ImportError:
        return "Python %s cannot make virtual environments: `sudo apt install python%s-venv`." % (version, version)
    return None


if __name__ == "__main__":
    problem = lacking()
    sys.exit("make: " + problem if problem else 0)
