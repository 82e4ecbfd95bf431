"""Limits common to all backends."""
from __future__ import annotations

MAX_BATCH = 64
"""Maximum number of images per run; more than the number of cameras on a robot."""

MAX_THREADS = 1024
"""Maximum number of CPU threads; more is a mistake."""

MAX_PROMPTS = 64
"""Maximum number of points and boxes per request and per run; more is a mistake, and would delay the frames."""
