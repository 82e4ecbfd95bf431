"""`rmpsam export`: a model folder's ONNX graphs, made anew from its weights and checked against the network."""
from __future__ import annotations

import argparse

from rmpsam_ros.cli.convert import need_torch

HELP = "make a model folder's ONNX graphs anew and check them against the network (needs the [torch] extra)"
EXAMPLE = "rmpsam export models/rapsam-r50"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a model folder, or a bundled model's name")


def run(args: argparse.Namespace) -> int:
    need_torch()
    from rich.console import Console

    from rmpsam_ros.export import OPSET, export_graphs
    from rmpsam_ros.model_folder import find_model

    console = Console(highlight=False)
    folder = find_model(args.model)
    with console.status("exporting"):
        differences = export_graphs(folder, report=lambda line: console.print(line, soft_wrap=True))
    console.print(f"{folder}: opset {OPSET}, {len(differences)} comparisons, all within their tolerances", soft_wrap=True)
    return 0
