"""The demo from start to summary: isolates the ROS environment, starts camera and node, runs the viewer, stops everything."""
from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path

from rmpsam_ros.demo import DemoError
from rmpsam_ros.demo.processes import CAMERA_LOG, NODE_LOG, Child, stop_all
from rmpsam_ros.ros.dds import use_shipped_profile

START_LIMIT = 45.0
"""Seconds to wait for the first result: loading a model takes 3, compiling it for the first time longer."""

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a request to terminate, and a closed terminal."""

_interrupted = threading.Event()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; returns 0 if results and the answers to all clicks arrived, 1 if not, 2 for bad arguments, 130 after Ctrl-C."""
    args = _arguments().parse_args(argv)
    out = Path(args.out)
    _set_apart(args.domain)
    _interrupted.clear()
    former = {number: signal.signal(number, _as_ctrl_c) for number in _ENDING}
    try:
        return _run(args, out)
    except ModuleNotFoundError as error:
        print(f"demo: {error.name} is not installed; `make demo` sets everything up, or source a ROS 2 workspace with "
              "this package.", file=sys.stderr)  # fmt: skip
        return 1
    except OSError as error:
        print(f"demo: {error.filename or out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return _say_interrupted()
    except Exception:
        if not _interrupted.is_set():
            raise
        return _say_interrupted()  # C code may turn it into another exception, as rclpy does when it converts a message
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rmpsam_ros.demo",
        description="Run the node on a moving camera, watch its topics, click three times, and save pictures.",
    )
    parser.add_argument("--duration", type=_from_1_to(3600), default=20.0, metavar="S",
                        help="seconds from the first result (default: 20)")
    parser.add_argument("--source", metavar="S", help="image, folder, video, device such as /dev/video0, or simulated: a camera "
                                                      "with depth, which needs mujoco and OpenGL (default: photographs of scikit-image, seen by a moving camera)")
    parser.add_argument("--out", default="demo", metavar="DIR", help="output folder, for pictures, video and logs (default: %(default)s)")
    parser.add_argument("--model", default="default", help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--backend", default="auto", help="inference backend: auto, openvino, tensorrt or torch (default: %(default)s)")
    parser.add_argument("--rate", type=_from_1_to(120), default=20.0, metavar="HZ",
                        help="frame rate of the moving camera over photos (default: 20)")
    parser.add_argument("--domain", type=_from_1_to(232, int), default=51 + os.getpid() % 50, metavar="N",
                        help="ROS_DOMAIN_ID (default: derived from the process ID)")
    return parser


def _from_1_to(most: int, kind: type = float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 1 <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {most}")
        return value

    return number


def _set_apart(domain: int) -> None:
    """Isolates the demo from other ROS systems and enables large images. Must run before rclpy is used; children inherit it."""
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ.pop("ROS_LOCALHOST_ONLY", None)
    if os.environ.get("ROS_DISTRO") == "humble":  # Humble only supports this one
        os.environ["ROS_LOCALHOST_ONLY"] = "1"
    os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)  # not set by the wheels
    use_shipped_profile(loopback=True)


def _as_ctrl_c(*_: object) -> None:
    """Ends the demo like Ctrl-C; a second signal does not interrupt the shutdown."""
    _stay()
    _interrupted.set()
    raise KeyboardInterrupt


def _say_interrupted() -> int:
    print("demo: interrupted; all its processes have ended.", file=sys.stderr)
    return 130


def _stay() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


def _run(args: argparse.Namespace, out: Path) -> int:
    from rmpsam_ros.demo.album import check_folder

    check_folder(out, args.source)
    from rich.console import Console

    from rmpsam_ros.demo.session import DemoSession
    from rmpsam_ros.demo.summary import rows, table

    console = Console(width=None if sys.stdout.isatty() else 120)
    out.mkdir(parents=True, exist_ok=True)
    with _children(args, out) as (camera, node):
        session = DemoSession([camera, node], out, args.duration, console)
        try:
            session.wait_for_first_result(START_LIMIT)
            console.print(f"Running for {args.duration:g} s. To watch from another terminal: "
                          f"ROS_DOMAIN_ID={args.domain} ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST",
                          highlight=False, soft_wrap=True)  # fmt: skip
            session.watch()
            stop_all([camera])
            session.settle()
        finally:
            session.close()
    session.write_sheet()
    console.print(table(rows(session.seen, session.answers, session.seconds, camera.last_line(), out)))
    if session.seen.untrained:
        console.print("The model is UNTRAINED: its masks mean nothing. The rates and latencies are real.",
                      style="yellow", soft_wrap=True)  # fmt: skip
    if len(session.answers) < 3:
        why = session.seen.last_failure or "no answer came in time"
        raise DemoError(f"{len(session.answers)} of 3 clicks were answered: {why}")
    return 0


@contextmanager
def _children(args: argparse.Namespace, out: Path):
    """Camera and node as child processes, stopped on exit."""
    camera_command = [sys.executable, "-m", "rmpsam_ros.demo.camera", "--rate", str(args.rate)]
    if args.source is not None:
        camera_command += ["--source", args.source]
    node_command = [sys.executable, "-m", "rmpsam_ros.node", "--ros-args",
                    "-p", f"model:={args.model}", "-p", f"backend:={args.backend}"]  # fmt: skip
    children: list[Child] = []
    try:
        children.append(Child("camera", camera_command, out / CAMERA_LOG, os.environ))
        children.append(Child("node", node_command, out / NODE_LOG, os.environ))
        yield children
    finally:
        _stay()
        stop_all(children)
