"""A layout in MuJoCo: compiled, settled by physics, with things that can be moved. `item_of_geom` maps geometry to `items`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.simulation.camera import CameraModel
from rmpsam_ros.simulation.classes import STUFF
from rmpsam_ros.simulation.engine import mujoco
from rmpsam_ros.simulation.layout import Layout
from rmpsam_ros.simulation.shapes import Mesh
from rmpsam_ros.simulation.things import Look, Part, Rng, Thing

_STEP = 0.004
_HIDDEN = 3
_TORQUES = (0.9, 0.02, 0.002)


@dataclass(frozen=True)
class Item:
    """Ground truth of a segment: `id` from 1, constant in a scene; all stuff of one label is one item."""

    id: int
    kind: str
    label: str
    is_thing: bool


class World:
    """Builds and settles a layout.

    Args:
        layout: its content.
        rng: for the lights.
        settle: simulated seconds for things to come to rest.
    """

    def __init__(self, layout: Layout, rng: Rng, settle: float = 1.6) -> None:
        self.layout = layout
        self.items: list[Item] = []
        self._stuff: dict[str, Item] = {}
        self._looks: dict[int, str] = {}
        self._spec = mujoco.MjSpec()
        self._names = 0
        self._geoms: list[int] = []
        self._prepare()
        for thing in layout.room.fixtures:
            self._add(thing, self._spec.worldbody, fixed=True)
        self.movable: list[int] = []
        for placed in layout.placed:
            quaternion = np.zeros(4)
            mujoco.mju_mat2Quat(quaternion, placed.turn.reshape(-1))
            body = self._spec.worldbody.add_body(pos=placed.at, quat=quaternion)
            if not placed.fixed:
                body.add_freejoint()
            item = self._add(placed.thing, body, placed.fixed)
            if not placed.fixed:
                self.movable.append(item.id)
        self._add_lights(rng)
        self._spec.worldbody.add_camera(name="camera")
        self.model = self._spec.compile()
        self.data = mujoco.MjData(self.model)
        self.item_of_geom = np.array(self._geoms, np.int64)
        self._owed = 0.0
        self._settle(settle)

    def _prepare(self) -> None:
        spec = self._spec
        spec.option.timestep, spec.option.integrator = _STEP, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        spec.option.iterations, spec.option.ls_iterations = 20, 10
        spec.option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
        spec.stat.extent, spec.stat.center = 1.0, (0, 0, 0.5)
        spec.visual.map.znear, spec.visual.map.zfar = 0.02, 15.0
        spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 2048, 4
        spec.visual.map.shadowclip = 2.0

    def _add(self, thing: Thing, body: mujoco.MjsBody, fixed: bool) -> Item:
        item = self._item(thing)
        colliding = sum(part.walls is None or len(part.walls) > 0 for part in thing.parts)
        for part in thing.parts:
            own_hull = part.walls is None
            mass = thing.mass / max(colliding, 1)
            geom = self._geom(body, part.mesh, item.id, collides=own_hull, mass=mass if own_hull else 0.0)
            geom.material = self._material(part)
            for wall in part.walls or ():
                self._geom(body, wall, item.id, collides=True, mass=mass / len(part.walls)).group = _HIDDEN
        return item

    def _item(self, thing: Thing) -> Item:
        if thing.label in self._stuff:
            return self._stuff[thing.label]
        item = Item(len(self.items) + 1, thing.label if thing.label in STUFF else thing.kind, thing.label, thing.label not in STUFF)
        self.items.append(item)
        if not item.is_thing:
            self._stuff[thing.label] = item
        return item

    def _geom(self, body: mujoco.MjsBody, mesh: Mesh, item: int, collides: bool, mass: float) -> mujoco.MjsGeom:
        name = self._name()
        made = self._spec.add_mesh(name=name, uservert=mesh.vertices.reshape(-1), userface=mesh.faces.reshape(-1).astype(np.int32),
                                   usertexcoord=mesh.uv.reshape(-1), userfacetexcoord=mesh.faces.reshape(-1).astype(np.int32))  # fmt: skip
        made.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX if collides else mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        if collides:
            made.maxhullvert = 48
        self._geoms.append(item)
        return body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, mass=mass, contype=int(collides), conaffinity=int(collides),
                             condim=6, friction=_TORQUES, solref=(0.008, 1.0))  # fmt: skip

    def _name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    def _material(self, part: Part) -> str:
        look = part.look
        if id(look) not in self._looks:
            self._looks[id(look)] = self._new_material(look)
        return self._looks[id(look)]

    def _new_material(self, look: Look) -> str:
        name = self._name()
        material = self._spec.add_material(name=name, rgba=look.color, specular=look.specular, shininess=look.shininess, emission=look.emission)
        if look.image is not None:
            height, width = look.image.shape[:2]
            texture = self._spec.add_texture(name=f"{name}t", type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3)
            texture.data = np.ascontiguousarray(look.image[::-1]).tobytes()  # rows from the bottom up, in the direction of v
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"{name}t"
        return name

    def _add_lights(self, rng: Rng) -> None:
        """Adds one to three lamps of different colour temperature, at least one with shadows, and ambient light."""
        room, focus = self.layout.room, self.layout.focus
        count = int(rng.integers(1, 4))
        bright = rng.uniform(0.45, 1.0)
        for k in range(count):
            warmth = np.clip(1 + rng.normal(0, 0.12) * np.array([1.0, 0.2, -1.0]), 0.5, 1.2)
            strength = bright * rng.uniform(0.5, 1.0) / count**0.6
            at = np.array(
                [*(rng.uniform(-0.46, 0.46, 2) * room.inside), rng.uniform(min(max(focus[2] + 0.8, 1.4), room.height - 0.1), room.height - 0.05)]
            )
            aim = focus + rng.normal(0, 0.25, 3) * (1, 1, 0) - at
            light = self._spec.worldbody.add_light(pos=at, dir=aim / np.linalg.norm(aim), diffuse=strength * warmth,
                                                   specular=np.full(3, rng.uniform(0.1, 0.6)), castshadow=k == 0 or rng.random() < 0.5)  # fmt: skip
            light.ambient = np.full(3, rng.uniform(0.0, 0.12))
            light.type = mujoco.mjtLightType.mjLIGHT_SPOT
            light.cutoff, light.exponent = rng.uniform(50, 85), rng.uniform(0.0, 3.0)
        head = self._spec.visual.headlight
        head.ambient, head.diffuse = np.full(3, rng.uniform(0.12, 0.4)), np.full(3, rng.uniform(0.0, 0.3))
        head.specular = np.zeros(3)

    def _settle(self, seconds: float) -> None:
        for step in range(int(seconds / _STEP)):
            mujoco.mj_step(self.model, self.data)
            if step % 25 == 0:
                self.data.qvel[:] *= 0.7  # so that rolling or rocking things come to rest sooner
        self.data.qvel[:] = 0
        mujoco.mj_forward(self.model, self.data)

    def position(self, item: int) -> npt.NDArray[np.float64]:
        """The current position of a movable thing: (3,) metres."""
        body = self.model.geom_bodyid[int(np.flatnonzero(self.item_of_geom == item)[0])]
        return self.data.xipos[body].copy()

    def resting(self) -> list[int]:
        """Movable things that have not fallen off the table."""
        level = self.layout.focus[2] - (0.05 if self.layout.place != "shelf" else 2.0)
        return [item for item in self.movable if self.position(item)[2] > level]

    def glance(self, camera: CameraModel, pose: npt.NDArray[np.float64], rays: int = 24) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """A coarse view without rendering: item ids (0 for none) and distances in metres of a `rays` x `rays` grid of rays."""
        height, width = camera.size
        x, y = np.meshgrid((np.arange(rays) + 0.5) * width / rays, (np.arange(rays) + 0.5) * height / rays)
        ahead = np.stack(((x - width / 2) / camera.focal, (y - height / 2) / camera.focal, np.ones_like(x)), -1).reshape(-1, 3) @ pose[:3, :3].T
        ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
        shown = np.array([group != _HIDDEN for group in range(6)], np.uint8)
        geoms, distances, found = np.empty(len(ahead), np.int64), np.empty(len(ahead)), np.full(1, -1, np.int32)
        for k, ray in enumerate(ahead):  # mj_multiRay misses parts of large meshes right in front of the camera
            distances[k] = mujoco.mj_ray(self.model, self.data, pose[:3, 3], ray, shown, 1, -1, found)
            geoms[k] = found[0]
        hit = geoms >= 0
        return np.where(hit, self.item_of_geom[np.maximum(geoms, 0)], 0), np.where(hit, distances, np.inf)

    def _steps(self, seconds: float) -> int:
        """The number of physics steps for a time span; the remainder is carried over to the next call."""
        self._owed += seconds / _STEP
        steps = int(self._owed + 1e-6)
        self._owed -= steps
        return steps

    def wait(self, frames: int, seconds: float, at_once: bool = True) -> Iterator[None]:
        """Advances physics by `seconds` before each frame, except before the first if `at_once`; yields at each frame."""
        for index in range(frames):
            for _ in range(0 if at_once and index == 0 else self._steps(seconds)):
                mujoco.mj_step(self.model, self.data)
            mujoco.mj_forward(self.model, self.data)
            yield

    def carry(self, item: int, path: npt.NDArray[np.float64], seconds: float) -> Iterator[None]:
        """Moves a thing along (T, 3) offsets from its position, while physics moves the others; yields after each offset."""
        body = self.model.geom_bodyid[int(np.flatnonzero(self.item_of_geom == item)[0])]
        joint = self.model.body_jntadr[body]
        address, speed = self.model.jnt_qposadr[joint], self.model.jnt_dofadr[joint]
        start, pose = self.data.qpos[address : address + 3].copy(), self.data.qpos[address + 3 : address + 7].copy()
        before = np.zeros(3)
        for offset in path:
            steps = max(self._steps(seconds), 1)
            for k in range(steps):
                self.data.qpos[address : address + 3] = start + before + (offset - before) * (k + 1) / steps
                self.data.qpos[address + 3 : address + 7] = pose
                self.data.qvel[speed : speed + 6] = 0
                self.data.qvel[speed : speed + 3] = (offset - before) / (steps * _STEP)
                mujoco.mj_step(self.model, self.data)
            self.data.qpos[address : address + 3] = start + offset
            self.data.qpos[address + 3 : address + 7] = pose
            before = offset
            mujoco.mj_forward(self.model, self.data)
            yield
