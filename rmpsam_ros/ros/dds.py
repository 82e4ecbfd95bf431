"""Selects the Fast DDS profile of a process (images need a larger shared memory segment than the default) and removes its segments.

Fast DDS reads the environment variable when a process starts to use ROS, so it must be set before `rclpy.init()`.
"""
from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path

VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
"""The names of the variable: up to Fast DDS 2 (Humble, Jazzy), and from Fast DDS 3 on."""

TRANSPORTS = "FASTDDS_BUILTIN_TRANSPORTS"
"""Fast DDS's variable for its built-in transports, such as UDPv4 or LARGE_DATA. The transports of the shipped profile would override
it: over a network, a process with LARGE_DATA and one with the profile do not receive each other's images."""

PROFILE = "fastdds_large_images.xml"

_LOCK = re.compile(r"/dev/shm/fast(rtps|dds)_[0-9a-f]{16}_el")


def shipped_profile() -> Path | None:
    """The profile in `config/` of the source tree, a ROS workspace or a pip environment; None if not found."""
    shares = [Path(prefix) / "share" / "rmpsam_ros"
              for prefix in [*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix] if prefix]
    places = [Path(__file__).resolve().parents[2], *shares]
    return next((place / "config" / PROFILE for place in places if (place / "config" / PROFILE).is_file()), None)


def profile_in_effect(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path in one of the variables; None if the built-in transports are used."""
    return next((environ[name] for name in VARIABLES if environ.get(name)), None)


def transports_in_effect(environ: Mapping[str, str] = os.environ) -> str | None:
    """`TRANSPORTS=…` if it is set and no profile is; else None."""
    return f"{TRANSPORTS}={environ[TRANSPORTS]}" if environ.get(TRANSPORTS) and not profile_in_effect(environ) else None


def image_variables(large: bool = True, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables to add for a process: the shipped profile or, without `large`, what prevents the node from using it.

    Empty if a profile or transports are already chosen.
    """
    if profile_in_effect(environ) or transports_in_effect(environ):
        return {}
    if not large:
        return {TRANSPORTS: "DEFAULT"}
    profile = shipped_profile()
    return {name: str(profile) for name in VARIABLES} if profile else {}


def use_shipped_profile(environ: MutableMapping[str, str] = os.environ, loopback: bool = False) -> None:
    """Sets the variables to the shipped profile, unless the user has chosen a profile or transports.

    loopback: communication stays on this machine, so transports chosen for a network are dropped.
    """
    if loopback:
        environ.pop(TRANSPORTS, None)
    environ.update(image_variables(environ=environ))


def remove_own_segments() -> None:
    """Removes this process's Fast DDS shared memory segments, for exits without a ROS shutdown: they would stay until the machine
    reboots, 64 MB each with the shipped profile. Processes that have one mapped keep it.

    For each of its own segments, and only for those, a process holds a lock file NAME_el open.
    """
    with suppress(OSError):  # no /proc
        for entry in os.scandir("/proc/self/fd"):
            with suppress(OSError):
                lock = os.readlink(entry.path)
                if _LOCK.fullmatch(lock):
                    os.unlink(lock.removesuffix("_el"))
                    os.unlink(lock)
