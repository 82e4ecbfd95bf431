"""`rmpsam simulate`: rendered scenes with exact masks, depth and camera poses."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

HELP = "renders cluttered tables, shelves and floors with exact masks, depth and camera poses (needs the [simulation] extra)"
EXAMPLE = """
rmpsam simulate --scenes 100 --out scenes
rmpsam simulate --scenes 20 --frames 6 --out clips --photos photos/ --seed 7
rmpsam simulate --check --out scenes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="gets images/, panoptic/, depth/, panoptic.json, cameras.json and, of clips, videos.json",
    )
    parser.add_argument("--scenes", type=int, default=10, metavar="N", help="how many (10)")
    parser.add_argument("--views", type=int, default=1, metavar="N", help="cameras on each scene (1)")
    parser.add_argument("--frames", type=int, default=1, metavar="T", help="frames of each camera; more than 1 makes clips (1)")
    parser.add_argument("--size", default="480x640", metavar="HxW", help="height and width, or several with commas, taken in turn (480x640)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed gives the same scenes (0)")
    parser.add_argument("--place", choices=("table", "shelf", "floor"), help="one kind of scene only; else each in turn")
    parser.add_argument(
        "--objects", default="all", choices=("all", "seen", "unseen"), help="seen leaves a sixth of the kinds out, unseen favours those (all)"
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photographs for prints, pictures, walls and the view out of windows")
    parser.add_argument("--check", action="store_true", help="say whether scenes can be rendered here, and render none")


def run(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from rmpsam_ros.errors import DataError

    for name in ("scenes", "views", "frames"):
        if getattr(args, name) < 1:
            raise DataError(f"--{name} is {getattr(args, name)}; it must be 1 or more.")
    if args.seed < 0:
        raise DataError(f"--seed is {args.seed}; it must be 0 or more.")
    sizes = [_size(word) for word in args.size.split(",")]
    if args.out.exists() and not args.out.is_dir():
        raise DataError(f"--out {args.out} is a file; give a folder.")
    from rmpsam_ros.simulation.catalogue import open_catalogue
    from rmpsam_ros.simulation.stream import SceneStream
    from rmpsam_ros.simulation.writer import SceneWriter, holds_scenes

    if not args.check and holds_scenes(args.out):
        raise DataError(f"{args.out} holds scenes already, or other pictures; give another folder.")

    catalogue, console = open_catalogue(args.objects, args.photos), Console(highlight=False, soft_wrap=True)
    photos, surfaces = len(catalogue.materials.photos), len(catalogue.materials.surfaces)
    found = f"{len(catalogue.kinds)} kinds of objects, {photos} photographs, {surfaces} surfaces of installed packages"
    streams = [SceneStream(args.seed, size, args.frames, args.views, args.place, catalogue=catalogue) for size in sizes]
    if args.check:
        started = time.perf_counter()
        next(streams[0].scene(0))
        console.print(f"{found}; a scene took {time.perf_counter() - started:.1f} s")
        return 0
    writer, started, done = SceneWriter(args.out, licences=catalogue.licences), time.perf_counter(), 0
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("scenes", total=args.scenes)
            for number in range(args.scenes):
                for view, frames in enumerate(streams[number % len(streams)].scene(number)):
                    writer.add(
                        frames, f"{number:05d}" if args.views == 1 else f"{number:05d}_{'abcdefghijklmnopqrstuvwxyz'[view % 26]}{view // 26 or ''}"
                    )
                done += 1
                bar.advance(task)
    finally:
        if writer.images:
            ended = "" if done == args.scenes else f"; ended after {done} of {args.scenes} scenes"
            paths = writer.save(ended)
            if ended:
                Console(stderr=True, highlight=False, soft_wrap=True).print(f"{done} of {args.scenes} scenes are whole in {args.out}")
    seconds = time.perf_counter() - started
    console.print(
        f"{found}; {len(writer.images)} pictures in {seconds:.1f} s, {len(writer.images) / seconds:.2f} a second: " + ", ".join(map(str, paths))
    )
    return 0


def _size(word: str) -> tuple[int, int]:
    from rmpsam_ros.errors import DataError

    try:
        height, width = (int(side) for side in word.split("x"))
    except ValueError:
        raise DataError(f"The size {word!r} is not of the form 480x640 (height x width).") from None
    if not (32 <= height <= 2160 and 32 <= width <= 3840):
        raise DataError(f"The size {word} is out of range; give 32x32 to 2160x3840.")
    return height, width
