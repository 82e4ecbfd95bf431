"""`python -m rmpsam_ros`: the command line."""
import sys

from rmpsam_ros.cli import main

if __name__ == "__main__":
    sys.exit(main())
