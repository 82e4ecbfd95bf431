"""Ends the node's process."""
from __future__ import annotations

import os
import sys
import time

import rclpy
from rclpy.executors import Executor
from rclpy.node import Node

from rmpsam_ros.ros.dds import remove_own_segments


def leave_at_once(node: Node) -> None:
    """Ends the process while a model is being loaded or an engine built, which cannot be interrupted and may take minutes.

    Files on disk stay intact: engines are written to a temporary file and renamed.
    """
    node.get_logger().info("ended before the model was loaded")
    remove_own_segments()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def shut_down(executor: Executor, node: Node) -> None:
    """Shuts down the node, whatever it is doing, and rclpy."""
    try:
        if not node.is_finalized:
            node.trigger_shutdown()
    except Exception as error:
        node.get_logger().warning(f"shutdown: {error}")
    # rclpy destroys the wait set while callbacks still run, and prints the exceptions that they then raise.
    tasks, end = getattr(executor, "_futures", ()), time.monotonic() + 1.0
    while not all(task.done() for task in tuple(tasks)) and time.monotonic() < end:
        time.sleep(0.01)
    executor.shutdown(timeout_sec=2.0)
    for task in tasks:
        task.exception()
    node.destroy_node()
    rclpy.try_shutdown()
