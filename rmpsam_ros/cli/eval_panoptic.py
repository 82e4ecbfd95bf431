"""`rmpsam eval panoptic`: computes PQ, SQ and RQ on a COCO panoptic set."""
from __future__ import annotations

import argparse
from pathlib import Path

from rmpsam_ros.cli import consoles

HELP = "compute PQ, SQ and RQ of panoptic maps, as panopticapi does"
EXAMPLE = "rmpsam eval panoptic --images coco/val2017 --annotations coco/panoptic_val2017.json --limit 100"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.eval import add_data_options
    from rmpsam_ros.cli.model_options import add_model_options

    add_data_options(parser)
    parser.add_argument("--maps", type=Path, metavar="DIR", help="folder of the ID PNGs (default: next to the JSON, with its name)")
    parser.add_argument("--label-map", metavar="MAP", help="YAML file that maps the annotations' categories to the model's classes")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.data.coco import CocoPanoptic
    from rmpsam_ros.evaluation import reports
    from rmpsam_ros.evaluation.panoptic import Comparison, PanopticQuality, why_dashes

    console = consoles.lines(stderr=True)
    with model_options.open_segmenter(args) as segmenter:
        label_map = reports.label_map_of(segmenter, args.label_map)
        data = CocoPanoptic(args.annotations, args.images, label_map, maps=args.maps)
        indices = reports.chosen(len(data), args.limit, args.every)
        announce = model_options.Announcement(console, segmenter)
        quality, oracle = PanopticQuality(segmenter.labels), PanopticQuality(segmenter.labels)

        def load(index: int):
            with data.well_formed(index):
                return data.panoptic(index), data.image(index)

        for truth, image in reports.with_progress(reports.ahead(load, indices), len(indices), console):
            announce()
            found = segmenter.set_image(image).panoptic()
            compared, classes = Comparison(truth, found.segment_ids), {segment.id: segment.class_id for segment in found.segments}
            quality.add_compared(compared, classes)
            oracle.add_compared(compared, compared.oracle_classes(classes))
        summary, of_oracle = quality.summary(), oracle.summary()
        summary["oracle_classes"] = {name: of_oracle[name] for name in ("all", "things", "stuff")}
        _print(summary)  # printed first, so that nothing is lost if the JSON cannot be written
        if reason := why_dashes(summary, segmenter.labels, data.class_of.values()):
            console.print(reason)
        if args.json:
            info = {**segmenter.describe(), "annotations": args.annotations.name, "every": args.every, "limit": args.limit,
                    "score_threshold": segmenter.score_threshold, "overlap_threshold": segmenter.overlap_threshold}  # fmt: skip
            reports.write_json(args.json, {"info": info, "panoptic": summary})
    return 0


def _print(summary: dict) -> None:
    from rich.table import Table

    from rmpsam_ros.evaluation.reports import shown

    table = Table(title=f"panoptic quality, {summary['images']} pictures")
    for heading in ("", "PQ", "SQ", "RQ", "TP", "FP", "FN"):
        table.add_column(heading, justify="right" if heading else "left")
    for name in ("all", "things", "stuff"):
        row = summary[name]
        table.add_row(f"{name} ({row['classes']} classes)", *(shown(row[key]) for key in ("pq", "sq", "rq")), "", "", "")
    row = summary["oracle_classes"]["all"]
    table.add_row("all, oracle classes", *(shown(row[key]) for key in ("pq", "sq", "rq")), "", "", "")
    table.add_section()
    for name, row in summary["classes"].items():
        table.add_row(name, *(f"{row[key]:.1f}" for key in ("pq", "sq", "rq")), *(str(row[key]) for key in ("tp", "fp", "fn")))
    consoles.lines().print(table, soft_wrap=False)
