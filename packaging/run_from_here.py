"""Lets the environment of the Python that runs this take the package's sources from this folder, as `make demo` and `make test` do.

What pip has installed is a copy of them, which `git pull` would leave behind; the generated messages are used from there.
"""
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parents[1]
# Run when Python starts; a plain path in such a file would come after the copy.
line = f"import sys; sys.path.insert(0, {str(root)!r})\n"
Path(sysconfig.get_path("platlib"), "rmpsam_ros_sources.pth").write_text(line)
