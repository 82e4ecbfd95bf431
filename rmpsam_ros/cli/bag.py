"""`rmpsam bag`: the images of a rosbag2 through the node's pipeline, its messages into another rosbag2."""
from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmpsam_ros.ros.bags import BagMessage
    from rmpsam_ros.segmenter import Segmenter

HELP = "a rosbag2 (sqlite3 or mcap) through the same pipeline; results as the messages of the node"
EXAMPLE = """
rmpsam bag drive --topic /camera/image_raw --out drive_segmented
rmpsam bag drive --topic /front/image_raw/compressed --topic /rear/image_raw/compressed --out results --keep all
"""
RESULTS = ("panoptic", "tracks", "semantic", "detections", "overlay")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import add_model_options

    parser.add_argument("bag", metavar="BAG", type=Path, help="the bag's folder, or one .mcap or .db3 file")
    parser.add_argument("--out", required=True, type=Path, metavar="BAG2", help="the folder to make")
    parser.add_argument("--topic", action="append", default=[], metavar="T",
                        help="an image topic, raw or compressed; may be given again (default: the only one)")
    parser.add_argument("--results", nargs="+", choices=RESULTS, default=list(RESULTS),
                        help="what to write (default: all; detections where vision_msgs is installed, overlay as JPEG)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="T", help="topics to copy as they are; `all` for every one (default: none)")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), help="of BAG2 (default: as BAG)")
    parser.add_argument("--max-rate", type=float, default=0.0, metavar="HZ", help="images a second of each topic at most, by their stamps (0 = all)")
    parser.add_argument("--max-age", type=float, default=10.0, metavar="S", help="seconds for which an object out of sight is remembered (10)")
    parser.add_argument("--min-hits", type=int, default=3, metavar="N", help="frames before a track counts (3)")
    parser.add_argument("--alpha", type=float, default=0.5, metavar="A", help="opacity of the overlay's colours (0.5)")
    add_model_options(parser)


def run(args: argparse.Namespace) -> int:
    """Writes BAG2 whole or not at all."""
    from rmpsam_ros.errors import BagError

    if args.out.exists():
        raise BagError(f"--out {args.out} is there already; give a new name.")
    if not 0 <= args.max_rate < float("inf"):
        raise BagError(f"--max-rate is {args.max_rate:g}; it must be a number from 0 up.")
    try:
        import rclpy  # noqa: F401
    except ImportError as error:
        raise BagError(f"The node's messages need ROS 2 ({error}); source it, or install the package with pip, which brings it.") from error

    from rich.console import Console

    from rmpsam_ros.atomic import atomic_folder
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.ros.bags import BagReader, BagWriter

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with BagReader(args.bag, args.topic, args.keep) as bag:
        segmenter = model_options.open_segmenter(args)
        try:
            console.print(model_options.describe(segmenter), style="" if segmenter.trained else "yellow")
            with atomic_folder(args.out) as part:
                inner = part / args.out.name  # a bag's files are named after its folder
                writer = BagWriter(inner, args.storage or bag.storage)
                try:
                    done = _Run(args, segmenter, writer, console).all(bag)
                finally:
                    writer.close()
                for path in list(inner.iterdir()):
                    path.rename(part / path.name)
                inner.rmdir()
        finally:
            segmenter.close()
    console.print(f"{done}: {args.out}")
    return 0


class _Run:
    """One bag on its way."""

    def __init__(self, args: argparse.Namespace, segmenter: Segmenter, writer, console) -> None:
        self._args, self._segmenter, self._writer, self._console = args, segmenter, writer, console

    def all(self, bag) -> str:
        """Every message; what was done, in a sentence.

        Raises:
            BagError: there is no image that could be read.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from rmpsam_ros.errors import BagError, ImageError
        from rmpsam_ros.ros.messages import label_set_message

        names = camera_names([c.topic for c in bag.images])
        cameras = {topic: _Camera(name, self._segmenter, self._args) for topic, name in names.items()}
        used, begun = 0, time.perf_counter()
        bad: list[str] = []
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            bar = progress.add_task("images", total=bag.count)
            for number, entry in enumerate(bag.messages()):
                if number == 0:
                    self._writer.add("/rmpsam/labels", label_set_message(self._segmenter.labels), entry.time, latched=True)
                if entry.kept:
                    self._writer.copy(entry)
                if not entry.image:
                    continue
                progress.advance(bar)
                try:
                    results = cameras[entry.connection.topic].results(entry)
                except ImageError as error:
                    bad.append(f"{entry.connection.topic}: {error}")
                    continue
                if results is None:
                    continue
                used += 1
                for topic, message, latched in results:
                    self._writer.add(topic, message, entry.time, latched)
        if bad:
            self._console.print(f"{len(bad)} of {bag.count} images were left out, the first of {bad[0]}", style="yellow")
        if not used:
            raise BagError(f"{bag.path} has no image that can be used on {', '.join(names)}" + (f" ({bad[0]})." if bad else "."))
        seconds = time.perf_counter() - begun
        tracks = sum(camera.confirmed for camera in cameras.values())
        return f"{used} images in {seconds:.1f} s, {used / seconds:.1f} a second, {tracks} tracks"


class _Camera:
    """One image topic: its tracker, and what the node would send out for it."""

    def __init__(self, name: str, segmenter: Segmenter, args: argparse.Namespace) -> None:
        from rmpsam_ros.tracking import Tracker

        self._name, self._segmenter, self._args = name, segmenter, args
        self._tracker = Tracker(segmenter.labels, args.max_age, args.min_hits)
        self._stamp: float | None = None
        self._said = False
        self._ids: set[int] = set()

    @property
    def confirmed(self) -> int:
        """How many tracks there were."""
        return len(self._ids)

    def results(self, entry: BagMessage) -> Iterator[tuple[str, Any, bool]] | None:
        """Topic, message and whether it is latched, of each result of one image; None where --max-rate leaves it out.

        Raises:
            ImageError: the message holds no image that can be read.
        """
        from rmpsam_ros.ros.conversions import compressed_to_rgb, image_to_rgb
        from rmpsam_ros.ros.messages import stamp_ns
        from rmpsam_ros.tracking.frames import with_track_ids
        from rmpsam_ros.types import TrackState

        message = entry.read()
        stamp = (stamp_ns(message.header.stamp) or entry.time) / 1e9  # a camera without a clock: when it was recorded
        rate, before = self._args.max_rate, self._stamp
        if rate and before is not None and 0 <= stamp - before < 1 / rate - 1e-4:
            return None
        image = compressed_to_rgb(message) if hasattr(message, "format") else image_to_rgb(message)
        frame = self._segmenter.set_image(image, stamp=stamp)
        self._stamp = stamp
        panoptic = frame.panoptic()
        tracks = self._tracker.update(frame)
        self._ids.update(t.track_id for t in tracks if t.state == TrackState.CONFIRMED)
        return self._messages(message.header, image, with_track_ids(panoptic, tracks), tracks)

    def _messages(self, header, image, panoptic, tracks) -> Iterator[tuple[str, Any, bool]]:
        import cv2

        from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_panoptic
        from rmpsam_ros.ros import messages, vision_messages
        from rmpsam_ros.ros.publishing import JPEG_QUALITY

        base, wanted, segmenter = f"/rmpsam/{self._name}", self._args.results, self._segmenter
        if "panoptic" in wanted:
            yield f"{base}/panoptic", messages.panoptic_message(panoptic, header), False
        if "tracks" in wanted:
            yield f"{base}/tracks", messages.tracks_message(tracks, header), False
        if "semantic" in wanted:
            yield f"{base}/semantic", messages.image_message(panoptic.semantic(), "mono8", header), False
            if vision_messages.AVAILABLE and not self._said:
                info = vision_messages.label_info_message(segmenter.labels, segmenter.score_threshold, header)
                yield f"{base}/semantic/label_info", info, True
                self._said = True
        if "detections" in wanted and vision_messages.AVAILABLE:
            yield f"{base}/detections", vision_messages.detections_message(panoptic, header), False
        if "overlay" in wanted:
            banner = "" if segmenter.trained else UNTRAINED_BANNER
            drawn = cv2.cvtColor(draw_panoptic(image, panoptic, self._args.alpha, banner), cv2.COLOR_RGB2BGR)
            data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
            yield f"{base}/overlay/compressed", messages.compressed_message(data, header), False


def camera_names(topics: Sequence[str]) -> dict[str, str]:
    """What stands for NAME in the results' topics: `front` for /front/image_raw/compressed; the whole topic where two would agree."""
    whole = {topic: topic.strip("/").removesuffix("/compressed") for topic in topics}
    short = {topic: name.rpartition("/")[0] or name for topic, name in whole.items()}
    alike = [name for name in short.values() if list(short.values()).count(name) > 1]
    return {topic: whole[topic] if short[topic] in alike else short[topic] for topic in topics}
