"""What every backend keeps to."""
from __future__ import annotations

from collections.abc import Mapping

MAX_BATCH = 64
"""Images in one run; cameras are fewer."""

MAX_PROMPTS = 64
"""Points and boxes in one request, and in one run on a GPU; more is a mistake, and would hold up the frames."""


def needs_float32(config: Mapping[str, object]) -> bool:
    """Whether a network's mask products must not be rounded to TF32's 11 bits, whatever the rest is computed in.

    With anchors a mask logit is the difference of large numbers: of a small ellipse's squares.
    """
    return bool(config.get("anchors"))
