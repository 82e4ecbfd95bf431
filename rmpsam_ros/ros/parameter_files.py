"""What a ROS parameter file has for a node, which itself reads it through ROS: for the launch file, and for what the node says of it."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml


def sections(path: str | os.PathLike) -> list[tuple[str, dict[str, Any]]]:
    """Of each section of a parameter file the full name of the nodes that it is for, wildcards in it, and its parameters.

    Raises:
        OSError, ValueError, yaml.YAMLError: it cannot be read, is no text, or is no YAML.
    """
    with open(path, encoding="utf-8") as file:
        return list(_sections("", yaml.safe_load(file)))


def _sections(name: str, part: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names may be nested, `robot1: {rmpsam: …}`, or in one: `/robot1/rmpsam: …`."""
    for key, value in part.items() if isinstance(part, dict) else ():
        if key == "ros__parameters":
            yield name, value if isinstance(value, dict) else {}
        else:
            yield from _sections(f"{name}/{str(key).strip('/')}", value)


def fits(section: str, node: str) -> bool:
    """Whether a section is for the node of that full name, such as /robot1/rmpsam: `*` is one name, `**` any number of them."""
    pattern = re.escape(section).replace(r"/\*\*", r"(/\w+)*").replace(r"/\*", r"/\w+")
    return re.fullmatch(pattern, node) is not None


def not_for(node: str, words: Sequence[str]) -> str:
    """What is wrong where parameter files are given on a command line, and none has a section for the node of that full name; '' otherwise."""
    files = [file for option, file in zip(words, words[1:]) if option == "--params-file"]
    try:
        if not files or any(fits(section, node) for file in files for section, _ in sections(file)):
            return ""
    except (OSError, ValueError, yaml.YAMLError):
        return ""  # ROS has read it all the same
    return f"no section of {' or '.join(files)} is for the node {node}, which starts without it: one begins with {node}: or /**:"
