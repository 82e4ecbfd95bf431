"""Checks the repository's consistency: one version, the agreed interfaces, the same lists in every build file."""
from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from shutil import which

import pytest
import yaml

from rmpsam_ros import __version__
from rmpsam_ros.cli import _EXTRAS
from rmpsam_ros.ros.parameters import SPECS

ROOT = Path(__file__).resolve().parents[1]

TOP_LEVEL = {
    "rmpsam_ros", "launch", "msg", "srv", "config", "test", "package.xml", "setup.py", "CMakeLists.txt",
    "pyproject.toml", "packaging", "README.md", "ARCHITECTURE.md", "CHANGELOG.rst", "LICENSE", "Makefile", ".ci", ".gitignore",
}
OPTIONAL_TOP_LEVEL = {"rviz"}

INTERFACES = {
    "msg/ClassLabel.msg": "uint16 id; string name; bool is_thing; std_msgs/ColorRGBA color",
    "msg/LabelSet.msg": "string name; ClassLabel[] classes",
    "msg/PanopticSegmentation.msg": "std_msgs/Header header; sensor_msgs/Image segment_ids; Segment[] segments",
    "msg/PointPrompt.msg": "uint8 BACKGROUND=0; uint8 FOREGROUND=1; float32 x; float32 y; uint8 label",
    "msg/Segment.msg": "uint16 id; uint16 class_id; string class_name; bool is_thing; float32 score; uint32 area; "
                       "sensor_msgs/RegionOfInterest roi; uint32 track_id",
    "msg/TrackedInstance.msg":
        "uint8 TENTATIVE=0; uint8 CONFIRMED=1; uint8 LOST=2; uint32 track_id; uint16 class_id; string class_name; "
        "float32 score; uint8 state; uint32 age; uint32 frames_since_seen; bool prompted; "
        "sensor_msgs/RegionOfInterest roi; sensor_msgs/Image mask; bool has_position; geometry_msgs/Point position",
    "msg/TrackedInstanceArray.msg": "std_msgs/Header header; TrackedInstance[] instances",
    "srv/RemoveTrack.srv": "string camera; uint32 track_id; ---; bool success; string message",
    "srv/SegmentPoints.srv":
        "string camera; builtin_interfaces/Time stamp; PointPrompt[] points; sensor_msgs/RegionOfInterest[] boxes; "
        "bool track; ---; bool success; string message; std_msgs/Header header; float32 score; "
        "sensor_msgs/RegionOfInterest roi; sensor_msgs/Image mask; uint16 class_id; string class_name; "
        "uint32 track_id; float32 latency_ms",
}
"""The interface contract with users' code: names, types and their order, which must not change."""


def tracked_files(*options: str) -> list[str]:
    if not (ROOT / ".git").exists() or which("git") is None:
        pytest.skip("this is not a git checkout, or git is missing")
    return subprocess.run(["git", "ls-files", *options], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def package_xml() -> ElementTree.Element:
    return ElementTree.parse(ROOT / "package.xml").getroot()


def test_run_from_here__the_sources_come_before_what_pip_has_installed__and_after_pythonpath(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python = tmp_path / "env/bin/python"
    copy = Path(subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True,
                               capture_output=True, text=True).stdout.strip(), "rmpsam_ros")  # fmt: skip
    other = tmp_path / "other" / "rmpsam_ros"
    for folder in (copy, other):
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    ask = [python, "-c", "import importlib.util; print(importlib.util.find_spec('rmpsam_ros').origin)"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for expected in (copy, ROOT / "rmpsam_ros"):
        for environ, place in ((plain, expected), ({**plain, "PYTHONPATH": str(other.parent)}, other)):
            found = subprocess.run(ask, check=True, capture_output=True, text=True, cwd=tmp_path, env=environ).stdout.strip()
            assert Path(found) == place / "__init__.py"
        subprocess.run([python, ROOT / "packaging/run_from_here.py"], check=True, env=plain)


def test_version__is_the_same_everywhere():
    in_pyproject = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert package_xml().findtext("version") == in_pyproject == __version__


def test_description__is_the_same_for_ros_and_pip():
    in_pyproject = re.search(r'^description = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert package_xml().findtext("description") == in_pyproject + "."


def test_top_level__holds_what_is_promised_and_nothing_else():
    entries = {path.split("/")[0] for path in tracked_files()}
    assert TOP_LEVEL <= entries
    assert entries - TOP_LEVEL <= OPTIONAL_TOP_LEVEL


def test_source_archive__leaves_out_nothing_but_ci():
    patterns = re.search(r"^sdist\.exclude = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    exclude = [f"--exclude={pattern}" for pattern in re.findall(r'"(.+?)"', patterns)]
    for options, left_out in ((exclude, {".ci"}), (["--exclude-per-directory=.gitignore"], set())):  # both are git patterns
        assert {path.split("/")[0] for path in tracked_files("--cached", "--ignored", *options)} == left_out


def test_no_setup_cfg__because_ament_would_read_it():
    assert not (ROOT / "setup.cfg").exists()


@pytest.mark.parametrize("path", INTERFACES)
def test_interface__has_the_agreed_fields(path):
    lines = [re.sub(r"#.*", "", line).strip() for line in (ROOT / path).read_text().splitlines()]
    assert "; ".join(" ".join(line.split()) for line in lines if line) == INTERFACES[path]


@pytest.mark.parametrize("path", INTERFACES)
def test_interface__is_ascii(path):
    assert (ROOT / path).read_text().isascii()  # Humble's generators read it in the locale's encoding


def test_interfaces__are_all_built():
    listed = set(re.findall(r"^\s+((?:msg|srv)/\w+\.\w+)$", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE))
    present = {f"{kind}/{path.name}" for kind in ("msg", "srv") for path in (ROOT / kind).iterdir()}
    assert listed == present == set(INTERFACES)


def test_message_packages__are_declared_wherever_they_are_needed():
    used = set(re.findall(r"\b([a-z_]+)/[A-Z]", " ".join(INTERFACES.values())))
    cmake = (ROOT / "CMakeLists.txt").read_text()
    assert set(re.search(r"DEPENDENCIES (.+)", cmake)[1].split()) == used
    assert used <= set(re.findall(r"find_package\((\w+) REQUIRED\)", cmake))
    assert used <= {element.text for element in package_xml().findall("depend")}


def test_package_xml__declares_every_ros_package_that_is_imported():
    declared = {element.text for kind in ("depend", "exec_depend") for element in package_xml().findall(kind)}
    imported = set()
    for path in [*(ROOT / "rmpsam_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]:
        imported |= set(re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE))
    of_ros = {name for name in imported if re.fullmatch(r"rclpy|launch|cv_bridge|ament_index_python|message_filters|"
                                                        r"\w+_(msgs|srvs|interfaces|ros|py)", name)}
    assert {"rclpy", "sensor_msgs", "std_srvs", "launch_ros"} <= of_ros
    assert of_ros - {"rmpsam_ros"} <= declared


def test_pip__installs_the_same_message_packages_that_it_builds_with():
    groups = re.split(r"^\[project\]$", (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    pins = [dict(re.findall(r'"(ros-jazzy-[a-z-]+)==([\d.]+)"', group)) for group in groups]
    built_with, installed = pins
    shared = {name for name in built_with if name.endswith("-msgs")}
    assert {name: installed.get(name) for name in shared} == {name: built_with[name] for name in shared}


def test_constraints__pin_everything_that_pip_installs():
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "packaging/constraints.txt").read_text(), re.MULTILINE))
    project = (ROOT / "pyproject.toml").read_text().split("[project]")[1].split("[project.scripts]")[0]
    wanted = {name.lower() for name in re.findall(r'"([A-Za-z][\w-]*)(?:==|>=)', project)}
    assert len(wanted) > 15 and wanted <= pinned


def test_extras__are_what_the_command_line_says():
    project = (ROOT / "pyproject.toml").read_text()
    project = project.split("[project.optional-dependencies]")[1].split("[project.scripts]")[0]
    for extra, packages in _EXTRAS.items():
        listed = re.split(r"^\w+ = ", project.split(f"\n{extra} = ")[1], flags=re.MULTILINE)[0]
        assert tuple(re.findall(r'"([\w-]+)[=>]=', listed)) == packages


def test_parameter_file__holds_every_parameter_with_its_default():
    written = yaml.safe_load((ROOT / "config/rmpsam.yaml").read_text())["/**"]["ros__parameters"]
    expected = {s.name: list(s.default) if isinstance(s.default, tuple) else s.default for s in SPECS}
    assert {name: written.get(name) for name in expected} == expected
    assert set(written) - set(expected) == {"camera", "clicked_point_topic"}


def test_parameter_file__holds_what_belongs_to_a_camera_with_its_default():
    pytest.importorskip("rcl_interfaces", reason="ROS 2 is not installed")
    from rmpsam_ros.ros.node_parameters import TOPICS

    topics = {"camera": "camera"}
    for kind, (default, _) in TOPICS.items():
        topics[kind] = default.format(**topics)
    written = yaml.safe_load((ROOT / "config/rmpsam.yaml").read_text())["/**"]["ros__parameters"]
    assert written["camera"] == {**{kind: topics[kind] for kind in TOPICS}, "rotation": 0}


def test_parameter_file__says_why_in_every_line():
    lines = (ROOT / "config/rmpsam.yaml").read_text().split("ros__parameters:")[1].splitlines()
    assert [line for line in lines if line.strip() and "#" not in line and line.strip() != "camera:"] == []


def test_parameter_file__says_of_closer_looks_what_the_readme_says():
    cost = r"up to (\w+) more (?:encoder runs|runs of the encoder)"
    said = [re.findall(cost, (ROOT / file).read_text()) for file in ("README.md", "config/rmpsam.yaml")]
    assert said[0] == said[1] != []


def test_dds_profile__is_a_profile_with_a_segment_that_holds_large_images():
    root = ElementTree.parse(ROOT / "config/fastdds_large_images.xml").getroot()
    space = {"d": "http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"}
    sizes = [int(element.text) for element in root.iterfind(".//d:segment_size", space)]
    assert sizes and min(sizes) >= 2 * 4000 * 2000 * 3
    assert root.find(".//d:participant", space).get("is_default_profile") == "true"


def test_types__are_told_to_type_checkers():
    assert "rmpsam_ros/py.typed" in tracked_files()
    installed = re.search(r"install\(DIRECTORY \$\{PROJECT_NAME\}/\n(.+?)\n\)", (ROOT / "CMakeLists.txt").read_text(), re.DOTALL)[1]
    assert re.findall(r'PATTERN "(.+)" EXCLUDE', installed) == ["__pycache__", "*.pyc"] and "FILES_MATCHING" not in installed


def test_executables__are_installed_and_can_run():
    assert "install(PROGRAMS packaging/rmpsam packaging/rmpsam_node " in (ROOT / "CMakeLists.txt").read_text()
    for name in ("rmpsam", "rmpsam_node"):
        path = ROOT / "packaging" / name
        assert path.stat().st_mode & 0o111 and path.read_text().startswith("#!/usr/bin/env python3\n")


def test_no_tracked_file__is_too_large_or_names_a_machine():
    for path in map(ROOT.joinpath, tracked_files()):
        assert path.stat().st_size < 40 << 20, path
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".xml", ".txt", ".msg", ".srv", ".cmake"):
            assert not re.search(r"/(home|root|tmp)/\w", path.read_text()), path
