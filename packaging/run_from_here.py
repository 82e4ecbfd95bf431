"""Lets the environment of the Python that runs this take the package's sources from this folder, as `make demo` and `make test` do.

What pip has installed is a copy of them, which `git pull` would leave behind; the generated messages are used from there. Another
folder on PYTHONPATH goes before both.
"""
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parents[1]
# Run when Python starts, with `sitedir` for the folder of such a file; a plain path in it would come after the copy.
line = f"import sys; sys.path.insert(sys.path.index(sitedir), {str(root)!r})\n"
Path(sysconfig.get_path("platlib"), "rmpsam_ros_sources.pth").write_text(line)
