"""A training run: setup or resumption, training steps, and periodic checkpoints."""
from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor

from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.data.sources import Mixture, Source
from rmpsam_ros.errors import DataError
from rmpsam_ros.locks import held
from rmpsam_ros.model_folder import ModelFolder, model_yaml
from rmpsam_ros.network import RMPSAM
from rmpsam_ros.training.batches import Batch, Batches, loader, worker_failures
from rmpsam_ros.training.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from rmpsam_ros.training.config import TrainingConfig
from rmpsam_ros.training.criterion import Criterion
from rmpsam_ros.training.curve import CURVE, LOG, Curve, append_row, forget_later
from rmpsam_ros.training.description import network_of
from rmpsam_ros.training.forward import Forward
from rmpsam_ros.training.optimizer import AveragedNetwork, freeze, make_optimizer, set_rate, set_training_mode
from rmpsam_ros.training.start import first_network
from rmpsam_ros.training.validation import Validation

CHECKPOINT = "checkpoint.pt"
Report = Callable[[str], None]


class TrainingRun:
    """One training run.

    Args:
        config: the run.
        resume: continue from the checkpoint in its folder, if there is one. The network is then the checkpoint's, even if the start
            model has changed since.

    Raises:
        DataError, ModelError: data, weights or checkpoint cannot be used.
    """

    def __init__(self, config: TrainingConfig, resume: bool = False) -> None:
        self.config, self.out = config, config.path(config.out)
        self.label_map = load_label_map(config.labels_path)
        path = self.out / CHECKPOINT
        if not resume and path.exists():
            raise DataError(f"{self.out} already holds a run; continue with --resume, or give another `out`.")
        saved = read_checkpoint(path) if path.exists() else None
        self.start = Path(config.start).name if saved is None else saved.setup.get("start", Path(config.start).name)
        sources = [Source(source, self.label_map, config.data_folder) for source in config.train]
        for source in config.validation:
            Source(source, self.label_map, config.data_folder)  # finds a wrong name now, not after hours
        self.mixture = Mixture(sources, config.input_size, config.augmentation)
        self.device = torch.device(device_of(config.device))
        if self.device.type == "cuda":
            torch.set_float32_matmul_precision("high")  # TF32 for the remaining float32 operations
            torch.backends.cudnn.benchmark = True  # nearly all batches have the same shape
        torch.manual_seed(config.seed)
        self.net = (first_network(config, self.label_map.labels) if saved is None else self._network_of(saved)).to(self.device)
        freeze(self.net, config.freeze_stages)
        self.forward = Forward(self.net, config.compile)
        self.optimizer = make_optimizer(self.net, config.learning_rate, config.weight_decay, config.backbone_rate)
        self.averaged = AveragedNetwork(self.net, config.ema)
        self.criterion = Criterion(torch.as_tensor(self.label_map.labels.is_thing()), config.losses,
                                   stuff_queries=self.net.config.stuff_queries > 0, one_to_many=self.net.config.matrix_nms)  # fmt: skip
        # Used only for its check for finite gradients, which needs no GPU synchronisation: bfloat16 needs no scaling.
        self.scaler = torch.amp.GradScaler(self.device.type, init_scale=1.0, enabled=self.device.type == "cuda")
        self.step, self.seconds = 0, 0.0
        self.passed_over: set[str] = set()
        self.autocast = config.bf16 and (self.device.type != "cpu" or _has_bfloat16())
        if saved is not None:
            self._resume(saved)

    @property
    def finished(self) -> bool:
        return self.step >= self.config.steps or 0 < 60 * self.config.minutes <= self.seconds

    @property
    def progress(self) -> str:
        """`160 of 600 steps`, or `2498 steps in 9.1 of 9.1 minutes` for a run with a time limit."""
        if not self.config.minutes:
            return f"{self.step} of {self.config.steps} steps"
        return f"{self.step} steps in {self.seconds / 60:.1f} of {self.config.minutes:g} minutes"

    @property
    def done(self) -> float:
        """Progress of the learning-rate decay, 0 … 1: by the steps after warm-up, or by the time if that is further along."""
        config = self.config
        steps = (self.step - config.warm_up) / max(1, config.steps - config.warm_up)
        return min(1.0, max(0.0, steps, self.seconds / (60 * config.minutes) if config.minutes else 0.0))

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """All weighted losses of a batch: prompts on images, objects on clips and on their share of the images."""
        share, asked = self.config.object_steps, batch.boxes.shape[1] > 0
        wanted = not asked or int((self.step + 1) * share) > int(self.step * share)
        with torch.autocast(self.device.type, torch.bfloat16) if self.autocast else nullcontext():
            features = self.forward.features(batch)
            objects = self.forward.objects(features, batch) if wanted else None
            prompts = self.forward.prompts(features, batch) if asked else None
        result = {} if objects is None else self.criterion.objects(objects, batch)
        return result if prompts is None else {**result, **self.criterion.prompts(prompts, batch)}

    def train(self, minutes: float | None = None, report: Report = lambda _: None, every: float = 10.0) -> None:
        """Trains to the last step or for `minutes`; saves periodically, at the end, and on Ctrl-C.

        Args:
            minutes: stop after this time; None: no limit.
            report: called with a line about every `every` seconds.
        """
        config = self.config
        last = self.step if self.finished else config.steps  # a run that reached its time limit has no more steps
        batches = Batches(self.mixture, config.batch_size, last, config.prompts, config.clips, config.frames, config.seed, self.step)
        set_training_mode(self.net, config.freeze_batchnorm, config.freeze_stages)
        self.out.mkdir(parents=True, exist_ok=True)
        with _alone(self.out), worker_failures():
            for name in (LOG, CURVE):
                forget_later(self.out / name, self.step)
            curve = Curve(self.out, Validation(config, self.label_map), config.curve_minutes, self.seconds) if config.curve_minutes else None
            begun = said = saved = time.monotonic()
            earlier, first, meter = self.seconds, self.step, _Meter()
            stream = loader(batches, config.workers, pinned=self.device.type == "cuda")
            waiting = time.monotonic()
            try:
                for batch in stream:
                    meter.waited += time.monotonic() - waiting
                    self.passed_over.update(batch.passed_over)
                    meter.add(*self.advance(batch.to(self.device)))
                    now = time.monotonic()
                    self.seconds = earlier + now - begun
                    if now - said >= every or self.finished:
                        self._log(meter, now - said, report)
                        meter, said = _Meter(), now
                    if now - saved >= 60 * config.checkpoint_minutes and not self.finished:
                        self.save()
                        saved = time.monotonic()
                    if curve is not None and (curve.due(self.seconds) or self.finished):
                        curve.add(self.averaged.net, self.step, self.seconds, report)
                        pause = time.monotonic() - now  # validation does not count as training
                        begun, said, saved = begun + pause, said + pause, saved + pause
                        now += pause
                    if self.finished or (minutes is not None and now - begun >= 60 * minutes):
                        break
                    waiting = time.monotonic()
            finally:
                if self.step > first:  # a run without a step may be corrected and started again
                    self.save()
                if meter.steps:
                    self._log(meter, time.monotonic() - said, report)
                if self.passed_over:
                    report(f"{len(self.passed_over)} annotations without a mask were skipped, because they cannot be trained on; "
                           f"`rmpsam train --check` lists them. {min(self.passed_over)}")  # fmt: skip

    def advance(self, batch: Batch) -> tuple[dict[str, Tensor], int, float, Tensor]:
        """One training step on a batch on the device. Only the assignment of queries synchronises with the GPU.

        Returns:
            The losses and their `total`, the number of images, the share of the full learning rate, and whether the norm of the
            gradients was finite. If a gradient is not finite, the weights do not change.
        """
        with _uninterrupted():  # a step is all or nothing: half of one would have counted classes and updated running statistics
            torch.manual_seed((self.config.seed << 32) + self.step)  # so that a resumed run samples the same points
            factor = set_rate(self.optimizer, self.step, self.config.warm_up, self.done)
            losses = self.losses(batch)
            total = torch.stack(list(losses.values())).sum()
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(total).backward()
            self.scaler.unscale_(self.optimizer)
            norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip_gradient)
            if self.scaler.is_enabled() or torch.isfinite(norm):  # a bad batch must not damage the weights
                self.scaler.step(self.optimizer)
            self.scaler.update(1.0)
            self.averaged.update(self.net, self.step)
            self.step += 1
        losses = {name: value.detach() for name, value in {"total": total, **losses}.items()}
        return losses, batch.images.shape[0] * batch.images.shape[1], factor, torch.isfinite(norm)

    def save(self) -> None:
        """Writes the checkpoint."""
        with _uninterrupted():
            self._save()

    def description(self, folder: Path) -> ModelFolder:
        """The current description of the averaged network, for a model folder and each checkpoint; `folder`: its actual or would-be
        location."""
        config, net = self.config, self.averaged.net
        state = "finished" if self.finished else "unfinished"
        steps = f"{self.step:,}" if config.minutes else f"{self.step} of {config.steps}"  # with a time limit, `steps` is not reached
        return ModelFolder(
            path=folder, name=config.name or self.out.resolve().name, variant=config.variant, config=net.config_dict(),
            input_size=tuple(config.model_size) or config.input_size, labels=self.label_map.labels, trained=True, score_threshold=config.score_threshold,
            overlap_threshold=config.overlap_threshold, connected_prompts=True, background_prompts=True, zoom_prompts=True,
            licence=config.licence,
            provenance=f"{state} run of rmpsam train: {steps} steps of {config.batch_size} pictures in "
                       f"{self.seconds / 60:.0f} minutes on {self.device.type}" + (f", from {self.start}" if self.start else ""),
        )  # fmt: skip

    def _save(self) -> None:
        save_checkpoint(self.out / CHECKPOINT, Checkpoint(
            self.step, self.net.state_dict(), self.averaged.net.state_dict(), self.optimizer.state_dict(), self._setup(), self.seconds,
            self.criterion.seen, model_yaml(self.description(self.out))))

    def _log(self, meter: _Meter, seconds: float, report: Report) -> None:
        row = meter.means()
        speed = meter.images / max(seconds, 1e-9)
        left = (self.config.steps - self.step) * seconds / max(meter.steps, 1)
        if self.config.minutes:
            left = min(left, max(0.0, 60 * self.config.minutes - self.seconds))
        parts = "  ".join(f"{name} {value:.3f}" for name, value in row.items())
        skipped = f"  SKIPPED {int(meter.skipped)} steps with infinite gradients" if int(meter.skipped) else ""
        report(f"step {self.step}/{self.config.steps}  {parts}  {speed:.1f} images/s, {meter.waited / max(seconds, 1e-9):.0%} waiting "
               f"for data, {_clock(left)} left{skipped}")
        columns = ["step", "seconds", "images_per_second", "waiting", "rate", *_LOSSES]
        numbers = {"images_per_second": speed, "waiting": meter.waited / max(seconds, 1e-9), "rate": meter.rate * self.config.learning_rate, **row}
        append_row(self.out / LOG, {**dict.fromkeys(columns, ""), "step": str(self.step), "seconds": f"{self.seconds:.1f}",
                                    **{k: f"{v:.6g}" for k, v in numbers.items()}})  # fmt: skip

    def _network_of(self, checkpoint: Checkpoint) -> RMPSAM:
        """The network of a checkpoint, without its weights; raises if the YAML now describes another one."""
        path, own = self.out / CHECKPOINT, self.label_map.labels
        changed = [key for key, value in self._setup().items() if checkpoint.setup.get(key, value) != value]
        if changed:
            raise DataError(f"{path} belongs to a run with another {changed[0]} ({checkpoint.setup[changed[0]]}); "
                            "continue with the same one, or give another `out`.")
        if not checkpoint.model:  # of an older version, which stores no more about its network than the setup
            return first_network(self.config, own)
        net, model = network_of(checkpoint, path)
        other = [c for c, now in zip(model.labels.classes, own.classes) if c.is_thing != now.is_thing]
        if other:
            raise DataError(f"{path} belongs to a run in which {other[0].name} was {'a thing' if other[0].is_thing else 'stuff'}; "
                            "continue with the same one, or give another `out`.")
        return net

    def _resume(self, checkpoint: Checkpoint) -> None:
        try:
            self.net.load_state_dict(checkpoint.net)
            self.averaged.net.load_state_dict(checkpoint.averaged)
        except RuntimeError as error:
            raise DataError(f"The weights in {self.out / CHECKPOINT} are of another network; start from the same model as before, "
                            "or give another `out`.") from error
        for saved, own in zip(checkpoint.optimizer["param_groups"], self.optimizer.param_groups):
            for name in ("base", "weight_decay", "fused"):  # the current YAML and device apply from here on
                saved[name] = own[name]
        self.optimizer.load_state_dict(checkpoint.optimizer)
        self.step, self.seconds = checkpoint.step, checkpoint.seconds
        if checkpoint.seen is not None:
            self.criterion.seen = checkpoint.seen

    def _setup(self) -> dict[str, str]:
        labels = ", ".join(label.name for label in self.label_map.labels.classes)
        return {"variant": self.config.variant, "network": str(sorted(self.config.network.items())), "label set": labels,
                "freeze_stages": str(self.config.freeze_stages), "start": self.start}  # fmt: skip


_LOSSES = ("total", "object/class", "object/mask", "object/dice", "object/iou", "object/name", "prompt/mask", "prompt/dice", "prompt/iou")


class _Meter:
    """Sums between two log lines. Losses stay on the device until they are read."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self.steps = self.images = 0
        self.skipped: Tensor | int = 0
        self.waited = self.rate = 0.0

    def add(self, losses: dict[str, Tensor], images: int, rate: float, good: Tensor) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0) + value
            self.counts[name] = self.counts.get(name, 0) + 1
        self.steps, self.images, self.rate, self.skipped = self.steps + 1, self.images + images, rate, self.skipped + ~good

    def means(self) -> dict[str, float]:
        return {name: float(self.sums[name]) / self.counts[name] for name in _LOSSES if name in self.sums}


def _alone(out: Path) -> AbstractContextManager[None]:
    """Locks the run's folder; raises a DataError if another run is training there."""

    def refuse() -> None:
        raise DataError(f"Another run is training in {out}; give another `out`, or wait for it.")

    return held(out / ".lock", waiting=refuse)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Defers Ctrl-C, SIGTERM, and torch's handling of ended workers until the block is done, but not a second Ctrl-C or SIGTERM. Only in
    the main thread, which is the only one to receive signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple] = []
    numbers = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD) if callable(signal.getsignal(number))]

    def put_off(number: int, stack: FrameType | None) -> None:
        came.append((number, stack))
        if number != signal.SIGCHLD and sum(n != signal.SIGCHLD for n, _ in came) > 1:  # the second request is not deferred
            before[number](number, stack)

    before = {number: signal.signal(number, put_off) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number, stack in came:
        before[number](number, stack)


def device_of(name: str) -> str:
    """torch's name of a device; `auto` is CUDA if available, else the CPU.

    Raises:
        DataError: the device is not available, or not known.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.device(name)
    except RuntimeError:
        raise DataError(f"device is {name!r}; it must be auto, cpu, cuda or a device such as cuda:1.") from None
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise DataError(f"device is {name}, but torch finds no CUDA device here; use auto or cpu.")
    return name


def _has_bfloat16() -> bool:
    """Whether this CPU has bfloat16 instructions; without them it would be emulated slowly."""
    features = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(features.get("avx512_bf16") or features.get("amx_bf16") or features.get("bf16"))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
