"""Adds the last output lines of the node processes to the report of a failed test, and limits the threads of parallel test processes."""
from __future__ import annotations

import os
import sys

import pytest

LINES = 60

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: threads of several processes would wait for each other's cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    harness = sys.modules.get("ros_harness")  # imported only by tests that run nodes
    if harness is None:
        return
    if report.failed:
        for node in harness.NodeProcess.of_late:
            last = "\n".join(node.output.splitlines()[-LINES:])
            report.sections.append((f"output of node process {node.process.pid}, exit code {node.process.poll()}", last))
    if report.when == "teardown":
        harness.NodeProcess.of_late[:] = [node for node in harness.NodeProcess.of_late if node.process.poll() is None]
