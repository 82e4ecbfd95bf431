"""Makes the current Python environment import the package's sources from this folder, as `make demo` and `make test` do.

pip has installed a copy of the sources, which `git pull` does not update; only the generated messages are used from there. Other
folders on PYTHONPATH take precedence over both.
"""
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parents[1]
# Executed when Python starts, with `sitedir` as the folder of the .pth file; a plain path in it would be searched after the copy.
line = f"import sys; sys.path.insert(sys.path.index(sitedir), {str(root)!r})\n"
Path(sysconfig.get_path("platlib"), "rmpsam_ros_sources.pth").write_text(line)
