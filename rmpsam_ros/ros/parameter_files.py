"""Finds the sections of a ROS parameter file that apply to a node. Used by the launch file and for warnings; ROS itself loads the file."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml


def sections(path: str | os.PathLike) -> list[tuple[str, dict[str, Any]]]:
    """For each section of a parameter file: the full node name that it applies to, which may have wildcards, and its parameters.

    Raises:
        OSError, ValueError, yaml.YAMLError: the file cannot be read, is not text, or is not YAML.
    """
    with open(path, encoding="utf-8") as file:
        return list(_sections("", yaml.safe_load(file)))


def _sections(name: str, part: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names may be nested, `robot1: {rmpsam: …}`, or written in one: `/robot1/rmpsam: …`."""
    for key, value in part.items() if isinstance(part, dict) else ():
        if key == "ros__parameters":
            yield name, value if isinstance(value, dict) else {}
        else:
            yield from _sections(f"{name}/{str(key).strip('/')}", value)


def fits(section: str, node: str) -> bool:
    """Whether a section applies to the node of this full name, such as /robot1/rmpsam: `*` matches one token, `**` any number."""
    pattern = re.escape(section).replace(r"/\*\*", r"(/\w+)*").replace(r"/\*", r"/\w+")
    return re.fullmatch(pattern, node) is not None


def not_for(node: str, words: Sequence[str]) -> str:
    """A warning if a command line has parameter files, but none has a section for the node of this full name; '' otherwise."""
    files = [file for option, file in zip(words, words[1:]) if option == "--params-file"]
    try:
        if not files or any(fits(section, node) for file in files for section, _ in sections(file)):
            return ""
    except (OSError, ValueError, yaml.YAMLError):
        return ""  # ROS has already loaded it
    return (f"no section of {' or '.join(files)} applies to the node {node}, which starts without its parameters: "
            f"a section begins with {node}: or /**:")
