"""MuJoCo, imported in one place, with off-screen OpenGL chosen before.

`MUJOCO_GL` says how OpenGL is reached: `egl`, the default here, takes a GPU where its driver offers one and Mesa's
processor renderer elsewhere; `osmesa` needs libOSMesa only.
"""

from __future__ import annotations

import os

from rmpsam_ros.errors import BackendError

os.environ.setdefault("MUJOCO_GL", "egl")

NO_OPENGL = ("MUJOCO_GL={} finds no off-screen OpenGL; install a GPU driver or Mesa's EGL (libegl1 and libgl1-mesa-dri), or set "
             "MUJOCO_GL=osmesa where libOSMesa is installed ({}).")  # fmt: skip

try:
    import mujoco
except ModuleNotFoundError:
    raise
except (AttributeError, ImportError, OSError, RuntimeError) as error:  # what a missing library looks like from inside
    raise BackendError(NO_OPENGL.format(os.environ["MUJOCO_GL"], " ".join(str(error).split())[:80])) from error

__all__ = ["NO_OPENGL", "mujoco"]
