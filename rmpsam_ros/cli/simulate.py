"""`rmpsam simulate`: renders scenes with exact masks, depth and camera poses."""
from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.cli import consoles

if TYPE_CHECKING:  # both need MuJoCo
    from rmpsam_ros.simulation.stream import SceneStream
    from rmpsam_ros.simulation.writer import SceneWriter

HELP = "render cluttered tables, shelves and floors with exact masks, depth and camera poses (needs the [simulation] extra)"
EXAMPLE = """
rmpsam simulate --scenes 100 --out scenes
rmpsam simulate --scenes 20 --frames 6 --out clips --photos photos/ --seed 7
rmpsam simulate --scenes 20 --frames 6 --out clips --photos photos/ --seed 7 --resume
rmpsam simulate --check --out scenes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="output folder, for images/, panoptic/, depth/, panoptic.json, cameras.json and, with clips, videos.json",
    )
    parser.add_argument("--scenes", type=int, default=10, metavar="N", help="number of scenes (default: %(default)s)")
    parser.add_argument("--views", type=int, default=1, metavar="N", help="cameras per scene (default: %(default)s)")
    parser.add_argument("--frames", type=int, default=1, metavar="T", help="frames per camera; more than 1 makes clips (default: %(default)s)")
    parser.add_argument("--size", default="480x640", metavar="HxW",
                        help="image height and width; several, separated by commas, alternate (default: %(default)s)")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="random seed; it gives the same scenes with the same options, packages and photographs, which the JSON files list in "
        "their info (default: %(default)s)",
    )
    parser.add_argument("--place", choices=("table", "shelf", "floor"), help="render one kind of scene only (default: alternate)")
    parser.add_argument(
        "--objects", default="all", choices=("all", "seen", "unseen"), help="seen leaves 24 kinds out, unseen favours those (default: %(default)s)"
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="folder of photographs for prints, pictures, walls and the view out of windows")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run of the same command after the last complete scene in --out; gives the same set as without the"
        " interruption (--scenes may be increased); starts a new set if there is none",
    )
    parser.add_argument("--check", action="store_true", help="check whether scenes can be rendered here; write none")


def run(args: argparse.Namespace) -> int:
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
    from rmpsam_ros.simulation.recipe import make_recipe
    from rmpsam_ros.simulation.renderer import see_to_opengl
    from rmpsam_ros.simulation.resume import take_over
    from rmpsam_ros.simulation.stream import SceneStream
    from rmpsam_ros.simulation.writer import SceneWriter, holds_scenes

    there = holds_scenes(args.out)
    if there and not args.check and not args.resume:
        raise DataError(f"{args.out} already holds scenes or other images; give another folder, or --resume to continue an interrupted run of"
                        " the same command.")  # fmt: skip

    catalogue, console = open_catalogue(args.objects, args.photos), consoles.lines()
    photos, surfaces = len(catalogue.materials.photos), len(catalogue.materials.surfaces)
    found = f"{len(catalogue.kinds)} kinds of objects, {photos} photographs, {surfaces} surfaces of installed packages"
    streams = [SceneStream(args.seed, size, args.frames, args.views, args.place, catalogue=catalogue) for size in sizes]
    started = time.perf_counter()
    if args.check:
        next(streams[0].scene(0))
        console.print(f"{found}; a scene took {time.perf_counter() - started:.1f} s")
        return 0
    see_to_opengl()
    recipe = make_recipe(args.seed, sizes, args.scenes, args.views, args.frames, args.place, args.objects, catalogue)
    writer = SceneWriter(args.out, licences=catalogue.licences, recipe=recipe)
    first = take_over(writer, args.views, args.frames) if there else 0
    if first > args.scenes:
        raise DataError(f"{args.out} already holds {first} scenes; --scenes is {args.scenes}, it must be at least as many.")
    before = len(writer.listing.pictures)
    with _kept(writer, args, remove=not there), Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("scenes", total=args.scenes, completed=first)
        for number in range(first, args.scenes):
            _add_scene(writer, streams[number % len(streams)], number)
            writer.save_sometimes(_remark(number + 1, args.scenes))
            bar.advance(task)
        paths = writer.save()
    seconds, pictures = time.perf_counter() - started, len(writer.listing.pictures) - before
    behind = f" after {first} existing scenes" if there else ""
    console.print(f"{found}; {pictures} pictures{behind} in {seconds:.1f} s, {pictures / seconds:.2f} per second: " + ", ".join(map(str, paths)))
    return 0


def _add_scene(writer: SceneWriter, stream: SceneStream, number: int) -> None:
    from rmpsam_ros.simulation.writer import clip_name

    with writer.all_or_nothing():
        for view, frames in enumerate(stream.clips(number)):
            writer.add(frames, clip_name(number, view, stream.views), stream.frames)


@contextmanager
def _kept(writer: SceneWriter, args: argparse.Namespace, remove: bool) -> Iterator[None]:
    """Checks that the folder is writable; when the command ends for any reason, lists the complete scenes and removes all others.

    remove: a folder without a complete scene is left as it was found.
    """
    from rmpsam_ros.errors import DataError

    a_scene = args.views * args.frames
    try:
        writer.save(_remark(len(writer.listing.pictures) // a_scene, args.scenes))  # even a run that is killed can be resumed from its first scene on
    except BaseException as error:
        if remove:
            with suppress(OSError):
                writer.remove_all()
        if not isinstance(error, OSError):
            raise
        reason = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"  # as for /proc
        raise DataError(f"--out {args.out} cannot be written{reason}; give another folder.") from error
    try:
        yield
    except BaseException:
        whole = len(writer.listing.pictures) // a_scene
        writer.listing.cut(whole * a_scene, whole * args.views)
        if remove and not whole:
            writer.remove_all()
            raise
        with suppress(OSError):  # a full disk: the last listing stays, and --resume renders the rest again
            writer.remove_unlisted()
            writer.save(_remark(whole, args.scenes))
        consoles.lines(stderr=True).print(
            f"{writer.saved // a_scene} of {args.scenes} scenes are complete in {args.out}; continue with the same command and --resume"
        )
        raise


def _remark(done: int, scenes: int) -> str:
    return "" if done == scenes else f"; ended after {done} of {scenes} scenes"


def _size(word: str) -> tuple[int, int]:
    from rmpsam_ros.errors import DataError
    from rmpsam_ros.simulation.camera import check_size

    try:
        height, width = (int(side) for side in word.split("x"))
    except ValueError:
        raise DataError(f"The size {word!r} is not of the form 480x640 (height x width).") from None
    check_size((height, width))
    return height, width
