"""The lifecycle node `rmpsam_node`: subscribes to camera topics, publishes panoptic maps and answers clicks.

    ros2 run rmpsam_ros rmpsam_node
    python -m rmpsam_ros.node --ros-args -p cameras:=[front]

The node itself only handles lifecycle transitions. What it holds while configured is in `session.py`, the inference thread in
`worker.py`, the services in `prompts.py`.
"""
from __future__ import annotations

import sys
from collections.abc import Callable

if __name__ == "__main__":  # `python -m`: before the imports below, as the executable does
    from rmpsam_ros.ros.signals import listen

    listen()

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidHandle, ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from rmpsam_ros.errors import ParameterError, RmpsamError
from rmpsam_ros.ros.buffers import keep_image_buffers
from rmpsam_ros.ros.dds import profile_in_effect, transports_in_effect, use_shipped_profile
from rmpsam_ros.ros.diagnostics import SAME_NAME, NodeStatus, report
from rmpsam_ros.ros.ending import leave_at_once, shut_down
from rmpsam_ros.ros.lifecycle_services import correct_services
from rmpsam_ros.ros.node_parameters import NodeParameters
from rmpsam_ros.ros.parameter_files import not_for
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.prompts import Services
from rmpsam_ros.ros.ros_logging import LogBridge
from rmpsam_ros.ros.session import Session
from rmpsam_ros.ros.signals import ignore, listen
from rmpsam_ros.ros.stats import CameraStats
from rmpsam_ros.ros.usage import refuse, usage
from rmpsam_ros.ros.worker import InferenceWorker
from rmpsam_ros.stdout import while_read

EXECUTOR_THREADS = 256
"""More than the depth of `SERVICE_QOS`: each waiting click occupies a thread, and a click that had to wait for a free one would be
answered after `prompt_timeout`. Threads are started only when needed."""

REPORT_SECONDS = 1.0
"""Period of the messages on /diagnostics."""

SAME_NAME_TICKS = 25
"""Consecutive reports that see another node of the same name before a warning: DDS keeps a crashed process for 20 seconds."""

SUCCESS, FAILURE, ERROR = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE, TransitionCallbackReturn.ERROR


class RmpsamNode(LifecycleNode):
    """The lifecycle node. Transitions run in its default callback group, one at a time.

    Everything else has its own callback groups: diagnostics, parameters, lifecycle state requests and the node's own services
    are served while a model is loaded or an engine is built, which may take minutes.
    """

    def __init__(self, name: str = "rmpsam", **kwargs):
        super().__init__(name, **kwargs)
        self._session: Session | None = None
        self._state, self._last_error, self._progress = "unconfigured", "", ""
        self._enabled = True  # as ~/enable set it before a model was reloaded
        self._log_bridge = LogBridge(self.get_logger, self._heard)
        self._log_bridge.attach()
        self._same_name = 0
        self._stats: dict[str, CameraStats] = {}
        self._track_ids: dict[str, int] = {}
        self._settings = NodeParameters(self, lambda: self._state in ("activating", "active"), self._check, self._live_values_changed)
        self._offered = Services(
            self, ReentrantCallbackGroup(), worker=self._active_worker, state=lambda: self._state,
            timeout=lambda: self._settings.prompt_timeout,
        )
        self._diagnostics_out = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # A steady clock: diagnostics continue while simulated time stands still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(REPORT_SECONDS, self._publish_diagnostics, MutuallyExclusiveCallbackGroup(), clock=steady)
        correct_services(self, lambda: self._state)
        self._autostart_timer = None
        if self._settings.autostart:
            self._autostart_timer = self.create_timer(0.001, self._autostart, clock=steady)
        else:
            self.get_logger().info(f"unconfigured: waiting for `ros2 lifecycle set {self.get_fully_qualified_name()} configure`, and activate")

    def destroy_node(self) -> None:
        """Detaches from Python's logging and destroys the node."""
        self._log_bridge.detach()
        super().destroy_node()

    # Transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Loads the model; on failure logs the reason and stays unconfigured, where parameters can be corrected."""
        return self._transition("configuring", "inactive", "unconfigured", self._configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribes to the cameras; reloads the model if a parameter that it depends on has changed since."""
        return self._transition("activating", "active", "inactive", self._activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribes; the model stays loaded."""
        return self._transition("deactivating", "inactive", "active", self._deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Releases the model."""
        return self._transition("cleaning up", "unconfigured", "inactive", self._clean_up)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Releases everything, from any state."""
        return self._transition("shutting down", "finalized", "finalized", self._release)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Releases everything, so that the node can be configured again."""
        return self._transition("processing an error", "unconfigured", "finalized", self._clean_up)

    def _transition(self, during: str, after: str, failed: str, action: Callable[[], None]) -> TransitionCallbackReturn:
        """Runs a transition and reports its exceptions, which rclpy would drop silently."""
        self._state, self._progress, self._last_error = during, "", ""
        try:
            action()
        except Exception as error:
            text = str(error) if isinstance(error, RmpsamError) else f"{type(error).__name__}: {error}"
            self._state, self._last_error = failed, text
            self.get_logger().error(f"{during} failed: {text}")
            return FAILURE if during in ("configuring", "activating") else ERROR
        self._state = after
        return SUCCESS

    def _configure(self) -> None:
        self._release()
        config = self._settings.config
        for name in config.cameras:
            self._stats.setdefault(name, CameraStats())
        self.get_logger().info(f"loading the model '{config.model}'")
        self._session = Session(self, self._settings, config, self._stats, self._track_ids)
        try:  # live values may have been set while the model was loading
            self._session.check(self._settings.config)
            self._session.apply(self._settings.config)
        except Exception:
            self._release()
            raise
        loaded = self._session.segmenter
        self.get_logger().info(
            f"model '{loaded.model_name}' on {loaded.backend_name} ({loaded.device_name}, {loaded.precision}), input "
            f"{loaded.input_size[0]}x{loaded.input_size[1]}, {len(loaded.labels)} classes of {loaded.labels.name}"
        )
        if not loaded.trained:
            self.get_logger().warning(f"the model '{loaded.model_name}' is UNTRAINED: its masks mean nothing")

    def _activate(self) -> None:
        config = self._settings.config
        if self._session is None or config.fixed() != self._session.config.fixed():  # None: an earlier reload failed
            if self._session is not None:
                self._enabled = self._session.worker.enabled
            self._configure()
            self._session.worker.enable(self._enabled)
        try:
            self._session.start()
        except Exception:
            self._session.stop("the node could not be activated")
            raise
        topics = ", ".join(camera.topic for camera in self._session.statuses())
        self.get_logger().info(f"active: listening to {topics}")

    def _deactivate(self) -> None:
        self._session.stop("the node was deactivated")

    def _clean_up(self) -> None:
        self._enabled = True
        self._release()

    def _release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _autostart(self) -> None:
        """Configures and activates the node once, as soon as the executor spins."""
        self.destroy_timer(self._autostart_timer)
        if self._state != "unconfigured":
            return
        if self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS:
            return
        name = self.get_fully_qualified_name()
        self.get_logger().error(
            f"not started: fix the error above (a parameter: ros2 param set {name} NAME VALUE), then ros2 lifecycle set {name} configure, "
            f"and activate; or restart the node with the right value"
        )

    @property
    def is_loading(self) -> bool:
        """Whether a transition that may take minutes is in progress."""
        return self._state in ("configuring", "activating")

    @property
    def is_finalized(self) -> bool:
        """Whether a lifecycle manager has already shut the node down."""
        return self._state == "finalized"

    # Parameters

    def _check(self, config: NodeConfig) -> None:
        if (session := self._session) is not None:  # a transition on another thread may release it at any time
            session.check(config)

    def _live_values_changed(self, config: NodeConfig) -> None:
        if (session := self._session) is not None:
            session.apply(config)

    # Services and diagnostics

    def _active_worker(self) -> InferenceWorker | None:
        session = self._session
        if session is None or self._state not in ("activating", "active"):
            return None
        return session.worker if session.worker.running else None  # results, and clicks on them, come before rclpy ends the transition

    def _publish_diagnostics(self) -> None:
        self._look_for_same_name()
        message = DiagnosticArray(status=report(self._status()))
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics_out.publish(message)

    def _status(self) -> NodeStatus:
        session = self._session
        start_problem = self._start_problem()  # always called: it declares the parameters of newly named cameras
        status = NodeStatus(
            name=self.get_fully_qualified_name(), state=self._state, profile=profile_in_effect() or "", transports=transports_in_effect() or "",
            last_error=self._last_error or start_problem,
            progress=self._progress if self.is_loading else "",
            name_taken=self._same_name >= SAME_NAME_TICKS,
        )
        if session is not None:
            loaded = session.segmenter
            status.enabled, status.busy, status.ended = session.worker.enabled, session.worker.pulse.seconds, session.worker.pulse.ended
            status.backend, status.device, status.precision = loaded.backend_name, loaded.device_name, loaded.precision
            status.model, status.trained, status.input_size = loaded.model_name, loaded.trained, loaded.input_size
            status.cameras = session.statuses()
        return status

    def _look_for_same_name(self) -> None:
        """Detects another node with the same name; a node that has just ended stays in the graph for some time."""
        own = self.get_fully_qualified_name()
        names = [f"{namespace.rstrip('/')}/{name}" for name, namespace in self.get_node_names_and_namespaces()]
        self._same_name = self._same_name + 1 if names.count(own) > 1 else 0
        if self._same_name == SAME_NAME_TICKS:
            self.get_logger().warning(SAME_NAME.format(name=own))

    def _heard(self, text: str) -> None:
        self._progress = text

    def _start_problem(self) -> str:
        try:
            self._settings.check()
        except ParameterError as error:
            return str(error)
        return ""


def main(args: list[str] | None = None) -> int:
    """Runs the node until SIGINT or SIGTERM; returns the exit code."""
    words = sys.argv[1:] if args is None else args
    if {"-h", "--help"} & set(words[: words.index("--ros-args")] if "--ros-args" in words else words):
        with while_read():
            print(usage())
        return 0
    try:
        unknown = remove_ros_args(["", *words])[1:]
    except Exception as error:  # in Jazzy, remove_ros_args also reads parameter files
        return refuse(error)
    if unknown:
        print(f"rmpsam_node: unknown argument {unknown[0]}; parameters and remaps follow --ros-args: --ros-args --params-file FILE", file=sys.stderr)
        return 2
    keep_image_buffers()
    use_shipped_profile()
    stop = listen()
    if stop.is_set():
        return 0
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:
        return refuse(error)
    try:
        node = RmpsamNode()
    except ParameterException as error:  # of the parameters that every ROS node has: no parameter of its own raises here
        rclpy.try_shutdown()
        return refuse(error)
    if problem := not_for(node.get_fully_qualified_name(), words):
        node.get_logger().warning(problem)
    executor = MultiThreadedExecutor(EXECUTOR_THREADS)
    executor.add_node(node)
    try:
        # In short steps, because a blocking spin occasionally misses a signal.
        while rclpy.ok() and not stop.is_set():
            _spin_once(executor, node)
    finally:
        if node.is_loading:
            leave_at_once(node)
        shut_down(executor, node)
        ignore()
    return 0


def _spin_once(executor: MultiThreadedExecutor, node: RmpsamNode) -> None:
    """Runs one step of the executor; an exception in a callback is logged and does not end the node."""
    try:
        executor.spin_once(timeout_sec=0.25)
    except (ExternalShutdownException, KeyboardInterrupt):
        pass
    except InvalidHandle as error:  # a transition destroyed an entity that was ready: rclpy does not guard events and timers
        node.get_logger().debug(f"destroyed meanwhile: {error}")
    except Exception as error:
        node.get_logger().error(f"a callback failed: {type(error).__name__}: {error}", throttle_duration_sec=2.0)


if __name__ == "__main__":
    sys.exit(main())
