"""`python -m rmpsam_ros.demo`."""
import sys

from rmpsam_ros.demo.runner import main

if __name__ == "__main__":
    sys.exit(main())
