"""`rmpsam track`: tracks the objects of a video, with an overlay video and YouTube-VIS JSON as output."""
from __future__ import annotations

import argparse
import time
from pathlib import Path

from rmpsam_ros.cli import consoles

HELP = "track the objects of a video; write an overlay video and YouTube-VIS JSON"
EXAMPLE = """
rmpsam track street.mp4 --out results
rmpsam track kitchen.mp4 --out results --click 320 240 --only-clicked
rmpsam track frames/ --fps 10 --out results --mode clip
"""

ONLINE_ONLY = {"click": [], "label_groups": None, "rotation": 0, "backend": "auto", "device": "auto", "precision": "auto", "threads": None,
               "overlap_threshold": None}  # fmt: skip
"""Options that clip mode (torch on the CPU) does not support, with their defaults."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import add_label_groups, add_model_options, add_rotation, seconds, share, whole_number

    parser.add_argument("video", metavar="VIDEO", help="video, or folder of images in the order of their names")
    parser.add_argument("--out", required=True, metavar="DIR", help="output folder, for NAME.mp4 and NAME.json")
    parser.add_argument("--click", nargs=2, type=float, action="append", metavar=("X", "Y"), default=[],
                        help="point on an object to follow, in the first frame; repeatable")
    parser.add_argument("--only-clicked", action="store_true", help="draw and write only the clicked objects")
    parser.add_argument("--mode", choices=("online", "clip"), default="online",
                        help="online: frame by frame, as on a robot; clip: clip by clip, as in the published method, needs torch "
                             "(default: %(default)s)")
    parser.add_argument("--max-age", type=seconds, default=10.0, metavar="S",
                        help="seconds for which a lost object is remembered (default: 10)")
    parser.add_argument("--min-hits", type=whole_number, default=3, metavar="N", help="frames that confirm a track (default: %(default)s)")
    parser.add_argument("--fps", type=float, default=None, metavar="F", help="frames per second of a folder of images (default: 10)")
    parser.add_argument("--alpha", type=share, default=0.5, metavar="A", help="opacity of the overlay's colours, 0 to 1 (default: %(default)s)")
    parser.add_argument("--no-overlay", action="store_true", help="write JSON only")
    add_model_options(parser)
    add_label_groups(parser)
    add_rotation(parser)


def run(args: argparse.Namespace) -> int:
    """Tracks the video. After Ctrl-C or an error, no output is left behind."""
    from rmpsam_ros.errors import ImageError, TrackError

    for name, usual in ONLINE_ONLY.items():
        if args.mode == "clip" and getattr(args, name) != usual:
            raise TrackError(f"--{name.replace('_', '-')} works in online mode only; omit it or --mode clip.")
    if args.only_clicked and not args.click:
        raise TrackError("--only-clicked needs --click X Y.")
    if args.fps is not None and not 0 < args.fps <= 1000:
        raise ImageError(f"--fps is {args.fps:g}; it must be above 0 and up to 1000.")
    out = Path(args.out)
    if out.exists() and not out.is_dir():
        raise ImageError(f"--out {out} is a file; give a folder.")
    return _Run(args).clip() if args.mode == "clip" else _Run(args).online()


class _Run:
    """The processing of one video."""

    def __init__(self, args: argparse.Namespace) -> None:
        from rmpsam_ros.atomic import unwritable
        from rmpsam_ros.errors import ImageError
        from rmpsam_ros.frame_source import open_frames
        from rmpsam_ros.results import written_here

        self.args = args
        self.console = consoles.lines(stderr=True)
        if "://" in args.video:
            raise ImageError(f"{args.video} is a URL; give a file or a folder (for a live camera, use the node).")
        self.frames = open_frames(args.video, args.fps)
        if args.fps is not None and not self.frames.pictures:
            raise ImageError(f"--fps applies to a folder of images; {args.video} has its own frame rate ({self.frames.fps:g}).")
        film = Path(args.out) / f"{self.frames.name}.mp4"
        if not args.no_overlay and film.exists() and film.samefile(args.video):
            raise ImageError(f"--out {args.out} would overwrite {args.video} with its overlay video; give another folder.")
        listing = Path(args.out) / f"{self.frames.name}.json"
        for path in (listing,) if args.no_overlay else (listing, film):
            if path.exists() and not (listing.is_file() and written_here(listing)):
                raise ImageError(f"{path} was not written by this command and would be overwritten; give another folder.")
        if problem := unwritable(listing):
            raise ImageError(f"{listing} cannot be written: {problem}.")

    def online(self) -> int:
        """Tracks frame by frame."""
        from rmpsam_ros.cli import model_options
        from rmpsam_ros.tracking import Tracker

        segmenter = model_options.open_segmenter(self.args)
        announce = model_options.Announcement(self.console, segmenter)
        tracker = Tracker(segmenter.labels, self.args.max_age, self.args.min_hits)
        clicked: list[int] = []
        spent = [0.0]

        def track(image, index: int, seconds: float):
            frame = segmenter.set_image(image, seconds, self.args.rotation)
            frame.panoptic()  # cached by the frame, so that only tracking is timed below
            started = time.perf_counter()
            tracks = tracker.update(frame)
            spent[0] += time.perf_counter() - started
            if self.args.click and not clicked:  # the first readable frame
                clicked.extend(tracker.follow(frame.prompt(points=[at]), frame=frame) for at in self.args.click)
                tracks = tracker.tracks
            announce()
            return [t for t in tracks if t.track_id in clicked] if self.args.only_clicked else tracks

        try:
            info = {"mode": "online", "max_age": self.args.max_age, "min_hits": self.args.min_hits}
            count = self._write(track, segmenter, info)
        finally:
            segmenter.close()
        self.console.print(f"tracking took {1000 * spent[0] / count:.1f} ms per frame, including prompts of clicked objects", highlight=False)
        for track_id, (x, y) in zip(clicked, self.args.click):
            self.console.print(f"the click at {x:g}, {y:g} is track {track_id}", highlight=False)
        return 0

    def clip(self) -> int:
        """Tracks clip by clip, as in the published method: the whole video is decoded before anything is drawn."""
        from rmpsam_ros.evaluation.clip_runner import ClipRunner, tracks_of_frame

        runner = ClipRunner(self.args.model, self.args.input_size, self.args.score_threshold)
        untrained = "" if runner.trained else " (UNTRAINED: its masks mean nothing)"
        self.console.print(f"{runner.model_name}{untrained} in clip mode, torch on CPU", style="" if runner.trained else "yellow")
        with self.console.status("decoding clips"):
            count = sum(1 for _ in self.frames.images())
            instances, placement = runner.run((frame.image for frame in self.frames.images()), count)
        names = [label.name for label in runner.labels.classes]
        self._write(lambda image, index, seconds: tracks_of_frame(instances, index, placement, names), runner, {"mode": "clip"})
        return 0

    def _write(self, track, model, info: dict) -> int:
        """Draws and writes the tracks that `track(image, index, seconds)` returns for each frame; returns the number of frames."""
        from contextlib import ExitStack

        from rmpsam_ros.atomic import atomic_file
        from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_panoptic
        from rmpsam_ros.progress import add_bar, progress_bars
        from rmpsam_ros.results import OverlayVideo
        from rmpsam_ros.track_results import TrackWriter, tracked_map

        args, name = self.args, self.frames.name
        info = {**info, "model": model.model_name, "trained": model.trained, "labels": model.labels.name}
        writer = TrackWriter(model.labels, info)
        banner = "" if model.trained else UNTRAINED_BANNER
        with ExitStack() as stack:
            film = None
            if not args.no_overlay:
                film = OverlayVideo(stack.enter_context(atomic_file(Path(args.out) / f"{name}.mp4")), self.frames.fps)
                stack.callback(film.close)
            progress = stack.enter_context(progress_bars(self.console))
            bar = add_bar(progress, name, self.frames.count)
            for frame in self.frames.images():
                size = frame.image.shape[:2]
                tracks = track(frame.image, frame.index, frame.seconds)
                writer.add(self.frames.frame_name(frame.index), size, tracks)
                if film is not None:
                    film.add(draw_panoptic(frame.image, tracked_map(size, tracks, model.labels), args.alpha, banner))
                progress.advance(bar)
            if film is not None:
                film.finish()
            path = Path(args.out) / f"{name}.json"
            writer.save(path, name)
        few = f" (--min-hits {args.min_hits}: the frames that confirm a track)" if writer.frames < args.min_hits and args.mode == "online" else ""
        self.console.print(f"{writer.confirmed} track{'s' * (writer.confirmed != 1)} in {writer.frames} frame{'s' * (writer.frames != 1)}{few}: {path}")
        return writer.frames
