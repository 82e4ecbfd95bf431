"""`rmpsam eval`: evaluates a model on labelled data. One module per task."""
from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec

HELP = "evaluate a model on labelled data"
EXAMPLE = """
rmpsam eval panoptic --images val/images --annotations val/panoptic.json
rmpsam eval prompt --images val/images --annotations val/instances.json --json prompt.json
rmpsam eval video --images DAVIS/JPEGImages --annotations davis.json --clicks
rmpsam eval card --model rmpsam-lite0 --config config/train_lite0.yaml --out card
"""
TASKS = {
    "panoptic": "rmpsam_ros.cli.eval_panoptic",
    "prompt": "rmpsam_ros.cli.eval_prompt",
    "video": "rmpsam_ros.cli.eval_video",
    "card": "rmpsam_ros.cli.eval_card",
}
"""Modules with HELP, `add_arguments` and `run`; missing ones are not listed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli import example_of

    tasks = parser.add_subparsers(title="tasks", metavar="TASK", required=True, parser_class=type(parser))
    for name, path in TASKS.items():
        if find_spec(path) is None:
            continue
        task = import_module(path)
        chosen = tasks.add_parser(name, help=task.HELP, description=task.HELP, epilog=example_of(task),
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        task.add_arguments(chosen)
        chosen.set_defaults(run_task=task.run)


def run(args: argparse.Namespace) -> int:
    from rmpsam_ros.atomic import unwritable
    from rmpsam_ros.errors import DataError

    given, written = getattr(args, "annotations", None), getattr(args, "json", None)
    if given and written and written.exists() and given.exists() and written.samefile(given):
        raise DataError(f"--json {written} would overwrite the annotations; give another name.")
    if written and (problem := unwritable(written)):
        raise DataError(f"--json {written} cannot be written: {problem}.")
    return args.run_task(args)


def add_crowds(parser: argparse.ArgumentParser) -> None:
    """Adds the option for crowds, like `crowds` in a training YAML."""
    parser.add_argument("--crowds", default="void", choices=("void", "objects"),
                        help="how to treat annotations with `iscrowd: 1`; use objects for masks painted with CVAT's brush, which marks them so "
                             "(default: %(default)s)")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that all tasks share."""
    from pathlib import Path

    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of the images")
    parser.add_argument("--annotations", type=Path, required=True, metavar="FILE", help="annotation file (JSON)")
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first N images (or videos), after --every")
    parser.add_argument("--every", type=int, metavar="N",
                        help="use only every N-th image (or video), starting with the first: those that `skip: N` holds out in training")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every number as JSON")
