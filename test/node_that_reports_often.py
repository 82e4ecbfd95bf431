"""The real node, publishing diagnostics five times a second: for tests that read them repeatedly."""
from __future__ import annotations

import sys

from rmpsam_ros import node

if __name__ == "__main__":
    node.REPORT_SECONDS /= 5
    node.SAME_NAME_TICKS *= 5
    sys.exit(node.main())
