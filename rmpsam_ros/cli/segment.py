"""`rmpsam segment`: segments photos, folders and videos into overlays, ID maps and COCO panoptic JSON."""
from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.cli import consoles

if TYPE_CHECKING:
    from rich.progress import Progress

    from rmpsam_ros.media import MediaFile
    from rmpsam_ros.results import ResultWriter
    from rmpsam_ros.segmenter import Segmenter

HELP = "segment photos, folders or videos into overlays, ID maps (16-bit PNG) and COCO panoptic JSON"
EXAMPLE = """
rmpsam segment photos/ clip.mp4 --out results
rmpsam segment kitchen.jpg --out results --model rmpsam-lite0 --score-threshold 0.5
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import add_label_groups, add_model_options, add_rotation, share

    parser.add_argument("paths", nargs="+", metavar="PATH", help="photo, video, or folder of them")
    parser.add_argument("--out", required=True, metavar="DIR",
                        help="output folder, for overlays/, ids/ (16-bit PNG), panoptic/ (COCO PNG) and panoptic.json")
    parser.add_argument("--alpha", type=share, default=0.5, metavar="A", help="opacity of the overlay's colours, 0 to 1 (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="process only every N-th frame of a video (default: %(default)s)")
    parser.add_argument("--no-overlays", action="store_true", help="write maps and JSON only")
    add_model_options(parser)
    add_label_groups(parser)
    add_rotation(parser)


def run(args: argparse.Namespace) -> int:
    """Segments all files. A file that cannot be read prints one line and sets exit code 2; the others are still processed.

    After Ctrl-C, the JSON of the finished files is still written; an unfinished video leaves nothing behind.
    """
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.errors import ImageError
    from rmpsam_ros.media import list_media
    from rmpsam_ros.results import ResultWriter, output_paths

    if args.every < 1:
        raise ImageError(f"--every is {args.every}; it must be 1 or more.")
    out = Path(args.out)
    if out.exists() and not out.is_dir():
        raise ImageError(f"--out {out} is a file; give a folder.")
    files = list_media(args.paths)
    given = {(at.st_dev, at.st_ino): file.path for file in files if file.path.exists() for at in [file.path.stat()]}
    for at in (path.stat() for file in files for path in output_paths(out, file) if path.is_file()):
        if (at.st_dev, at.st_ino) in given:
            raise ImageError(f"--out {out} would replace {given[at.st_dev, at.st_ino]}; give another folder.")
    _keep_others(out, files)
    console = consoles.lines(stderr=True)
    segmenter = model_options.open_segmenter(args)
    writer = ResultWriter(out, segmenter.labels, _info(segmenter))
    announce = model_options.Announcement(console, segmenter)
    started = time.perf_counter()
    try:
        broken = _segment_all(files, segmenter, writer, args, console, announce)
    finally:
        segmenter.close()
        if writer.images:
            path = writer.save_json()
    if writer.images:
        count, seconds = len(writer.images), time.perf_counter() - started
        pictures = f"{count} picture{'s' if count > 1 else ''}"
        console.print(f"{pictures} in {seconds:.1f} s, {1000 * seconds / count:.0f} ms each: {path}", highlight=False)
        named = {Path(Path(entry["file_name"]).parts[0]).stem for entry in writer.annotations}
        earlier = [path for path in (out / "ids").iterdir() if not path.name.startswith(".") and path.stem not in named]
        if earlier:
            console.print(f"{out / 'ids'} holds {len(earlier)} more of an earlier run, such as {earlier[0].name}; "
                          "panoptic.json lists only this run's")
    return 2 if broken else 0


def _keep_others(out: Path, files: list[MediaFile]) -> None:
    """Refuses to overwrite files that this command has not written: labels often have the same names.

    Raises:
        ImageError: `out` contains such a file.
    """
    from rmpsam_ros.errors import ImageError
    from rmpsam_ros.results import output_paths, written_here

    listing = out / "panoptic.json"
    if listing.exists() and not (listing.is_file() and written_here(listing)):
        raise ImageError(f"{listing} was not written by this command and would be overwritten; give another folder.")
    for path in (path for file in files for path in output_paths(out, file)):
        if path.exists() and not listing.exists():
            raise ImageError(f"{path} exists without a panoptic.json of this command and would be overwritten; give another folder.")


def _segment_all(files: list[MediaFile], segmenter, writer: ResultWriter, args, console, announce) -> int:
    """Segments the files one by one with a progress bar; returns how many could not be read."""
    from rmpsam_ros.errors import ImageError
    from rmpsam_ros.progress import add_bar, progress_bars

    broken = 0
    with progress_bars(console) as progress:
        everything = add_bar(progress, "files", len(files))
        for file in files:
            try:
                if file.is_video:
                    _segment_video(file, segmenter, writer, args, progress, announce)
                else:
                    _segment_photo(file, segmenter, writer, args, announce)
            except ImageError as error:
                broken += 1
                console.print(f"rmpsam segment: {error}")
            progress.advance(everything)
    return broken


def _segment_photo(file: MediaFile, segmenter: Segmenter, writer: ResultWriter, args, announce) -> None:
    from rmpsam_ros.media import of_file, read_image

    image = read_image(file.path)
    with of_file(file.path):
        result = segmenter.set_image(image, rotation=args.rotation).panoptic()
    writer.add_photo(file, result, _overlay(image, result, segmenter, args))
    announce()


def _segment_video(file: MediaFile, segmenter: Segmenter, writer: ResultWriter, args, progress: Progress, announce) -> None:
    from rmpsam_ros.media import Video, of_file
    from rmpsam_ros.progress import add_bar

    with Video(file.path) as video, writer.video(file, video.fps / args.every, not args.no_overlays) as output:
        bar = add_bar(progress, file.path.name, video.frame_count)
        try:
            for frame in video:
                if frame.index % args.every == 0:
                    with of_file(file.path):
                        result = segmenter.set_image(frame.image, rotation=args.rotation).panoptic()
                    output.add(frame, result, _overlay(frame.image, result, segmenter, args))
                    announce()
                progress.advance(bar)
        finally:
            progress.remove_task(bar)


def _overlay(image, result, segmenter: Segmenter, args):
    """The image with its segments drawn, or None with --no-overlays."""
    from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_panoptic

    if args.no_overlays:
        return None
    return draw_panoptic(image, result, args.alpha, "" if segmenter.trained else UNTRAINED_BANNER)


def _info(segmenter: Segmenter) -> dict[str, object]:
    """The model and options used, for the JSON."""
    return {
        "description": "panoptic segmentation" if segmenter.trained else "UNTRAINED MODEL: masks mean nothing",
        **segmenter.describe(),
        "score_threshold": segmenter.score_threshold,
        "overlap_threshold": segmenter.overlap_threshold,
    }
