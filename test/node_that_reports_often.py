"""The real node, whose diagnostics come five times a second: for the tests that read them again and again."""
from __future__ import annotations

import sys

from rmpsam_ros import node

if __name__ == "__main__":
    node.REPORT_SECONDS /= 5
    node.SAME_NAME_TICKS *= 5
    sys.exit(node.main())
