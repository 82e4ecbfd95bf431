"""`rmpsam click`: segments one object of a photo from points and boxes."""
from __future__ import annotations

import argparse
from pathlib import Path

from rmpsam_ros.cli import consoles

HELP = "segment one object of a photo from a click or a box"
EXAMPLE = """
rmpsam click kitchen.jpg 320 240 --out cup.png
rmpsam click kitchen.jpg 320 240 --positive 340 200 --negative 400 260 --out cup.png --overlay cup_overlay.jpg
rmpsam click kitchen.jpg --box 200 120 420 330 --out cup.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import add_label_groups, add_model_options, add_rotation

    pair = dict(nargs=2, type=float, action="append", metavar=("X", "Y"), default=[])
    parser.add_argument("image", metavar="IMAGE", help="input photo; coordinates are pixels of the upright image")
    parser.add_argument("x", metavar="X", type=float, nargs="?", help="column of a point on the object, from 0 at the left")
    parser.add_argument("y", metavar="Y", type=float, nargs="?", help="row of the point, from 0 at the top")
    parser.add_argument("--positive", **pair, help="another point on the object; repeatable")
    parser.add_argument("--negative", **pair, help="point that is not on the object; repeatable")
    parser.add_argument("--box", nargs=4, type=float, action="append", metavar=("X1", "Y1", "X2", "Y2"), default=[],
                        help="box around the object, upper left and lower right corner; repeatable")
    parser.add_argument("--out", required=True, metavar="MASK.png", help="output mask: 8-bit grey, 255 on the object")
    parser.add_argument("--overlay", metavar="FILE", help="also write the photo with the mask and prompts drawn on it")
    add_model_options(parser)
    add_label_groups(parser)
    add_rotation(parser)


def run(args: argparse.Namespace) -> int:
    """Runs the prompt, writes the mask, and prints a one-line summary."""
    import cv2
    import numpy as np

    from rmpsam_ros.cli import model_options
    from rmpsam_ros.errors import ImageError, PromptError
    from rmpsam_ros.media import of_file, read_image
    from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_click
    from rmpsam_ros.results import write_image
    from rmpsam_ros.types import BACKGROUND, FOREGROUND, PointPrompt

    if (args.x is None) != (args.y is None):
        raise PromptError("X was given without Y; give both, in pixels.")
    first = [] if args.x is None else [(args.x, args.y)]
    points = [PointPrompt(*at, FOREGROUND) for at in [*first, *args.positive]]
    points += [PointPrompt(*at, BACKGROUND) for at in args.negative]
    if not args.box and not any(point.label == FOREGROUND for point in points):
        raise PromptError("no point or box on the object was given; give X Y, or --box X1 Y1 X2 Y2.")
    if Path(args.out).suffix.lower() not in (".png", ".bmp", ".tif", ".tiff"):
        raise ImageError(f"--out {args.out} would not keep the mask exactly; end the name in .png.")
    image = read_image(args.image)
    for option, path in (("--out", args.out), ("--overlay", args.overlay)):
        if path and Path(path).exists() and Path(path).samefile(args.image):
            raise ImageError(f"{option} {path} would replace the photo; give another name.")
        if path and not cv2.haveImageWriter(f"x{Path(path).suffix}" if Path(path).suffix.isascii() else "x"):
            raise ImageError(f"{option} {path} is not a supported image format; end the name in .png or .jpg.")
    if args.overlay and Path(args.overlay).resolve() == Path(args.out).resolve():
        raise ImageError(f"--out and --overlay are both {args.out}; give two different names.")
    with model_options.open_segmenter(args) as segmenter:
        with of_file(args.image):
            frame = segmenter.set_image(image, rotation=args.rotation)
        click = frame.prompt(points=points, boxes=args.box)
    write_image(Path(args.out), click.mask.astype(np.uint8) * 255)
    if args.overlay:
        banner = "" if segmenter.trained else UNTRAINED_BANNER
        write_image(Path(args.overlay), draw_click(image, click, banner=banner))
    model_options.Announcement(consoles.lines(stderr=True), segmenter)()
    roi = click.roi
    print(f"{click.class_name or 'no class'}: {int(click.mask.sum())} pixels, predicted IoU {click.score:.2f}, "
          f"x {roi.x}..{roi.x + roi.width - 1}, y {roi.y}..{roi.y + roi.height - 1}: {args.out}"
          if roi.width else f"the mask is empty (predicted IoU {click.score:.2f}): {args.out} is all 0")
    return 0
