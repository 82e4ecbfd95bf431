"""Holds what exists while the node is configured: the worker with its model, the outputs and, while active, the inputs."""
from __future__ import annotations

import threading
from collections.abc import Mapping

from rclpy.clock import Clock, ClockType

from rmpsam_ros.depth_view import DepthView, Extent, measure
from rmpsam_ros.errors import DepthError, ParameterError
from rmpsam_ros.ros.cameras import CameraInput
from rmpsam_ros.ros.clicks import ClickTopics
from rmpsam_ros.ros.conversions import compressed_to_rgb, dark_16_bit, image_to_rgb
from rmpsam_ros.ros.diagnostics import CameraStatus, DepthStatus
from rmpsam_ros.ros.feeds import Processed, Received
from rmpsam_ros.ros.node_parameters import NodeParameters
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.publishing import CameraOutputs, LabelsOutput
from rmpsam_ros.ros.repeats import Repeats
from rmpsam_ros.ros.requests import Answer
from rmpsam_ros.ros.stats import CameraStats
from rmpsam_ros.ros.subscriptions import group_of_its_own
from rmpsam_ros.ros.worker import InferenceWorker
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import PromptResult, RgbImage

REFRESH_SECONDS = 0.25
"""Period at which subscriptions are compared with the current publishers."""


def make_segmenter(config: NodeConfig):
    """Makes the segmenter that the parameters describe."""
    from rmpsam_ros.segmenter import Segmenter  # on the worker's thread: the runtime is slow to import

    return Segmenter(**config.segmenter_arguments())


class Session:
    """The configured node. Loads the model on construction; `start` and `stop` follow activation; `close` releases everything.

    `stats` and `track_ids`, by camera, outlive it. It also implements the worker's callbacks (`hooks.Hooks`).

    Raises:
        RmpsamError: the model cannot be loaded.
    """

    def __init__(self, node, parameters: NodeParameters, config: NodeConfig, stats: dict[str, CameraStats], track_ids: dict[str, int]):
        self._node, self._parameters, self.config = node, parameters, config
        self._stats = stats
        self._publishing = threading.Lock()
        self._inputs: dict[str, CameraInput] = {}
        self._outputs: dict[str, CameraOutputs] = {}
        self._clicks: ClickTopics | None = None
        self._timer = None
        self._repeats = Repeats()
        self.worker = InferenceWorker(lambda: make_segmenter(config), config, self, stats, Tracker, track_ids)
        self.segmenter = self.worker.open()
        self._labels: LabelsOutput | None = None
        try:
            for name in config.cameras:
                self._outputs[name] = CameraOutputs(node, name, self.segmenter, self._depth_of(name))
            self._labels = LabelsOutput(node, self.segmenter.labels)
        except Exception:
            self.close()
            raise

    def start(self) -> None:
        """Subscribes to cameras and clicks."""
        config, topic = self.config, self._parameters.topic
        self.worker.resume({name: self._parameters.rotation(name) for name in config.cameras})
        for name in config.cameras:
            self._inputs[name] = self._input(name)
        self._clicks = ClickTopics(
            self._node, self._inputs, lambda name: topic(name, "click_topic"), self._parameters.clicked_point_topic,
            self.worker.ask, self._show,
        )
        self._refresh()
        # A steady clock: publishers come and go even while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self._node.create_timer(REFRESH_SECONDS, self._refresh, callback_group=group_of_its_own(), clock=steady)

    def stop(self, reason: str) -> None:
        """Unsubscribes; pending clicks are refused with the reason."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None
        if self._clicks is not None:
            self._clicks.destroy()
            self._clicks = None
        inputs, self._inputs = self._inputs, {}
        for camera in inputs.values():
            camera.destroy()
        self.worker.pause(reason)
        with self._publishing:  # the frame in progress would publish the boxes again
            for outputs in self._outputs.values():
                outputs.stop()

    def close(self) -> None:
        """Ends the worker and destroys the publishers."""
        self.stop("the node is being cleaned up")
        if not self.worker.close():
            self._node.get_logger().warning("an inference is still running: its model stays in memory until it ends")
        outputs, self._outputs = self._outputs, {}
        for camera in outputs.values():
            camera.destroy()
        if self._labels is not None:
            self._labels.destroy()

    def apply(self, config: NodeConfig) -> None:
        """Applies new live values."""
        self.config = self.config.replaced({
            name: value for name, value in vars(config).items() if name not in config.fixed()
        })
        self.worker.apply(self.config)

    def check(self, config: NodeConfig) -> None:
        """Raises `ParameterError` if the loaded model does not know a class of `class_filter`."""
        if config.fixed() != self.config.fixed() or config.class_filter == self.config.class_filter:
            return
        known = {label.name for label in self.segmenter.labels.classes}
        unknown = [name for name in config.class_filter if name not in known]
        if unknown:
            raise ParameterError(
                f"class_filter names '{unknown[0]}', which the label set {self.segmenter.labels.name} does not have: "
                f"its classes are on ~/labels"
            )

    def statuses(self) -> list[CameraStatus]:
        """The diagnostics of each camera."""
        return [self._status(name) for name in self.config.cameras]

    # Hooks of the worker

    def decode(self, received: Received) -> RgbImage:
        """Decodes a raw or compressed message: the first step in processing a frame."""
        camera = self._inputs.get(received.camera)
        if camera is not None:
            camera.depth.feed.expect(received.stamp, in_work=True)
        image = (compressed_to_rgb if hasattr(received.message, "format") else image_to_rgb)(received.message)
        if camera is not None:
            camera.image_size = image.shape[1], image.shape[0]
        if problem := dark_16_bit(received.message, image):
            self.report(received.camera, problem, counted=False)
        return image

    def wanted(self, camera: str) -> bool:
        """Whether the results of this camera have a subscriber."""
        outputs = self._outputs.get(camera)
        return outputs is not None and outputs.wanted()

    def depth(self, received: Received, size: tuple[int, int]) -> DepthView | None:
        """The depth of a message, None if there is none; `_refresh` logs why."""
        camera, outputs = self._inputs.get(received.camera), self._outputs.get(received.camera)
        if camera is None or outputs is None or not outputs.need_depth():
            return None
        try:
            return self._view(camera, received.stamp, received.message.header.frame_id, size)
        except DepthError:
            return None

    def position(self, processed: Processed, result: PromptResult) -> tuple[tuple[float, float, float] | None, str]:
        """Measures and publishes the position of a clicked object, if somebody subscribes to it; returns it, or None and the reason."""
        camera, outputs = self._inputs.get(processed.camera), self._outputs.get(processed.camera)
        if camera is None or outputs is None or not outputs.clicks_wanted():
            return None, ""
        extent, reason = None, "too few pixels of the mask have a depth"
        try:
            view = self._view(camera, processed.stamp, processed.header.frame_id, processed.frame.image_size, click=True)
            if view is None:
                reason = f"no depth image arrives on {camera.depth.topic}" if camera.depth.topic else "the camera has no depth_topic"
            else:
                extent = measure(result.mask[result.roi.slices], result.roi, view)
        except DepthError as error:
            reason = str(error)
        if extent is None:
            return None, reason
        with self._publishing:
            if processed.camera in self._inputs:
                outputs.publish_click(processed, extent.position)
        return extent.position, ""

    def publish(self, processed: Processed, image: RgbImage, view: DepthView | None, extents: Mapping[int, Extent]) -> None:
        """Publishes the results of a frame, if its camera is still subscribed."""
        outputs = self._outputs.get(processed.camera)
        with self._publishing:
            if outputs is not None and processed.camera in self._inputs:
                outputs.publish(processed, image, view, extents, self.config.overlay_alpha, self.config.points_step)

    def report(self, camera: str, sentence: str, counted: bool = True) -> None:
        """Logs a problem with a frame; diagnostics count every case, the log is throttled."""
        said = self._repeats.worded(sentence, camera, counted)
        if said is not None:
            self._node.get_logger().warning(f"camera '{camera}': {said}")

    # Callbacks

    def _view(self, camera: CameraInput, stamp: int, frame_id: str, size: tuple[int, int], click: bool = False) -> DepthView | None:
        return camera.depth.view(stamp, frame_id, size, camera.camera_info, camera.rectified, self.config.depth_max_gap, click)

    def _input(self, name: str) -> CameraInput:
        return CameraInput(
            self._node, name, lambda kind: self._parameters.topic(name, kind), self.config.image_transport,
            self.config.qos_reliability, self._stats[name],
            on_image=lambda message, stamp: self._offer(name, message, stamp),
            on_problem=lambda sentence: self.report(name, sentence), history=self.config.prompt_history,
        )

    def _offer(self, name: str, message, stamp: int) -> None:
        camera = self._inputs.get(name)
        if camera is not None:
            camera.depth.feed.expect(stamp)
        self.worker.offer(name, message, stamp)

    def _refresh(self) -> None:
        outputs_of = self._outputs  # a transition on another thread may replace it with an empty one
        for name, camera in list(self._inputs.items()):
            outputs = outputs_of[name]
            with self._publishing:
                outputs.expire()
            camera.refresh(outputs.need_depth())
            depth = camera.depth
            # A camera without depth deserves no warning while only tracks have subscribers.
            if depth.problem and (outputs.wanted_in_3d() or depth.feed.alive):
                self.report(name, f"{depth.consequence}: {depth.problem}", counted=False)  # it persists, so a count would mean nothing
            outputs.say_threshold(self.segmenter.score_threshold)

    def _depth_of(self, name: str):
        """A function that tells whether depth images of a camera are arriving."""
        return lambda: (camera := self._inputs.get(name)) is not None and camera.depth.feed.alive

    def _show(self, camera: str, answer: Answer) -> None:
        outputs = self._outputs.get(camera)
        with self._publishing:
            if outputs is None or camera not in self._inputs:
                return
            outputs.highlight(answer.processed, answer.result, answer.track_id > 0, self.config.overlay_alpha)

    def _status(self, name: str) -> CameraStatus:
        camera, outputs = self._inputs.get(name), self._outputs.get(name)
        topic = camera.topic if camera else self._parameters.topic(name, "image_topic")
        return CameraStatus(
            name, topic, self._stats[name], camera.images.reliability if camera else "",
            camera.images.unmatched if camera else (), camera.images.mixed if camera else "", outputs is not None and outputs.wanted(),
            None if camera is None else DepthStatus(
                camera.depth.topic, camera.depth.feed.alive, outputs is not None and outputs.need_depth(),
                camera.depth.problem, camera.depth.feed.used, camera.depth.feed.missing,
                outputs is not None and outputs.wanted_in_3d(), camera.depth.consequence,
            ),
            "" if camera is None else camera.silence,
        )
