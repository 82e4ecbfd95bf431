"""Adds the last output lines of the node processes to the report of a failed test."""
from __future__ import annotations

import sys

import pytest

LINES = 60


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
