"""The import of MuJoCo, in one place, with off-screen OpenGL selected beforehand.

`MUJOCO_GL` selects the OpenGL backend: `egl`, the default here, uses a GPU if its driver offers one and Mesa's
software renderer elsewhere; `osmesa` needs libOSMesa only.
"""
from __future__ import annotations

import os
from contextlib import suppress

from rmpsam_ros.errors import BackendError

if not os.environ.get("MUJOCO_GL"):  # an empty one too
    os.environ["MUJOCO_GL"] = "egl"

_HELP = {
    "egl": "install a GPU's driver or Mesa's EGL (sudo apt install libegl1 libgl1-mesa-dri), or set MUJOCO_GL=osmesa where libOSMesa is installed",
    "osmesa": "install libOSMesa (sudo apt install libosmesa6), put the folder it was unpacked into on LD_LIBRARY_PATH, or set MUJOCO_GL=egl",
    "glfw": "leave it unset, or set egl or osmesa, which need no display",
}
_UNKNOWN = "leave it unset, or set egl (a GPU's driver or Mesa's EGL) or osmesa (libOSMesa)"


def no_opengl(error: Exception) -> BackendError:
    """Turns an exception from the search for off-screen OpenGL into an error that says what to install or set."""
    choice = os.environ["MUJOCO_GL"]
    inside = isinstance(error, AttributeError | TypeError)  # PyOpenGL failing on a missing library: tells a user nothing
    reason = "" if inside or not str(error) else f" ({' '.join(str(error).split()).split('. ')[0][:200].rstrip('.')})"
    return BackendError(f"MUJOCO_GL={choice} finds no off-screen OpenGL{reason}; {_HELP.get(choice.lower().strip(), _UNKNOWN)}.")


# Triton, which comes with torch for GPUs and is loaded by `torch.compile` and torch's profiler, bundles its own LLVM, as Mesa's
# software renderer does: loaded after Mesa's it causes a segmentation fault, loaded before it both work.
with suppress(ImportError):
    import triton  # noqa: F401

try:
    import mujoco
except ModuleNotFoundError:
    raise
except (AttributeError, ImportError, OSError, RuntimeError) as error:  # what a missing library may raise
    raise no_opengl(error) from error

# An object whose constructor is interrupted by Ctrl-C or an error lacks these attributes, and its __del__ would fail.
mujoco.Renderer._gl_context = mujoco.Renderer._mjr_context = None
if hasattr(mujoco, "GLContext"):  # not where MUJOCO_GL switches OpenGL off
    mujoco.GLContext._context = None

__all__ = ["mujoco", "no_opengl"]
