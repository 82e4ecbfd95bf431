"""`rmpsam eval prompt`: computes the mean IoU of the masks for simulated clicks."""
from __future__ import annotations

import argparse

from rmpsam_ros.cli import consoles

HELP = "compute the mean IoU of objects after one, two, … simulated clicks, and of a disc of radius 50 pixels around the first"
EXAMPLE = "rmpsam eval prompt --images coco/val2017 --annotations coco/instances_val2017.json --every 50"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.eval import add_crowds, add_data_options
    from rmpsam_ros.cli.model_options import add_model_options

    add_data_options(parser)
    add_crowds(parser)
    parser.add_argument("--clicks", type=int, default=3, metavar="N", help="maximum clicks per object (default: %(default)s)")
    parser.add_argument("--smallest", type=int, default=64, metavar="PIXELS", help="skip objects with a smaller area (default: %(default)s)")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.data.annotations import is_panoptic, read_json
    from rmpsam_ros.data.coco import CocoInstances, CocoPanoptic
    from rmpsam_ros.data.label_map import LabelMap
    from rmpsam_ros.errors import DataError
    from rmpsam_ros.evaluation import reports
    from rmpsam_ros.evaluation.prompt import SIZES, PromptQuality
    from rmpsam_ros.evaluation.simulated_clicks import CLICK_RULE
    from rmpsam_ros.labels import make_label_set

    if not 1 <= args.clicks <= 20:
        raise DataError(f"--clicks is {args.clicks}; it must be from 1 to 20.")
    console = consoles.lines(stderr=True)
    # Clicks do not depend on classes: the file's categories only serve as group names, and stuff is clicked region by region.
    names = [str(c.get("name", "?")) for c in read_json(args.annotations, ("categories",))["categories"]]
    label_map, crowds_are_objects = LabelMap(make_label_set("categories", names, [])), args.crowds == "objects"
    if not is_panoptic(args.annotations):
        data = CocoInstances(args.annotations, args.images, label_map, crowds_are_objects=crowds_are_objects)
    elif not crowds_are_objects:
        data = CocoPanoptic(args.annotations, args.images, label_map)
    else:
        raise DataError(f"--crowds objects applies to instances and videos; {args.annotations} is a panoptic set.")
    indices = reports.chosen(len(data), args.limit, args.every)
    with model_options.open_segmenter(args) as segmenter:
        announce = model_options.Announcement(console, segmenter)
        quality, passed_over = PromptQuality(args.clicks, args.smallest), []
        for sample in reports.with_progress(reports.ahead(data.read, indices), len(indices), console):
            announce()
            passed_over += sample.passed_over
            quality.add_frame(sample, segmenter.set_image(sample.image), [data.label_map.labels[i].name for i in sample.class_ids])
        summary = quality.summary()
        _print(summary, args.clicks, {name: f"{name} ({text} of the picture)" for name, *_, text in SIZES})
        if passed_over:
            console.print(f"{len(passed_over)} annotations without a mask were skipped. {passed_over[0]}")
        for reason in reports.remarks(summary["objects"], data.problems(), sum(map(data.crowds, indices)), quality.small, args.smallest):
            console.print(reason)
        if args.json:
            info = {**segmenter.describe(), "annotations": args.annotations.name, "every": args.every, "limit": args.limit, "smallest": args.smallest, "clicks": CLICK_RULE,
                    "crowds": args.crowds}  # fmt: skip
            reports.write_json(args.json, {"info": info, "prompt": summary})
    return 0


def _print(summary: dict, clicks: int, sizes: dict[str, str]) -> None:
    from rich.table import Table

    from rmpsam_ros.evaluation.reports import shown

    table = Table(title=f"clicks, {summary['images']} pictures")
    table.add_column("")
    for heading in ("objects", *(f"mIoU@{number}" for number in range(1, clicks + 1)), "disc"):
        table.add_column(heading, justify="right")
    for section in ({"all": summary}, summary["sizes"], summary["classes"]):
        for name, row in section.items():
            title = sizes.get(name, name) if section is summary["sizes"] else name
            table.add_row(title, str(row["objects"]), *map(shown, row["miou"]), shown(row["disc"]))
        table.add_section()
    consoles.lines().print(table, soft_wrap=False)
