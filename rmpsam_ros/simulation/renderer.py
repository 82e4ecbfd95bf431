"""Off-screen rendering of a world with OpenGL: images, ids and depth."""
from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import BackendError
from rmpsam_ros.simulation.camera import CameraModel
from rmpsam_ros.simulation.engine import mujoco, no_opengl
from rmpsam_ros.simulation.world import World


def see_to_opengl() -> None:
    """Checks for off-screen OpenGL, before anything is written.

    Raises:
        BackendError: there is none; the message says what to install or set.
    """
    with _opengl():
        if os.environ["MUJOCO_GL"].lower() == "glfw" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise RuntimeError("it needs a display")  # glfw itself takes several lines to say so
        mujoco.GLContext(1, 1).free()


@contextmanager
def _opengl() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the exceptions of MuJoCo, PyOpenGL and missing libraries have no common base
        raise no_opengl(error) from error


class WorldRenderer:
    """Renders one world, on the thread that created it, where the OpenGL context is current.

    Args:
        world: from `world.World`.
        size: height and width.

    Raises:
        BackendError: there is no OpenGL to render with.
    """

    def __init__(self, world: World, size: tuple[int, int]) -> None:
        self.world, self.size = world, size
        world.model.vis.global_.offheight, world.model.vis.global_.offwidth = size
        see_to_opengl()
        with _opengl():
            self._renderer = mujoco.Renderer(world.model, *size)
        self._thread = threading.get_ident()
        self._camera = mujoco.mj_name2id(world.model, mujoco.mjtObj.mjOBJ_CAMERA, "camera")
        self._geom_type = int(mujoco.mjtObj.mjOBJ_GEOM)

    def look(self, camera: CameraModel, pose: npt.NDArray[np.float64]) -> None:
        """Moves the camera to a pose (4, 4), camera_optical to world."""
        model, data = self.world.model, self.world.data
        turn = pose[:3, :3] @ np.diag((1.0, -1.0, -1.0))  # MuJoCo's cameras look along -z with y up
        mujoco.mju_mat2Quat(model.cam_quat[self._camera], turn.reshape(-1))
        model.cam_pos[self._camera], model.cam_fovy[self._camera] = pose[:3, 3], camera.vertical_view
        mujoco.mj_forward(model, data)
        self._renderer.update_scene(data, camera=self._camera)

    def image(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, as rendered by OpenGL."""
        return self._render().copy()

    def depth(self) -> npt.NDArray[np.float32]:
        """(H, W) float32 metres along the optical axis, not along the ray."""
        self._renderer.enable_depth_rendering()
        try:
            return self._render().copy()
        finally:
            self._renderer.disable_depth_rendering()

    def ids(self) -> npt.NDArray[np.int64]:
        """(H, W) int64 item ids; 0 for no item."""
        self._renderer.enable_segmentation_rendering()
        try:
            found = self._render()
        finally:
            self._renderer.disable_segmentation_rendering()
        is_geom = found[..., 1] == self._geom_type
        return np.where(is_geom, self.world.item_of_geom[np.where(is_geom, found[..., 0], 0)], 0)

    def _render(self) -> npt.NDArray:
        try:
            return self._renderer.render()
        except Exception as error:  # the type depends on the OpenGL backend, and some contexts do work on other threads
            if threading.get_ident() == self._thread:
                raise
            raise BackendError("The scene was started on another thread, which holds its OpenGL context; take all of its frames on one thread.") from error

    def close(self) -> None:
        self._renderer.close()

    def __enter__(self) -> WorldRenderer:
        return self

    def __exit__(self, *_) -> None:
        self.close()
