"""A model's card: its description, its training data, and its accuracy on the run's validation sets.

Every figure comes from a command that can be repeated; the commands are part of the card.
"""
from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rmpsam_ros.data.annotations import read_json
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sources import Source, SourceConfig, set_names, shared
from rmpsam_ros.engine_cache import file_hash
from rmpsam_ros.errors import DataError
from rmpsam_ros.evaluation.reports import in_short, shown
from rmpsam_ros.model_folder import ModelFolder, model_yaml

if TYPE_CHECKING:
    from rmpsam_ros.training.config import TrainingConfig

BEGIN, END = "<!-- model card: begin; `rmpsam eval card` writes what stands here -->", "<!-- model card: end -->"
TASKS = {"prompt": ("panoptic", "instances"), "panoptic": ("panoptic",), "video": ("videos",)}
"""Tasks of `rmpsam eval`, and the kinds of validation sets on which each is run."""


@dataclass(frozen=True)
class Measurement:
    """One run of `rmpsam eval`: the task, the set's name, and the arguments of the command; data paths start with `{data}`."""

    task: str
    name: str
    words: tuple[str, ...]

    def command(self, root: str, labels: str) -> list[str]:
        """The arguments of `rmpsam`, with `{data}` replaced by `root` and `{labels}` by `labels`."""
        return ["eval", self.task, *(word.replace("{data}", root).replace("{labels}", labels) for word in self.words)]

    def result(self, path: Path, model: str, precision: str | None) -> dict[str, Any] | None:
        """The output of this command in a file, if it is of this model (its `fingerprint`) and, if given, in this precision; else None."""
        try:
            content = json.loads(path.read_text())
            info = content["info"]
            options = dict(zip(self.words, self.words[1:]))  # each argument with the next one, which is its value if it is an option
            asked = (model, options.get("--every", "None"), options.get("--crowds", "void"))
            same = (info.get("fingerprint"), str(info.get("every")), info.get("crowds", "void")) == asked and precision in (None, info.get("precision"))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # missing or incomplete
            return None
        return content if same else None


def fingerprint(model: ModelFolder) -> str:
    """Identifies a measured model independently of its location: a hash of its files, without its measured accuracy."""
    description = hashlib.sha256(model_yaml(replace(model, accuracy={})).encode()).hexdigest()[:16]
    return description + file_hash(*(model.path / name for name in sorted(model.files)))


def accuracy(done: Sequence[tuple[Measurement, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The measurements for a `model.yaml`, by set, in percent: `click_miou` after one, two and three clicks, `pq`, `j` of one click;
    None if a set has nothing to measure."""
    short: dict[str, dict[str, Any]] = {}
    for measured, content in done:
        numbers = short.setdefault(measured.name, {})
        if measured.task == "prompt":
            numbers["click_miou"] = [in_short(value) for value in content["prompt"]["miou"]]
        elif measured.task == "panoptic":
            numbers["pq"] = in_short(content["panoptic"]["all"]["pq"])
        else:
            numbers["j"] = in_short(content["clicked"]["j"])
    return short


def measurements(validation: Sequence[SourceConfig], model: str, more: Sequence[str] = (), own_labels: bool = False) -> list[Measurement]:
    """The measurements to run for a model on validation sets.

    Args:
        validation: the sets, as a training YAML lists them.
        model: its name in the commands.
        more: additional arguments for each command, such as a precision.
        own_labels: the run's label map is a file, not a bundled one.

    Raises:
        DataError: a set has options that `rmpsam eval` does not support.
    """
    result, names = [], set_names(validation)
    for task, kinds in TASKS.items():
        for name_of_set, entry in zip(names, validation):
            if entry.kind not in kinds:
                continue
            if entry.skip:
                raise DataError(f"The validation set {entry.annotations} has `skip`, which `rmpsam eval` does not support; use `every`.")
            if task == "panoptic" and entry.mapping:
                raise DataError(f"The validation set {entry.annotations} has `mapping`, which `rmpsam eval panoptic` takes as a file (--label-map); "
                                "put it into the run's label map.")  # fmt: skip
            images, annotations = (name if name.startswith(("$", "~", "/")) else f"{{data}}/{name}" for name in (entry.images, entry.annotations))
            words = ["--images", images, "--annotations", annotations]
            words += ["--label-map", "{labels}"] if task == "panoptic" and own_labels else []
            words += ["--every", str(entry.every)] if entry.every else []
            words += ["--crowds", entry.crowds] if entry.crowds != "void" else []
            words += ["--clicks", "--trackers", "rmpsam"] if task == "video" else []
            result.append(Measurement(task, name_of_set, (*words, "--model", model, *more)))
    return result


def card(model: ModelFolder, config: TrainingConfig, label_map: LabelMap, done: Sequence[tuple[Measurement, Mapping[str, Any]]]) -> str:
    """The card as Markdown.

    Args:
        model: the folder.
        config: of its training; the sets are opened to read their numbers of images and licences.
        label_map: of the run.
        done: measurements, and the JSON output of each.
    """
    things = int(model.labels.is_thing().sum())
    megabytes = sum(model.files.values()) / 1e6
    info = done[0][1]["info"] if done else {}
    run = f"{info.get('backend', '')} on {info.get('device', '')}, {info.get('precision', '')}" if info else "nothing"
    training = [Source(entry, label_map, config.data_folder) for entry in config.train]
    parts = [
        (f"**{model.name}**: {model.variant} at {model.input_size[0]}x{model.input_size[1]}, {len(model.labels)} classes ({things} things, "
         f"{len(model.labels) - things} stuff), {megabytes:.1f} MB, licence {model.licence or 'not stated'}. {_sentence(model.provenance)}"),
        _data_table(training),
        f"Measured with {run}, {_kept_aside(config, label_map, training)}:" if done else "Not measured.",
        *(table for table in (_clicks(done), _panoptic(done), _videos(done)) if table),
    ]
    if done:
        root = config.data_root.rstrip("/")
        parts.append("\n".join(["```sh", *(f"rmpsam {_shell(m.command(root, config.labels))}   # {n}" for n, (m, _) in enumerate(done, 1)), "```"]))
    return "\n\n".join(parts) + "\n"


def insert(text: str, content: str, where: str) -> str:
    """Replaces the text between the two markers by `content`.

    Raises:
        DataError: the markers are missing or out of order.
    """
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        raise DataError(f"{where} has no place for a card; it must have the lines {BEGIN} and {END}.")
    return f"{text[: begin + len(BEGIN)]}\n{content}{text[end:]}"


def _kept_aside(config: TrainingConfig, label_map: LabelMap, training: Sequence[Source]) -> str:
    """A description of the measured sets: held out, or how much of which set was trained on."""
    sources = [Source(entry, label_map, config.data_folder) for entry in config.validation]
    counts = [(shared(source, training), len(source.indices), name) for name, source in zip(set_names(config.validation), sources)]
    seen = ", ".join(f"{number} of {total} of {name}" for number, total, name in counts if number)
    if seen:
        return f"on images and videos that overlap with the training data ({seen}), so these figures are optimistic"
    return "on held-out images and videos"


def _data_table(training: Sequence[Source]) -> str:
    lines = ["| trained on | images | sampling share | licences |", "|---|---:|---:|---|"]
    total = sum(source.weight for source in training)
    for source in training:
        entry, reader = source.config, source.reader
        content = read_json(reader.path, ())
        info = content.get("info") or {}
        name = info.get("description") or entry.annotations
        title = f"[{name}]({info['url']})" if str(info.get("url", "")).startswith("http") else name
        if reader.is_video:
            number = f"{len(source.indices)} videos, {sum(reader.length(i) for i in source.indices)} frames"
            used: Counter[object] = Counter()
        else:
            number, used = str(len(source.indices)), Counter(reader.images[i].get("license") for i in source.indices)
        licences = [entry for entry in content.get("licenses") or [] if entry.get("id") in used] or content.get("licenses") or []
        names = ", ".join(str(x.get("name")) + (f" ({used[x.get('id')]})" if len(licences) > 1 and used[x.get("id")] else "") for x in licences) or "not stated"
        lines.append(f"| {title} | {number} | {entry.weight / total:.0%} | {names} |")
    return "\n".join(lines)


def _clicks(done: Sequence[tuple[Measurement, Mapping[str, Any]]]) -> str:
    lines = []
    for number, (measured, content) in enumerate(done, 1):
        if measured.task == "prompt":
            row = content["prompt"]
            sizes = [shown(row["sizes"][size]["miou"][0]) if size in row["sizes"] else "–" for size in ("small", "medium", "large")]
            cells = [*map(shown, row["miou"][:3]), *sizes, shown(row["disc"])]
            lines.append(f"| {measured.name} [{number}] | {row['objects']} | " + " | ".join(cells) + " |")
    heads = ("mean IoU of clicks, percent", "objects", "one click", "two", "three", "one click, below 1 % of the image", "1 to 10 %", "10 % and more",
             "disc baseline")  # fmt: skip
    return _table(heads, lines)


def _panoptic(done: Sequence[tuple[Measurement, Mapping[str, Any]]]) -> str:
    lines, present, found = [], [], set()
    for number, (measured, content) in enumerate(done, 1):
        if measured.task == "panoptic":
            row = content["panoptic"]
            cells = [shown(row["all"][key]) for key in ("pq", "sq", "rq")] + [shown(row[part]["pq"]) for part in ("things", "stuff")]
            lines.append(f"| {measured.name} [{number}] | {row['images']} | {row['all']['classes']} | " + " | ".join(cells) + " |")
            present += [name for name, counts in row["classes"].items() if counts["tp"] + counts["fn"] and name not in present]
            found |= {name for name, counts in row["classes"].items() if counts["tp"]}
    table = _table(("panoptic", "images", "classes counted", "PQ", "SQ", "RQ", "PQ of things", "PQ of stuff"), lines)
    missed = [name for name in present if name not in found]
    return f"{table}\n\nPresent in the images, but never found: {', '.join(missed)}." if missed else table


def _videos(done: Sequence[tuple[Measurement, Mapping[str, Any]]]) -> str:
    lines = []
    for number, (measured, content) in enumerate(done, 1):
        if measured.task == "video":
            clicked, tracked = content["clicked"], content["trackers"]["rmpsam"]
            cells = [shown(clicked[key]) for key in ("j", "j_davis", "recall")]
            cells += [shown(tracked["ap50"]), shown(tracked["switches_per_100"], 2), shown(tracked["idf1"])]
            lines.append(f"| {measured.name} [{number}] | {clicked['objects']} | " + " | ".join(cells) + " |")
    heads = ("videos", "objects", "J of one click, all frames", "J, DAVIS protocol", "recall", "AP50 without clicks", "ID switches per 100 frames",
             "IDF1")  # fmt: skip
    return _table(heads, lines)


def _table(heads: Sequence[str], lines: Sequence[str]) -> str:
    """A Markdown table; "" without a row."""
    return "\n".join(["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1), *lines]) if lines else ""


def _shell(words: Sequence[str]) -> str:
    """Arguments as a command line that keeps shell variables unquoted."""
    return " ".join(word if "$" in word else shlex.quote(word) for word in words)


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""
