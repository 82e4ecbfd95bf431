"""Which Fast DDS profile a process uses, as images need a larger shared memory segment than the default one; and whose segments go.

Fast DDS reads the variable when a process starts to use ROS, so it must be set before `rclpy.init()`.
"""
from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""The variable's names up to Fast DDS 2 (Humble, Jazzy) and from 3 on."""

TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"
"""Fast DDS's own choice of transports, such as UDPv4 or LARGE_DATA. The shipped profile has transports of its own, which would go before
it: over a network a process with LARGE_DATA and one with the profile hear nothing of each other's images."""

PROFILE = "fastdds_large_images.xml"

_LOCK = re.compile(r"/dev/shm/fast(rtps|dds)_[0-9a-f]{16}_el")


def shipped_profile() -> Path | None:
    """The profile in `config/`: of the source tree, of a ROS workspace, or of a pip environment; None if not found."""
    shares = [Path(prefix) / "share" / "rmpsam_ros"
              for prefix in [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix] if prefix]
    places = [Path(__file__).resolve().parents[2], *shares]
    return next((place / "config" / PROFILE for place in places if (place / "config" / PROFILE).is_file()), None)


def profile_in_effect(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path that one of the variables gives, or None: the built-in transports."""
    return next((environ[name] for name in VARIABLES if environ.get(name)), None)


def transports_in_effect(environ: Mapping[str, str] = os.environ) -> str | None:
    """`TRANSPORTS=…` where it is set and no profile is, or None."""
    return f"{TRANSPORTS}={environ[TRANSPORTS]}" if environ.get(TRANSPORTS) and not profile_in_effect(environ) else None


def image_variables(large: bool = True, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to add to the environment of a process: the shipped profile, or without `large` what keeps the node from using it.

    Nothing where a profile or transports are chosen already.
    """
    if profile_in_effect(environ) or transports_in_effect(environ):
        return {}
    if not large:
        return {TRANSPORTS: "DEFAULT"}
    profile = shipped_profile()
    return {name: str(profile) for name in VARIABLES} if profile else {}


def use_shipped_profile(environ: MutableMapping[str, str] = os.environ, loopback: bool = False) -> None:
    """Sets the variables to the shipped profile, unless the user has chosen a profile or transports.

    loopback: only this machine is talked to, so transports that were chosen for a network are dropped.
    """
    if loopback:
        environ.pop(TRANSPORTS, None)
    environ.update(image_variables(environ=environ))


def remove_own_segments() -> None:
    """Removes this process's shared memory segments of Fast DDS, for an end without leaving ROS: they would stay until the machine
    starts anew, 64 MB each with the shipped profile. Who has one mapped keeps it.

    Beside each segment of its own, and only of those, a process holds a lock file NAME_el open.
    """
    with suppress(OSError):  # no /proc
        for entry in os.scandir("/proc/self/fd"):
            with suppress(OSError):
                lock = os.readlink(entry.path)
                if _LOCK.fullmatch(lock):
                    os.unlink(lock.removesuffix("_el"))
                    os.unlink(lock)
