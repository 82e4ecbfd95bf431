"""The classes that scenes have, all of the label set `robot`, and which of them are stuff."""

from __future__ import annotations

STUFF = frozenset({"floor", "wall", "ceiling", "table", "furniture", "window"})
"""Labels that are one segment, however many things of them there are."""

LABELS = (
    "bag", "book", "bottle", "bowl", "box", "chair", "computer", "couch", "cup", "cutlery", "device", "food", "appliance", "object", "plant",
    "screen", "textile", "tool", "toy", "ceiling", "floor", "furniture", "table", "wall", "window", "bed", "toilet", "sink",
)  # fmt: skip
"""A category's id in written annotations is its place here, from 1: new ones go to the end."""
