"""Tests `rmpsam_node` before the node exists: its arguments, and that it ends on a signal."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from rmpsam_ros import node  # noqa: E402
from rmpsam_ros.ros.node_parameters import ROS_OWN  # noqa: E402
from rmpsam_ros.ros.parameters import SPECS  # noqa: E402
from rmpsam_ros.ros.usage import usage  # noqa: E402


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["-h", "--ros-args", "-p", "autostart:=false"]])
def test_help__names_every_parameter_and_starts_nothing(words, capsys, monkeypatch):
    monkeypatch.setattr(node.rclpy, "init", lambda **_: pytest.fail("the node was started"))
    assert node.main(words) == 0
    text = capsys.readouterr().out
    assert all(f"  {spec.name}{'*' * spec.live} " in text for spec in SPECS)
    assert "NAME.rotation" in text and "(NAME/image_raw_mouse_left)" in text


def test_help__has_the_parameters_that_the_node_declares_and_no_others():
    context = node.rclpy.Context()
    node.rclpy.init(args=["--ros-args", "-p", "autostart:=false", "-p", "cameras:=[NAME]"], context=context)
    try:
        started = node.RmpsamNode(context=context)
        declared = {name for name in started._parameters if not name.startswith(ROS_OWN)}
        started.destroy_node()
    finally:
        node.rclpy.shutdown(context=context)
    assert set(re.findall(r"^  ([\w.]+)\*? ", usage(), re.MULTILINE)) == declared


@pytest.mark.parametrize("words", [["--params-file", "x.yaml"], ["--foo", "--ros-args", "-p", "autostart:=false"]])
def test_start__arguments_that_are_none_of_ros__are_refused(words, capsys, monkeypatch):
    monkeypatch.setattr(node.rclpy, "init", lambda **_: pytest.fail("the node was started"))
    assert node.main(words) == 2
    assert capsys.readouterr().err == f"rmpsam_node: unknown argument {words[0]}; parameters and remaps follow --ros-args: --ros-args --params-file FILE\n"


@pytest.mark.parametrize("text", ["cameras: [front]\n", "rmpsam:\n\tros__parameters:\n", "rmpsam:\n  ros__parameters:\n    model:\n"])
def test_start__a_parameter_file_that_ros_cannot_read__is_named_in_one_sentence(text, tmp_path, capsys, monkeypatch):
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.setattr(node, "RmpsamNode", lambda: pytest.fail("the node was started"))
    assert node.main(["--ros-args", "--params-file", str(tmp_path / "mine.yaml")]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r"rmpsam_node: .*mine\.yaml.* line \d: a parameter file has the node's name or /\*\*, .* indented by spaces\n", said)
    assert "Traceback" not in said and ".c:" not in said


def test_start__a_parameter_of_ros_itself_of_another_type__is_named_in_one_sentence():
    command = [sys.executable, "-m", "rmpsam_ros.node", "--ros-args", "-p", "use_sim_time:='yes'", "-p", "autostart:=false"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})
    assert done.returncode == 2 and re.fullmatch(r"rmpsam_node: .*'use_sim_time' to 'yes'.*BOOL.*\n", done.stderr), done.stderr


@pytest.mark.parametrize("home", [None, "/dev/null"])
def test_start__without_a_home__says_where_the_log_may_go(home):
    environ = {name: value for name, value in os.environ.items() if name not in ("HOME", "ROS_HOME", "ROS_LOG_DIR")}
    environ |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", **({"HOME": home} if home else {})}
    command = [sys.executable, "-m", "rmpsam_ros.node", "--ros-args", "-p", "autostart:=false"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ)
    assert done.returncode == 2 and done.stderr.endswith(": set ROS_LOG_DIR to a folder that can be written to\n"), done.stderr


def test_start__a_parameter_file_of_another_node__is_warned_of(tmp_path):
    (tmp_path / "mine.yaml").write_text("rmpsam_node: {ros__parameters: {cameras: [front]}}")
    command = [sys.executable, "-m", "rmpsam_ros.node", "--ros-args", "--params-file", str(tmp_path / "mine.yaml"), "-p", "autostart:=false"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})
    said = process.stdout.readline()  # it waits: the node exists
    process.terminate()
    said += process.communicate(timeout=60)[0]
    assert process.returncode == 0 and f"no section of {tmp_path / 'mine.yaml'} applies to the node /rmpsam," in said, said


def test_help__nobody_reads_on__ends_without_a_word():
    process = subprocess.Popen([sys.executable, "-m", "rmpsam_ros.node", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 0


SIGNALLED = """
import os, runpy, signal, sys
class Told:
    def find_spec(self, name, *rest):
        if name == "rclpy":
            os.kill(os.getpid(), signal.%s)
sys.meta_path.insert(0, Told())
sys.argv = ["rmpsam_node"]
"""


@pytest.mark.parametrize("start", ["runpy.run_module('rmpsam_ros.node', run_name='__main__')", "from rmpsam_ros.ros.start import main; sys.exit(main())"])
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_start__a_signal_while_it_imports__ends_it_in_order(start, number):
    done = subprocess.run([sys.executable, "-c", SIGNALLED % number + start], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_spin__what_a_transition_destroyed_meanwhile_is_no_failure_of_a_callback():
    said = []
    logger = SimpleNamespace(debug=lambda line: said.append("debug"), error=lambda line, **_: said.append(line))
    errors = iter((node.InvalidHandle("destruction was requested"), ValueError("wrong")))

    def spin_once(timeout_sec):
        raise next(errors)

    for _ in range(2):
        node._spin_once(SimpleNamespace(spin_once=spin_once), SimpleNamespace(get_logger=lambda: logger))
    assert said == ["debug", "a callback failed: ValueError: wrong"]


def test_transition__after_one_that_failed__shows_its_own_progress_and_not_the_old_error():
    seen, it = [], SimpleNamespace(_state="unconfigured", _last_error="", _progress="", get_logger=lambda: SimpleNamespace(error=lambda _: None))

    def fails():
        raise ValueError("no such model")

    for action in (fails, lambda: seen.append((it._state, it._last_error))):
        node.RmpsamNode._transition(it, "configuring", "inactive", "unconfigured", action)
        seen.append((it._state, it._last_error))
    assert seen == [("unconfigured", "ValueError: no such model"), ("configuring", ""), ("inactive", "")]
