"""The kinds of objects that are made in code, grouped by topic; importing this package registers all of them in `things.KINDS`."""
from rmpsam_ros.simulation.kinds import gadgets, goods, kitchen, large, pantry, tools, vessels, wardrobe, workshop  # noqa: F401
from rmpsam_ros.simulation.things import KINDS

MEASURED = frozenset(KINDS.kinds)
"""The kinds in scenes of unseen objects. Kinds added below do not change these scenes, so that figures measured on them stay
comparable."""

from rmpsam_ros.simulation.kinds import (  # noqa: E402, F401
    bakery,
    belongings,
    boxes,
    clothing,
    cookware,
    crockery,
    desktop,
    electronics,
    equipment,
    flasks,
    furnishings,
    games,
    garden,
    hardware,
    journey,
    kitchen_machines,
    machines,
    playroom,
    pouches,
    power_tools,
    resting,
    seating,
    serveware,
    snacks,
    stationery,
    utensils,
)  # fmt: skip
