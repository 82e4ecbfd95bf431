"""`rmpsam export`: exports a model folder's ONNX graphs from its weights again and checks them against the network."""
from __future__ import annotations

import argparse

from rmpsam_ros.cli import consoles
from rmpsam_ros.cli.model_options import need_torch, photos_to_compare_on
from rmpsam_ros.errors import RmpsamError

HELP = "re-export a model folder's ONNX graphs and check them against the network (needs the [torch] extra)"
EXAMPLE = """
rmpsam export models/rapsam-r50
rmpsam export models/rapsam-r50 --int8 --images photos/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="name or folder of the model")
    parser.add_argument("--int8", action="store_true", help="keep the graphs and add an int8 image graph (needs nncf and onnxruntime)")
    parser.add_argument("--images", nargs="+", metavar="PATH", default=[], help="photos or folders to calibrate int8 on (default: those of the demo)")


def run(args: argparse.Namespace) -> int:
    need_torch("Exporting")
    from rmpsam_ros.model_folder import find_model

    console = consoles.lines()
    folder = find_model(args.model)
    if args.images and not args.int8:
        raise RmpsamError("--images is only used to calibrate int8; give --int8 too, or leave it out.")
    if args.int8:
        return _int8(folder, args.images, console)
    from rmpsam_ros.export import OPSET, export_graphs

    with console.status("exporting"):
        differences = export_graphs(folder, report=console.print)
    console.print(f"{folder}: opset {OPSET}, {len(differences)} comparisons, all within their tolerances")
    return 0


def _int8(folder, paths, console) -> int:
    from rmpsam_ros.quantize import measure, quantize

    photos = photos_to_compare_on(paths)
    path = quantize(folder, photos, report=console.print)
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB; used with `precision: int8`, not with `auto`")
    measure(folder, photos, report=console.print)
    return 0
