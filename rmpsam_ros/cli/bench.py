"""`rmpsam bench`: measures latency and prints it as a table."""
from __future__ import annotations

import argparse
import time
from pathlib import Path

from rmpsam_ros.cli import consoles
from rmpsam_ros.cli.model_options import network_size, whole_number

HELP = "measure the latency of every stage, configurations side by side"
EXAMPLE = """
rmpsam bench --backend openvino torch --size 480x640
rmpsam bench --model models/rapsam-r50 --backend openvino reference --size 800x1344
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", nargs="+", default=["default"], help="names or folders of models (default: default)")
    parser.add_argument("--backend", nargs="+", default=["auto"], choices=("auto", "openvino", "torch", "torch-compile", "tensorrt", "reference"),
                        help="inference backends; reference is the published pipeline in torch (default: auto)")
    parser.add_argument("--precision", nargs="+", default=["auto"], choices=("auto", "fp32", "bf16", "fp16", "int8"),
                        help="numerical precisions (default: auto)")
    parser.add_argument("--size", nargs="+", type=network_size, metavar="HxW", help="sizes of the network input (default: 480x640)")
    parser.add_argument("--batch", nargs="+", type=whole_number, default=[1], help="images per run of the network, for several cameras (default: 1)")
    parser.add_argument("--image", type=Path, help="photo to run on (default: a synthetic scene)")
    parser.add_argument("--rounds", type=whole_number, default=15, help="rounds to take the medians of (default: %(default)s)")
    parser.add_argument("--threads", type=whole_number, help="CPU threads of the network (default: chosen by the runtime)")
    parser.add_argument("--processor-time", action="store_true",
                        help="measure the CPU time of all threads of this process instead of elapsed time, for a CPU shared with others; "
                             "excludes GPU work")
    parser.add_argument("--no-memory", action="store_true",
                        help="do not measure memory, for which each configuration runs once more in its own process")
    parser.add_argument("--profile", action="store_true", help="print the three largest costs of each configuration that torch can trace")
    parser.add_argument("--node", action="store_true", help="also measure the ROS node: start-up, memory, overhead at 640x480 and 1920x1080")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every time as JSON")


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from rmpsam_ros import benchmark
    from rmpsam_ros.atomic import atomic_file, unwritable
    from rmpsam_ros.benchmark.machine import machine
    from rmpsam_ros.benchmark.table import COLUMNS, cells_of, markdown, slowest
    from rmpsam_ros.errors import RmpsamError
    from rmpsam_ros.media import read_image

    if set(args.backend) == {"reference"} and 1 not in args.batch:
        raise RmpsamError("The reference takes one image at a time; give --batch 1, or other backends too.")
    for path in (args.markdown, args.json):
        if path is not None and (problem := unwritable(path)):
            raise RmpsamError(f"{path} cannot be written: {problem}.")
    image = read_image(args.image) if args.image else None
    console = consoles.lines()
    if not console.is_terminal:
        console = consoles.lines(width=190)  # files and pipes have no width limit
    profiles = []
    with console.status("loading") as status:
        rows = benchmark.measure(
            args.model, args.backend, args.precision, args.size or [(480, 640)], args.rounds, image, args.threads, status.update,
            args.batch, not args.no_memory, (lambda subject: profiles.append(_profile(subject))) if args.profile else None,
            time.process_time if args.processor_time else time.perf_counter,
        )  # fmt: skip
    table = Table(title=f"median milliseconds{' of processor time' if args.processor_time else ''}")
    for index, (heading, _) in enumerate(COLUMNS):
        table.add_column(heading, justify="left" if index < 4 else "right")
    for line in cells_of(rows):
        table.add_row(*line)
    console.print(table, soft_wrap=False)
    of_processor = ", processor time of all threads" if args.processor_time else ""
    notes = [*slowest(rows), benchmark.EXPLANATION, f"{args.rounds} rounds, configurations interleaved{of_processor}. {machine()}."]
    notes += [*profiles, _tracking_line()]
    if args.node:
        notes += _node_lines(args.model[0])
    for note in notes:
        console.print(note)
    if args.markdown:
        with atomic_file(args.markdown) as part:
            part.write_text("\n".join([markdown(rows), "", *notes, ""]))
    if args.json:
        import json

        with atomic_file(args.json) as part:
            part.write_text(json.dumps({"machine": f"{machine()}{of_processor}", "rounds": args.rounds, "rows": [row.plain() for row in rows], "notes": profiles},
                                       indent=1, allow_nan=False))
    return 0


def _profile(subject) -> str:
    """The three largest costs of a configuration, from image to panoptic map, in one line."""
    from rmpsam_ros.benchmark.profile import largest_costs

    row = subject.row
    title = f"Largest costs of {row.model}, {row.backend}, {row.precision}, {row.size[0]}x{row.size[1]}, batch {row.batch}"
    if row.backend == "openvino":
        return f"{title}: not traced, torch's profiler does not see into OpenVINO."
    costs = largest_costs(subject.whole, on_gpu=row.backend == "tensorrt" or not row.device.startswith("CPU"))
    return f"{title}: {'; '.join(map(str, costs))}."


def _tracking_line() -> str:
    import numpy as np

    from rmpsam_ros.tracking import cost

    lines = []
    for instances in (5, 30):
        times = cost.measure(instances)
        lines.append(f"{np.median(times):.2f} ms (p99 {np.percentile(times, 99):.2f}) with {instances}")
    return f"Tracking, a frame, one thread: {' and '.join(lines)} instances."


def _node_lines(model: str) -> list[str]:
    from rmpsam_ros.ros.node_bench import measure_node

    lines = []
    for size in ((480, 640), (1080, 1920)):
        m = measure_node(size, model=model)
        lines.append(f"Node at {size[1]}x{size[0]}, panoptic subscribed: ready {m.ready:.1f} s after its start, {m.rss:.0f} MB resident, "
                     f"p50 {m.round_trip_p50:.1f} ms from publishing to result, of it {m.overhead_p50:.1f} ms outside the segmenter, "
                     f"{m.answered} of {m.frames} frames answered.")  # fmt: skip
    return lines
