"""Tests which sections of a parameter file apply to a node; compared with ROS itself, if installed."""
from __future__ import annotations

import os

import pytest
import yaml

from rmpsam_ros.ros import parameter_files

CASES = [
    ("/**: {ros__parameters: {x: 1}}", {"/rmpsam": 1, "/a/rmpsam": 1, "/a/b/rmpsam": 1}),
    ("/*: {ros__parameters: {x: 1}}", {"/rmpsam": 1}),
    ("rmpsam: {ros__parameters: {x: 1}}", {"/rmpsam": 1}),
    ("/rmpsam: {ros__parameters: {x: 1}}", {"/rmpsam": 1}),
    ("/a/rmpsam: {ros__parameters: {x: 1}}", {"/a/rmpsam": 1}),
    ("a/rmpsam: {ros__parameters: {x: 1}}", {"/a/rmpsam": 1}),
    ("a: {rmpsam: {ros__parameters: {x: 1}}}", {"/a/rmpsam": 1}),
    ("/a: {b: {rmpsam: {ros__parameters: {x: 1}}}}", {"/a/b/rmpsam": 1}),
    ("/**: {rmpsam: {ros__parameters: {x: 1}}}", {"/rmpsam": 1, "/a/rmpsam": 1, "/a/b/rmpsam": 1}),
    ("/*/rmpsam: {ros__parameters: {x: 1}}", {"/a/rmpsam": 1}),
    ("/a/**: {ros__parameters: {x: 1}}", {"/a/rmpsam": 1, "/a/b/rmpsam": 1}),
    ("/a/rmpsam: {ros__parameters: {x: 1}}\n/**: {ros__parameters: {x: 2}}", {"/rmpsam": 2, "/a/rmpsam": 2, "/a/b/rmpsam": 2}),
    ("bt_navigator: {ros__parameters: {x: 1}}\n/rmpsam2: {ros__parameters: {x: 1}}", {}),
    ("", {}),
]
NODES = ("/rmpsam", "/a/rmpsam", "/a/b/rmpsam")


def found(path, node: str) -> dict:
    return {name: value for section, values in parameter_files.sections(path) if parameter_files.fits(section, node) for name, value in values.items()}


@pytest.mark.parametrize("text, expected", CASES)
def test_sections__those_that_fit__give_the_node_its_parameters(tmp_path, text, expected):
    (tmp_path / "p.yaml").write_text(text)
    assert {node: values["x"] for node in NODES if (values := found(tmp_path / "p.yaml", node))} == expected


@pytest.mark.parametrize("text, expected", CASES)
def test_sections__as_ros_reads_them(tmp_path, text, expected):
    rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
    if "*" in text and os.environ.get("ROS_DISTRO") == "humble":
        pytest.skip("Humble knows fewer wildcards")
    (tmp_path / "p.yaml").write_text(text)
    context, values = rclpy.Context(), {}
    rclpy.init(args=["--ros-args", "--params-file", str(tmp_path / "p.yaml")], context=context)
    try:
        for name in NODES:
            node = rclpy.create_node("rmpsam", namespace=name.rpartition("/")[0] or "/", context=context, automatically_declare_parameters_from_overrides=True)
            if node.has_parameter("x"):
                values[name] = node.get_parameter("x").value
            node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    assert values == expected


@pytest.mark.parametrize("text", ["rmpsam:", "rmpsam: {ros__parameters: }", "- a", "x: 3", "rmpsam: text", "7: {ros__parameters: [1]}"])
def test_sections__what_ros_refuses__gives_nothing(tmp_path, text):
    (tmp_path / "p.yaml").write_text(text)
    assert found(tmp_path / "p.yaml", "/rmpsam") == {}


@pytest.mark.parametrize("content", [b"a: [", b"a: \xff\xfe"])
def test_sections__what_is_no_yaml__is_said(tmp_path, content):
    (tmp_path / "p.yaml").write_bytes(content)
    with pytest.raises((ValueError, yaml.YAMLError)):
        parameter_files.sections(tmp_path / "p.yaml")


@pytest.mark.parametrize("texts, expected", [
    ([], ""), (["rmpsam_node: {ros__parameters: {x: 1}}"], "no section of {0} applies to the node /a/rmpsam, which starts without its parameters: a section begins with /a/rmpsam: or /**:"),
    (["rmpsam: {ros__parameters: {x: 1}}", ""], "no section of {0} or {1} applies to the node /a/rmpsam, which starts without its parameters: a section begins with /a/rmpsam: or /**:"),
    (["rmpsam: {ros__parameters: {x: 1}}", "/**: {ros__parameters: {x: 1}}"], ""), (["a: ["], ""),
])
def test_files__without_a_section_for_the_node__are_named(tmp_path, texts, expected):
    files = [str(tmp_path / f"{number}.yaml") for number in range(len(texts))]
    for file, text in zip(files, texts):
        (tmp_path / file).write_text(text)
    words = ["--ros-args", *(word for file in files for word in ("--params-file", file)), "-p", "x:=1"]
    assert parameter_files.not_for("/a/rmpsam", words) == expected.format(*files)
