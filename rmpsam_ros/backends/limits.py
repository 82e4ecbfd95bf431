"""What every backend keeps to."""
from __future__ import annotations

MAX_BATCH = 64
"""Images in one run; cameras are fewer."""

MAX_THREADS = 1024
"""CPU threads; more is a mistake."""

MAX_PROMPTS = 64
"""Points and boxes in one request, and in one run; more is a mistake, and would hold up the frames."""
