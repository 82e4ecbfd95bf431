"""`rmpsam bag`: runs the node's pipeline on the images of a rosbag2 and writes its messages to another rosbag2."""
from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.cli import consoles

if TYPE_CHECKING:
    from rmpsam_ros.ros.bag_cameras import BagCamera
    from rmpsam_ros.ros.bags import BagMessage, BagReader
    from rmpsam_ros.segmenter import Segmenter

HELP = "run the pipeline on a rosbag2 (sqlite3 or mcap) and write the node's messages to another"
EXAMPLE = """
rmpsam bag drive --topic /camera/image_raw --out drive_segmented
rmpsam bag drive --topic /front/image_raw/compressed --topic /rear/image_raw/compressed --out results --keep all
rmpsam bag drive --topic /camera/image_raw --depth /camera/depth --out drive_in_3d
"""
RESULTS = ("panoptic", "tracks", "semantic", "confidence", "detections", "annotations", "overlay", "points", "markers", "detections_3d")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import add_label_groups, add_model_options, add_rotation, seconds, share, whole_number

    parser.add_argument("bag", metavar="BAG", type=Path, help="input bag: its folder, or one .mcap or .db3 file")
    parser.add_argument("--out", required=True, type=Path, metavar="BAG2", help="output bag, a new folder")
    parser.add_argument("--topic", action="append", default=[], metavar="T",
                        help="image topic, raw or compressed; repeatable (default: the only one)")
    parser.add_argument("--depth", action="append", default=[], metavar="T",
                        help="topic of depth images registered to those of --topic, for positions, points and boxes; once for each")
    parser.add_argument("--camera-info", action="append", default=[], metavar="T",
                        help="topic of the camera calibration, once for each --depth (default: camera_info beside the images)")
    parser.add_argument("--results", nargs="+", choices=RESULTS,
                        help="results to write (default: all; those of vision_msgs and foxglove_msgs if installed, overlay as JPEG, "
                             "points, markers and detections_3d with --depth)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="T", help="topics to copy unchanged; `all` for every topic (default: none)")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), help="storage format of BAG2 (default: that of BAG)")
    parser.add_argument("--max-rate", type=float, default=0.0, metavar="HZ",
                        help="maximum images per second and topic, by their timestamps; 0 = no limit (default: 0)")
    parser.add_argument("--max-age", type=seconds, default=10.0, metavar="S", help="seconds for which a lost object is remembered (default: 10)")
    parser.add_argument("--min-hits", type=whole_number, default=3, metavar="N", help="frames that confirm a track (default: %(default)s)")
    parser.add_argument("--alpha", type=share, default=0.5, metavar="A", help="opacity of the overlay's colours, 0 to 1 (default: %(default)s)")
    parser.add_argument("--depth-max-gap", type=float, default=0.05, metavar="S",
                        help="maximum difference in seconds between the timestamps of an image and its depth image (default: %(default)s)")
    parser.add_argument("--points-step", type=int, default=1, metavar="N",
                        help="sampling step of the point cloud, in pixels and rows (default: %(default)s)")
    add_model_options(parser)
    add_label_groups(parser)
    add_rotation(parser)


def run(args: argparse.Namespace) -> int:
    """Writes BAG2 completely or not at all."""
    from rmpsam_ros.errors import BagError

    if args.out.exists():
        raise BagError(f"--out {args.out} already exists; give a new name.")
    if not 0 <= args.max_rate < float("inf"):
        raise BagError(f"--max-rate is {args.max_rate:g}; it must be 0 or more.")
    if not 0 <= args.depth_max_gap < float("inf") or args.points_step < 1:
        raise BagError(f"--depth-max-gap is {args.depth_max_gap:g} and --points-step {args.points_step}; they must be at least 0 and 1.")
    try:
        import rclpy  # noqa: F401
    except ImportError as error:
        raise BagError(f"The node's messages need ROS 2 ({error}); source it, or install the package with pip, which includes it.") from error

    _check_results(args)
    from rmpsam_ros.atomic import atomic_folder
    from rmpsam_ros.cli import model_options
    from rmpsam_ros.ros.bags import BagReader, BagWriter

    console = consoles.lines(stderr=True)
    with BagReader(args.bag, args.topic, args.keep, args.depth) as bag:
        beside = read_beside(bag, args.depth, args.camera_info)
        with model_options.open_segmenter(args) as segmenter, atomic_folder(args.out) as part:
            inner = part / args.out.name  # a bag's files are named after its folder
            writer = BagWriter(inner, args.storage or bag.storage)
            try:
                done = _Run(args, segmenter, writer, console, model_options.Announcement(console, segmenter)).all(bag, beside)
            finally:
                writer.close()
            for path in list(inner.iterdir()):
                path.rename(part / path.name)
            inner.rmdir()
    console.print(f"{done}: {args.out}")
    return 0


def _check_results(args: argparse.Namespace) -> None:
    """Checks that the requested results can be written.

    Raises:
        BagError: a package or depth is missing.
    """
    from rmpsam_ros.errors import BagError
    from rmpsam_ros.ros.frame_messages import PACKAGES

    needed = {} if args.depth else {name: "--depth, the topic of depth images" for name in ("points", "markers", "detections_3d")}
    needed |= {name: f"the ROS package {package}, which is not installed" for name, (package, module) in PACKAGES.items() if not module.AVAILABLE}
    for name in args.results or ():
        if name in needed:
            raise BagError(f"--results {name} needs {needed[name]}.")


class _Run:
    """The processing of one bag."""

    def __init__(self, args: argparse.Namespace, segmenter: Segmenter, writer, console, announce) -> None:
        self._args, self._segmenter, self._writer, self._console = args, segmenter, writer, console
        self._used, self._seen, self._bad, self._older, self._announce = 0, 0, [], set(), announce

    def all(self, bag: BagReader, beside: dict[str, tuple[str, str]]) -> str:
        """Processes every message; returns a one-line summary.

        Args:
            beside: depth and calibration topics of each image topic that has them.

        Raises:
            BagError: no image could be read.
        """
        from rmpsam_ros.errors import BagError
        from rmpsam_ros.progress import add_bar, progress_bars

        cameras, begun = self._cameras(bag, beside), time.perf_counter()
        self._older = {c.topic for c in bag.kept if is_result(c.topic, [camera.name for camera in cameras.values()])}
        if self._older:
            self._console.print(f"{', '.join(sorted(self._older))} are left out: results of an earlier run with the same names as the new ones",
                                style="yellow")  # fmt: skip
        for connection in bag.kept:
            if connection.msgcount and connection.topic not in self._older:
                self._writer.keep(connection)
        with progress_bars(self._console) as progress:
            bar = add_bar(progress, "images", bag.count)
            for entry in self._in_turn(bag, cameras, beside):
                progress.advance(bar)
                self._write(cameras[entry.connection.topic], entry)
        if self._seen < bag.count:
            self._console.print(f"{bag.path} ends after {self._seen} of {bag.count} images; it may be damaged: `mcap recover` or `ros2 bag reindex` may help",
                                style="yellow")  # fmt: skip
        bad, names = self._bad, ", ".join(cameras)
        if not self._used:
            raise BagError(f"{bag.path} has no image that can be used on {names}" + (f" ({bad[0]})." if bad else "."))
        if bad:
            self._console.print(f"{len(bad)} of {bag.count} images were left out, the first: {bad[0]}", style="yellow")
        for topic, camera in cameras.items():
            if camera.without_depth:
                self._console.print(f"{camera.without_depth} images of {topic} had no depth: {camera.problem}", style="yellow")
        seconds = time.perf_counter() - begun
        tracks = sum(camera.confirmed for camera in cameras.values())
        return f"{self._used} images in {seconds:.1f} s, {self._used / seconds:.1f} images/s, {tracks} tracks"

    def _cameras(self, bag: BagReader, beside: dict[str, tuple[str, str]]) -> dict[str, BagCamera]:
        from rmpsam_ros.ros.bag_cameras import BagCamera, BagOptions

        args = self._args
        options = BagOptions(tuple(args.results or RESULTS), args.max_rate, args.max_age, args.min_hits, args.alpha, args.depth_max_gap, args.points_step, args.rotation)
        names = camera_names([c.topic for c in bag.images])
        return {topic: BagCamera(name, topic, beside.get(topic, ("", ""))[0], self._segmenter, options) for topic, name in names.items()}

    def _in_turn(self, bag: BagReader, cameras: dict[str, BagCamera], beside: dict[str, tuple[str, str]]) -> Iterator[BagMessage]:
        """The images, each once its depth has arrived; all other messages are handled on the way."""
        from rmpsam_ros.ros.messages import label_set_message

        def hand_over(entry: BagMessage) -> None:
            for topic, others in beside.items():
                if entry.connection.topic in others:
                    cameras[topic].take_beside(entry)

        for entry in bag.first_calibrations():  # which also apply to earlier images
            if self._is_readable(entry, said=False):
                hand_over(entry)
        waiting: dict[str, deque[BagMessage]] = {topic: deque() for topic in cameras}  # no camera waits for the depth of another
        for number, entry in enumerate(bag.messages()):
            if number == 0:
                self._writer.add("/rmpsam/labels", label_set_message(self._segmenter.labels), entry.time, latched=True)
            if entry.kept and entry.connection.topic not in self._older:
                self._writer.copy(entry)
            self._seen += entry.image
            if (entry.image or entry.beside) and not self._is_readable(entry):
                continue
            if entry.beside:
                hand_over(entry)
            if entry.image:
                waiting[entry.connection.topic].append(entry)
            for topic, images in waiting.items():
                while images and cameras[topic].is_ready(images[0], entry.time):
                    yield images.popleft()
        yield from sorted((entry for images in waiting.values() for entry in images), key=lambda entry: entry.time)

    def _is_readable(self, entry: BagMessage, said: bool = True) -> bool:
        from rmpsam_ros.errors import BagError

        try:
            entry.decode()
        except BagError as error:
            self._bad += [str(error)] if said else []
            return False
        return True

    def _write(self, camera: BagCamera, entry: BagMessage) -> None:
        from rmpsam_ros.errors import ImageError

        try:
            results = camera.results(entry)
        except ImageError as error:
            self._bad.append(f"{entry.connection.topic}: {error}")
            return
        if results is None:
            return
        self._used += 1
        self._announce()
        for topic, message, latched in results:
            self._writer.add(topic, message, entry.time, latched)


def read_beside(bag: BagReader, depths: Sequence[str], infos: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Makes the bag read depth and calibration as well; returns the topics of both for each image topic that has them.

    Raises:
        BagError: their number differs from that of the image topics, or the bag does not contain them.
    """
    from rmpsam_ros.errors import BagError
    from rmpsam_ros.ros.bags import IMAGE_TYPES, INFO_TYPES

    images = list(dict.fromkeys(connection.topic for connection in bag.images))  # a topic that was recorded twice has two connections
    if infos and len(infos) != len(depths):
        raise BagError(f"There are {len(infos)} --camera-info for {len(depths)} --depth; give one for each, in the same order.")
    if depths and len(depths) != len(images):
        raise BagError(f"There are {len(depths)} --depth for {len(images)} image topics; give one for each, in the same order.")
    infos = infos or [f"{topic.removesuffix('/compressed').rpartition('/')[0]}/camera_info" for topic in images]
    for depth, info in zip(depths, infos):
        bag.read_beside(depth, IMAGE_TYPES)
        bag.read_beside(info, INFO_TYPES)
    return {image: (depth, info) for image, depth, info in zip(images, depths, infos)}


def is_result(topic: str, cameras: Sequence[str]) -> bool:
    """Whether a topic is a result topic of one of these cameras."""
    return topic == "/rmpsam/labels" or any(topic.startswith(f"/rmpsam/{name}/") for name in cameras)


def camera_names(topics: Sequence[str]) -> dict[str, str]:
    """The camera name in the results' topics: `front` for /front/image_raw/compressed; more of the topic where two names would be equal."""
    whole = {topic: topic.strip("/") for topic in topics}
    plain = {topic: name.removesuffix("/compressed") for topic, name in whole.items()}
    names = {topic: name.rpartition("/")[0] or name for topic, name in plain.items()}
    longer = plain
    while len(set(names.values())) < len(names):
        taken = list(names.values())
        names = {topic: longer[topic] if taken.count(name) > 1 else name for topic, name in names.items()}
        longer = whole
    return names
