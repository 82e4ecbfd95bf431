"""Tests OpenVINO in a process: its telemetry, and its signal stack, which must not be released in another thread."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest
from models import tiny_model

pytest.importorskip("openvino", reason="it is about OpenVINO")

from rmpsam_ros.backends.openvino_core import shared_core  # noqa: E402

SCRIPT = """
import faulthandler, gc, os, signal, sys, threading
from rmpsam_ros.backends.openvino import OpenVinoBackend
from rmpsam_ros.model_folder import read_model_folder

faulthandler.enable()  # Python handles signals on a stack of their own from here on
signal.signal(signal.SIGUSR1, lambda *_: print("handled", flush=True))
kept = [OpenVinoBackend(read_model_folder(sys.argv[1]))]

def give_up():
    kept.pop().close()
    gc.collect()

thread = threading.Thread(target=give_up)
thread.start()
thread.join()
os.kill(os.getpid(), signal.SIGUSR1)
print("alive")
"""


def test_signals__after_a_backend_was_given_up_in_another_thread__are_handled():
    result = subprocess.run([sys.executable, "-c", SCRIPT, str(tiny_model())], capture_output=True, text=True)
    assert (result.returncode, result.stdout.split()) == (0, ["handled", "alive"]), result.stderr


def test_shared_core__is_one():
    assert shared_core() is shared_core()


def test_import__reports_to_nobody_and_leaves_a_program_free_to(tmp_path):
    """Telemetry would fork the whole node's process and write into the home folder."""
    script = """
import sys
from rmpsam_ros.backends.openvino_core import shared_core
from rmpsam_ros.cli.checks import _try_import
_try_import("openvino"), shared_core()
print([name for name in sys.modules if "openvino_telemetry" in name])
import openvino_telemetry
"""
    environment = {**os.environ, "HOME": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
    assert list(tmp_path.iterdir()) == []


def test_shared_core__in_a_forked_process__is_refused_and_does_not_wait_for_ever() -> None:
    script = """
import os, signal, sys
from rmpsam_ros import Segmenter
Segmenter(sys.argv[1]).close()
if os.fork() == 0:
    signal.alarm(20)
    try:
        Segmenter(sys.argv[1])
    except Exception as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""
    result = subprocess.run([sys.executable, "-c", script, str(tiny_model())], capture_output=True, text=True, timeout=60)
    assert result.stdout.startswith("OpenVINO cannot be used in a process forked") and "spawn" in result.stdout, result.stderr
