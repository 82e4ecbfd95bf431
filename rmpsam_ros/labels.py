"""Label sets: official ones by name, custom ones from a file, and a colour for every class."""
from __future__ import annotations

import colorsys
from collections.abc import Mapping
from pathlib import Path

import yaml

from rmpsam_ros.errors import ModelError, RmpsamError
from rmpsam_ros.types import ClassLabel, LabelSet

MAX_CLASSES = 255
"""A semantic map is mono8 with 255 for unlabelled, which leaves IDs 0 … 254."""

_COCO_THINGS = """person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant,
stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard,
tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot,
hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop, mouse, remote, keyboard,
cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier,
toothbrush"""
_COCO_STUFF = """banner, blanket, bridge, cardboard, counter, curtain, door-stuff, floor-wood, flower, fruit, gravel,
house, light, mirror-stuff, net, pillow, platform, playingfield, railroad, river, road, roof, sand, sea, shelf, snow,
stairs, tent, towel, wall-brick, wall-stone, wall-tile, wall-wood, water-other, window-blind, window-other,
tree-merged, fence-merged, ceiling-merged, sky-other-merged, cabinet-merged, table-merged, floor-other-merged,
pavement-merged, mountain-merged, grass-merged, dirt-merged, paper-merged, food-other-merged, building-other-merged,
rock-merged, wall-other-merged, rug-merged"""
_YOUTUBE_VIS = """person, giant_panda, lizard, parrot, skateboard, sedan, ape, dog, snake, monkey, hand, rabbit, duck,
cat, cow, fish, train, horse, turtle, bear, motorbike, giraffe, leopard, fox, deer, owl, surfboard, airplane, truck,
zebra, tiger, elephant, snowboard, boat, shark, mouse, frog, eagle, earless_seal, tennis_racket"""


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]


def make_label_set(name: str, things: list[str], stuff: list[str]) -> LabelSet:
    """A label set with things first, then stuff, and a generated colour for each class."""
    entries = [(n, True) for n in things] + [(n, False) for n in stuff]
    return LabelSet(name, tuple(ClassLabel(i, n, thing, class_color(i, thing)) for i, (n, thing) in enumerate(entries)))


def class_color(class_id: int, is_thing: bool) -> tuple[int, int, int]:
    """Generated RGB colour of a class: hues a golden angle apart, vivid for things, muted for stuff."""
    hue = (class_id * 0.618033988749895 + (0.0 if is_thing else 0.35)) % 1.0
    saturation, value = ((0.85, 1.0), (0.65, 0.9), (0.95, 0.8))[class_id % 3] if is_thing else (0.35, 0.62 + 0.06 * (class_id % 4))
    return tuple(round(255 * channel) for channel in colorsys.hsv_to_rgb(hue, saturation, value))  # type: ignore[return-value]


OFFICIAL: Mapping[str, LabelSet] = {
    "coco-panoptic": make_label_set("coco-panoptic", _names(_COCO_THINGS), _names(_COCO_STUFF)),
    "youtube-vis-2019": make_label_set("youtube-vis-2019", _names(_YOUTUBE_VIS), []),
}


def load_label_set(name_or_file: str | Path) -> LabelSet:
    """Loads an official label set by name (`coco-panoptic`, `youtube-vis-2019`), or one from a YAML file.

    The file has `name:` and `classes:`, a list of `{name: …, thing: true|false, color: [r, g, b]}`; `color` is optional.

    Raises:
        ModelError: there is no such label set or file, or the file has another format.
    """
    if str(name_or_file) in OFFICIAL:
        return OFFICIAL[str(name_or_file)]
    path = Path(name_or_file)
    if not path.is_file():
        raise ModelError(f"There is no label set {str(name_or_file)!r}; give {' or '.join(OFFICIAL)}, or a YAML file.")
    try:
        return label_set_from_dict(read_yaml(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a label set ({' '.join(str(error).split())[:120]}); it must say `name:` and "
                         "`classes:`, a list of {name, thing}.") from error


def read_yaml(text: str) -> object:
    """Parses a YAML text.

    Raises:
        ValueError: it is not valid YAML.
    """
    try:
        return yaml.safe_load(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an invalid date, such as month 13
        raise ValueError(" ".join(str(error).split())[:120]) from error


def read_yaml_file(path: Path, error: type[RmpsamError]) -> object:
    """Parses a YAML file, which must exist.

    Raises:
        error: it is not valid YAML, or not UTF-8.
    """
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise error(f"{path} is not YAML ({' '.join(str(reason).split())[:120]}).") from reason


def label_set_from_dict(content: Mapping) -> LabelSet:
    """Builds a label set from the parsed YAML.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or wrong.
    """
    if not isinstance(content, Mapping):
        raise TypeError(f"it contains {type(content).__name__}, not a mapping")
    classes = []
    for class_id, entry in enumerate(content["classes"]):
        if not isinstance(entry, Mapping):
            raise TypeError(f"class {class_id} is {entry!r}; it must look like {{name: cup, thing: true}}")
        name, thing = entry["name"], entry["thing"]
        if name == "" or isinstance(name, bool) or not isinstance(name, str | int):  # YAML's on, off, yes, no and null are not strings
            raise ValueError(f"the name of class {class_id} is {name!r}; it must be a string; put words such as 'off' in quotes")
        if not isinstance(thing, bool):
            raise ValueError(f"`thing` of class {name!r} is {thing!r}; it must be true or false")
        try:
            color = tuple(int(c) for c in entry.get("color") or class_color(class_id, thing))
        except OverflowError:  # `.inf`
            color = ()
        if len(color) != 3 or not all(0 <= c <= 255 for c in color):
            raise ValueError(f"the colour of class {name!r} must be three values from 0 to 255")
        classes.append(ClassLabel(class_id, str(name), thing, color))
    names = [label.name for label in classes]
    if not 1 <= len(classes) <= MAX_CLASSES:
        raise ValueError(f"a label set has 1 to {MAX_CLASSES} classes, this one {len(classes)}")
    if len(set(names)) != len(names):
        raise ValueError("two classes have the same name")
    return LabelSet(str(content["name"]), tuple(classes))
