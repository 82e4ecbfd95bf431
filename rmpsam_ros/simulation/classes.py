"""The classes of the scenes, all from the label set `robot`, and which of them are stuff."""

from __future__ import annotations

STUFF = frozenset({"floor", "wall", "ceiling", "table", "furniture", "window"})
"""Labels that form one segment each, however many objects have them."""

LABELS = (
    "bag", "book", "bottle", "bowl", "box", "chair", "computer", "couch", "cup", "cutlery", "device", "food", "appliance", "object", "plant",
    "screen", "textile", "tool", "toy", "ceiling", "floor", "furniture", "table", "wall", "window", "bed", "toilet", "sink",
)  # fmt: skip
"""A category's id in written annotations is its position here, from 1: append new ones at the end."""
