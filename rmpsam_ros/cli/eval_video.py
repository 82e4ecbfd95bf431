"""`rmpsam eval video`: evaluates trackers on a model's detections against labelled videos."""
from __future__ import annotations

import argparse
from pathlib import Path

from rmpsam_ros.cli import consoles

HELP = "compute tracking metrics: YouTube-VIS AP, J, ID switches, fragmentations, IDF1 and HOTA"
EXAMPLE = """
rmpsam eval video --images DAVIS/JPEGImages --annotations davis.json --clicks
rmpsam eval video --images val/JPEGImages --annotations val.json --trackers rmpsam --json tracks.json
"""
TRACKERS = ("rmpsam", "query matching", "ByteTrack", "OC-SORT")
"""Names in `rmpsam_ros.evaluation.trackers`, repeated here so that --help does not import it."""
CLIP_MODE = "clip mode"
"""Not a tracker of detections, but the published method's own tracking, which runs the network separately in torch."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.eval import add_crowds, add_data_options
    from rmpsam_ros.cli.model_options import add_model_options, seconds, whole_number

    add_data_options(parser)
    add_crowds(parser)
    parser.add_argument("--fps", type=float, default=12.0, metavar="F", help="frames per second of the videos (default: 12)")
    parser.add_argument("--max-age", type=seconds, default=10.0, metavar="S", help="seconds for which a lost object is remembered (default: 10)")
    parser.add_argument("--min-hits", type=whole_number, default=3, metavar="N",
                        help="frames that confirm a track of rmpsam; the other trackers have their own rules (default: %(default)s)")
    parser.add_argument("--trackers", nargs="+", default=list(TRACKERS), choices=(*TRACKERS, CLIP_MODE),
                        help="trackers to evaluate (default: all but clip mode, which runs the network again, in torch)")
    parser.add_argument("--clicks", action="store_true", help="also click each object where it first appears, and track it")
    parser.add_argument("--cameras", type=Path, metavar="FILE",
                        help="cameras.json of rmpsam simulate, with depth/ next to it: also evaluate rmpsam's tracker with depth, and its positions")
    parser.add_argument("--label-map", metavar="MAP", help="YAML file that maps the annotations' categories to the model's classes")
    parser.add_argument("--class-agnostic", action="store_true", help="ignore classes")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Runs all videos and prints one line per tracker."""
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.data.sample import NO_CLASS
    from rmpsam_ros.errors import TrackError
    from rmpsam_ros.evaluation.clicked import clicked_summary
    from rmpsam_ros.evaluation.positions import DepthCameras, together
    from rmpsam_ros.evaluation.reports import chosen, label_map_of, remarks, with_progress, write_json
    from rmpsam_ros.evaluation.trackers import available
    from rmpsam_ros.evaluation.video import WITH_DEPTH, VideoJudge, read_videos, summary

    if not 0 < args.fps <= 1000:
        raise TrackError(f"--fps is {args.fps:g}; it must be above 0 and up to 1000.")
    cameras = DepthCameras(args.cameras) if args.cameras else None
    videos = read_videos(args.annotations, args.images, args.crowds == "objects")
    videos = [videos[index] for index in chosen(len(videos), args.limit, args.every)]
    names, left_out = available([name for name in args.trackers if name != CLIP_MODE])
    if left_out and args.trackers != list(TRACKERS):  # requested explicitly
        raise TrackError(f"{' and '.join(left_out)} cannot be evaluated without the package 'trackers': pip install trackers.")
    runner = None
    if CLIP_MODE in args.trackers:
        from rmpsam_ros.evaluation.clip_runner import ClipRunner

        runner = ClipRunner(args.model, args.input_size, args.score_threshold)
    judges, console = [], consoles.lines(stderr=True)
    with model_options.open_segmenter(args) as segmenter:
        label_map = label_map_of(segmenter, args.label_map)
        classes = {category: label_map.class_of(category) for video in videos for category in video.categories.values()}
        with_classes = not args.class_agnostic and None not in classes.values() and NO_CLASS not in classes.values()
        for video in with_progress(videos, len(videos), console, "videos"):
            judges.append(VideoJudge(video, segmenter, names, args.fps, args.max_age, classes if with_classes else {}, cameras, args.min_hits))
            judges[-1].run(args.clicks)
            if runner is not None:
                judges[-1].run_clips(CLIP_MODE, runner)
    names += [WITH_DEPTH] if cameras is not None else []
    names += [CLIP_MODE] if runner is not None else []
    frames = sum(len(video.files) for video in videos)
    print(f"{model_options.describe(segmenter)}; {len(videos)} videos, {frames} frames at {args.fps:g} Hz"
          + ("" if with_classes else ", judged without classes"))
    if left_out:
        print(f"{' and '.join(left_out)} left out: install the package 'trackers' to include them")
    table = {name: summary([judge.tallies[name] for judge in judges], with_classes) for name in names}
    _print_trackers(table)
    objects = sum(len(video.objects) for video in videos)
    crowds = sum(len(video.file.entries(video.index)) for video in videos) - objects
    for reason in remarks(objects, videos[0].file.problems(), crowds):
        console.print(reason)
    clicked = clicked_summary([found for judge in judges for found in judge.clicked.objects])
    placed = together([judge.positions for judge in judges]).summary()
    _print_objects(clicked, placed)
    if args.json:
        each = [{"video": judge.video.name, "object": judge.video.objects[found.key - 1]["id"], "frame": found.frame, "click": list(found.click), "j": 100 * found.j}
                for judge in judges for found in judge.clicked.objects]  # fmt: skip
        write_json(args.json, {"info": {**segmenter.describe(), "annotations": args.annotations.name, "every": args.every,
                                        "limit": args.limit, "crowds": args.crowds, "fps": args.fps, "min_hits": args.min_hits, "max_age": args.max_age,
                                        "with_classes": with_classes},
                               "trackers": table, "positions": placed, "clicked": {**clicked, "each": each}})  # fmt: skip
    return 0


def _print_trackers(table: dict[str, dict[str, float]]) -> None:
    from rmpsam_ros.evaluation.reports import shown

    print(f"{'':16s} {'AP':>6s} {'AP50':>6s} {'J':>6s} {'switches/100':>12s} {'fragments':>9s} {'IDF1':>6s} {'HOTA':>6s}")
    for name, row in table.items():
        print(f"{name:16s} {shown(row['ap']):>6s} {shown(row['ap50']):>6s} {shown(row['j']):>6s} {shown(row['switches_per_100'], 2):>12s} "
              f"{shown(row['fragments'], 0):>9s} {shown(row['idf1']):>6s} {shown(row['hota']):>6s}")


def _print_objects(clicked: dict[str, float], placed: dict[str, float]) -> None:
    if clicked["objects"]:
        print(f"{clicked['objects']} objects clicked once, where they first appear: J {clicked['j']:.1f} over all frames from there on; by the DAVIS "
              f"protocol, without the first and last frame, J {clicked['j_davis']:.1f}, recall {clicked['recall']:.1f}")
    if placed["objects"]:
        print(f"{placed['objects']} positions ({placed['share']:.0f} % of the objects in all frames): median {1000 * placed['median']:.1f} mm "
              f"off, 90 % within {1000 * placed['p90']:.1f} mm; {placed['relative']:.1f} % of the distance")
