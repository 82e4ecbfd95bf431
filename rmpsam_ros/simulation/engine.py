"""MuJoCo, imported in one place, with off-screen OpenGL chosen before.

`MUJOCO_GL` says how OpenGL is reached: `egl`, the default here, takes a GPU where its driver offers one and Mesa's
processor renderer elsewhere; `osmesa` needs libOSMesa only.
"""

from __future__ import annotations

import os
from contextlib import suppress

from rmpsam_ros.errors import BackendError

if not os.environ.get("MUJOCO_GL"):  # an empty one too
    os.environ["MUJOCO_GL"] = "egl"

NO_OPENGL = ("MUJOCO_GL={} finds no off-screen OpenGL; install a GPU driver or Mesa's EGL (libegl1 and libgl1-mesa-dri), or set "
             "MUJOCO_GL=osmesa where libOSMesa is installed ({}).")  # fmt: skip

# Triton, which comes with torch for GPUs and is loaded by `torch.compile` and torch's profiler, has an LLVM of its own, as
# Mesa's processor renderer has: loaded after that one it ends the process with a segmentation fault, before it both work.
with suppress(ImportError):
    import triton  # noqa: F401

try:
    import mujoco
except ModuleNotFoundError:
    raise
except (AttributeError, ImportError, OSError, RuntimeError) as error:  # what a missing library looks like from inside
    raise BackendError(NO_OPENGL.format(os.environ["MUJOCO_GL"], " ".join(str(error).split())[:80])) from error

__all__ = ["NO_OPENGL", "mujoco"]
