"""What a failed test says beside its assertion: the last lines of the nodes that it ran."""
from __future__ import annotations

import sys

import pytest

LINES = 60


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    harness = sys.modules.get("ros_harness")  # imported by the tests that run nodes only
    if harness is None:
        return
    if report.failed:
        for node in harness.NodeProcess.of_late:
            last = "\n".join(node.output.splitlines()[-LINES:])
            report.sections.append((f"output of node process {node.process.pid}, exit code {node.process.poll()}", last))
    if report.when == "teardown":
        harness.NodeProcess.of_late[:] = [node for node in harness.NodeProcess.of_late if node.process.poll() is None]
