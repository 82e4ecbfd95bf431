"""Reads image messages from one rosbag2 and writes the node's messages to another.

The rosbags library handles the files (sqlite3 and mcap, in pure Python, so it works the same with and without a sourced ROS);
messages are serialized by rclpy. rosbags is needed only when bags are used.
"""
from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from rmpsam_ros.errors import BagError

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.typesys.store import Typestore

IMAGE_TYPES = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
INFO_TYPES = {"sensor_msgs/msg/CameraInfo": CameraInfo}
_IDL_NAMES = {"boolean": "bool", "float": "float32", "double": "float64", "octet": "byte"}


@dataclass(frozen=True, eq=False)
class BagMessage:
    """One message of a bag. `time`: when it was recorded, in nanoseconds; `raw`: CDR bytes. `image`: from a requested image topic;
    `beside`: depth or calibration; `kept`: from a topic to be copied."""

    connection: Connection
    time: int
    raw: bytes
    image: bool
    beside: bool
    kept: bool

    def decode(self) -> None:
        """Deserializes the message, to find out whether it can be read; raises as `message` does."""
        self.message  # noqa: B018  deserialized and cached

    @cached_property
    def message(self) -> Image | CompressedImage | CameraInfo:
        """The deserialized message; not for one that is only copied.

        Raises:
            BagError: its bytes are not a message of its type.
        """
        try:
            return deserialize_message(self.raw, {**IMAGE_TYPES, **INFO_TYPES}[self.connection.msgtype])
        except Exception as error:  # rclpy raises its own types, and unpacking may raise any
            raise BagError(f"a message on {self.connection.topic} is not a valid {self.connection.msgtype} ({_short(error)})") from error


def _remedy(path: Path) -> str:
    """Suggests a fix for a bag that cannot be opened: many were being recorded when the robot lost power."""
    files = [path] if path.is_file() else sorted(path.iterdir())
    recorded = [file for file in files if {".mcap", ".db3"} & set(file.suffixes)]
    of_ros1 = [file for file in files if file.suffix == ".bag"]
    if of_ros1 and not recorded:
        return f"convert a ROS 1 bag with `rosbags-convert --src {of_ros1[0]} --dst {of_ros1[0].with_suffix('')}`"
    if not recorded or path.is_file() and path.suffix not in (".mcap", ".db3"):
        return "give its folder, or an .mcap or .db3 file"
    metadata = path / "metadata.yaml"
    if path.is_dir() and not (metadata.is_file() and metadata.stat().st_size):
        return f"an interrupted recording has no metadata.yaml, or an empty one: `ros2 bag reindex {path}` makes it"
    if recorded[0].suffix == ".mcap":
        return f"an interrupted recording is repaired by `mcap recover {recorded[0]} -o whole.mcap` (the mcap command line tool)"
    return "copy it again, if the copy is incomplete"


class BagReader:
    """An open bag for reading; a context manager.

    Args:
        path: the bag's folder, or one .mcap or .db3 file of it.
        topics: image topics to read; may be empty if the bag has only one, not counting depth.
        depths: topics of depth images, which do not count as images.
        kept: topics whose messages are copied unchanged; `all` for every topic.

    Raises:
        BagError: not a bag, a damaged one, or topics that it does not have. FileNotFoundError: no such path.
    """

    def __init__(self, path: Path, topics: Sequence[str] = (), kept: Sequence[str] = (), depths: Sequence[str] = ()) -> None:
        from rosbags.rosbag2 import Reader

        self.path = Path(path)
        if not self.path.exists():
            raise FileNotFoundError(errno.ENOENT, "no bag", str(path))
        try:
            self._reader = Reader(self.path)
            self._reader.open()
        except Exception as error:  # each storage plugin has its own errors for damaged files
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                raise  # disk or permission errors
            raise BagError(f"{path} is not a readable rosbag2 ({_short(error)}); {_remedy(self.path)}.") from error
        try:
            self.images = self._choose(topics, depths)
            self.beside: list[Connection] = []
            known = {c.topic for c in self._reader.connections}
            missing = sorted(set(kept) - known - {"all"})
            if missing:
                raise BagError(f"There is no topic {missing[0]} in {path}; it has {', '.join(sorted(known))}.")
            self.kept = [c for c in self._reader.connections if "all" in kept or c.topic in kept]
        except BagError:
            self.close()
            raise

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def storage(self) -> str:
        """`mcap` or `sqlite3`."""
        files = [self.path] if self.path.is_file() else sorted(self.path.iterdir())
        return "mcap" if any(".mcap" in f.suffixes for f in files) else "sqlite3"

    @property
    def count(self) -> int:
        """Number of image messages."""
        return sum(c.msgcount for c in self.images)

    def read_beside(self, topic: str, types: Mapping[str, type]) -> None:
        """Also reads a topic of one of these types.

        Raises:
            BagError: there is no such topic.
        """
        found = [c for c in self._reader.connections if c.topic == topic]
        if not found or found[0].msgtype not in types:
            carried = f"{topic} carries {found[0].msgtype}" if found else f"There is no topic {topic} in {self.path}"
            has = sorted({c.topic for c in self._reader.connections if c.msgtype in types})
            kind = " or ".join(types)
            raise BagError(f"{carried}; {kind} is needed, and the bag has {', '.join(has) or 'none'}.")
        self.beside += found

    def messages(self) -> Iterator[BagMessage]:
        """Images, depth and calibration, and kept messages, in the order of recording.

        Raises:
            BagError: the file is truncated or cannot be read further.
        """
        images, beside, kept = ({c.id for c in some} for some in (self.images, self.beside, self.kept))
        chosen = {c.id: c for c in (*self.images, *self.beside, *self.kept)}
        for connection, time, raw in self._read(list(chosen.values())):
            yield BagMessage(connection, time, bytes(raw), connection.id in images, connection.id in beside, connection.id in kept)

    def _read(self, connections: Sequence[Connection]) -> Iterator[tuple[Connection, int, bytes]]:
        """Messages as rosbags reads them; each storage plugin has its own errors for damaged files.

        Raises:
            BagError: the file is truncated or cannot be read further.
        """
        messages = self._reader.messages(connections)
        while True:
            try:
                message = next(messages, None)
            except Exception as error:
                raise BagError(f"{self.path} cannot be read to its end ({_short(error)}); `ros2 bag reindex` or `mcap recover` may help.") from error
            if message is None:
                return
            yield message

    def first_calibrations(self) -> Iterator[BagMessage]:
        """The first message of each CameraInfo topic that is read with the images.

        Raises:
            BagError: the file cannot be read.
        """
        for connection in self.beside:
            first = next(self._read([connection]), None) if connection.msgtype in INFO_TYPES else None
            if first is not None:
                yield BagMessage(connection, first[1], bytes(first[2]), False, True, False)

    def close(self) -> None:
        """Closes the files."""
        self._reader.close()

    def _choose(self, topics: Sequence[str], depths: Sequence[str]) -> list[Connection]:
        of_topic: dict[str, list[Connection]] = {}
        for connection in self._reader.connections:
            of_topic.setdefault(connection.topic, []).append(connection)
        pictures = sorted(t for t, found in of_topic.items() if found[0].msgtype in IMAGE_TYPES)
        has = f"its image topics are {', '.join(pictures)}"
        if not pictures:
            raise BagError(f"{self.path} has no image topic, raw or compressed; its topics are {', '.join(sorted(of_topic)) or 'none'}.")
        if not topics:
            topics = [topic for topic in pictures if topic not in depths]
            if len(topics) != 1:
                raise BagError(f"{self.path} has {len(topics)} image topics; choose with --topic: {has}.")
        for topic in topics:
            if topic not in of_topic:
                raise BagError(f"There is no topic {topic} in {self.path}; {has}.")
            if topic not in pictures:
                raise BagError(f"{topic} carries {of_topic[topic][0].msgtype}; a sensor_msgs/msg/Image or CompressedImage is needed: {has}.")
        return [connection for topic in dict.fromkeys(topics) for connection in of_topic[topic]]


class BagWriter:
    """A new bag for writing; result topics are created with their first message.

    Args:
        folder: path of the bag; must not exist.
        storage: `mcap` (its chunks compressed) or `sqlite3`.
    """

    def __init__(self, folder: Path, storage: str) -> None:
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
        from rosbags.typesys import Stores, get_typestore

        self._types = get_typestore(Stores.ROS2_JAZZY)
        plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
        self._writer = Writer(folder, version=8, storage_plugin=plugin)  # 9 stores QoS in a form that Humble rejects
        if storage == "mcap":  # ID maps shrink to 1 %; for sqlite3 no compression is supported by all readers
            self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._writer.open()
        self._connections: dict[str, Connection] = {}

    def add(self, topic: str, message: Any, time: int, latched: bool = False) -> None:
        """Writes a message with the recording time (nanoseconds) of its image."""
        connection = self._connections.get(topic)
        if connection is None:
            name = self._register(type(message))
            connection = self._connections[topic] = self._writer.add_connection(
                topic, name, typestore=self._types, offered_qos_profiles=[_qos(latched)])  # fmt: skip
        self._writer.write(connection, time, serialize_message(message))

    def keep(self, source: Connection) -> Connection:
        """Creates a topic of another bag for `copy`. Call it before the first image, so that errors show up early.

        Raises:
            BagError: the type is defined neither in the bag nor on this machine.
        """
        connection = self._connections.get(source.topic)
        if connection is None:
            connection = self._connections[source.topic] = self._writer.add_connection(
                source.topic, source.msgtype, typestore=self._types_of(source), offered_qos_profiles=source.ext.offered_qos_profiles)  # fmt: skip
        return connection

    def copy(self, message: BagMessage) -> None:
        """Writes a message unchanged."""
        self._writer.write(self.keep(message.connection), message.time, message.raw)

    def close(self) -> None:
        """Finishes the files."""
        self._writer.close()

    def _types_of(self, source: Connection) -> Typestore:
        """The type definitions of a kept topic: from the bag if it has them, as fields differ between ROS releases."""
        from rosbags.interfaces import MessageDefinitionFormat
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore

        if source.msgdef.format == MessageDefinitionFormat.MSG:
            types = get_typestore(Stores.EMPTY)
            types.register(get_types_from_msg(source.msgdef.data, source.msgtype))
            return types
        if source.msgtype in self._types.fielddefs:
            return self._types
        package, _, name = source.msgtype.partition("/msg/")
        try:
            self._register(getattr(import_module(f"{package}.msg"), name))
        except (ImportError, AttributeError):
            raise BagError(f"{source.topic} cannot be kept: its type {source.msgtype} is defined neither in the bag nor on this machine; "
                           "leave it out of --keep.") from None  # fmt: skip
        return self._types

    def _register(self, kind: type) -> str:
        """Registers a generated message class and its nested types with rosbags; returns its name."""
        from rosbags.typesys import get_types_from_msg

        package = kind.__module__.split(".")[0]
        name = f"{package}/msg/{kind.__name__}"
        if name in self._types.fielddefs:
            return name
        lines = []
        for field, idl in kind.get_fields_and_field_types().items():
            written = _as_msg(idl)
            lines.append(f"{written} {field}")
            inner = re.match(r"(\w+)/(\w+)", written)
            if inner:
                self._register(getattr(import_module(f"{inner[1]}.msg"), inner[2]))
        self._types.register(get_types_from_msg("\n".join(lines), name))
        return name


def _as_msg(idl: str) -> str:
    """Converts a field's type from the spelling of generated classes to that of .msg files: `sequence<float, 3>` is `float32[<=3]`."""
    sequence = re.fullmatch(r"sequence<(.+?)(?:, (\d+))?>", idl)
    if sequence:
        return f"{_as_msg(sequence[1])}[{'<=' + sequence[2] if sequence[2] else ''}]"
    array = re.fullmatch(r"(.+)\[(\d+)\]", idl)
    if array:
        return f"{_as_msg(array[1])}[{array[2]}]"
    text = re.fullmatch(r"string<(\d+)>", idl)
    return f"string<={text[1]}" if text else _IDL_NAMES.get(idl, idl)


def _qos(latched: bool) -> Any:
    """The QoS of the node's results: reliable, and transient local if latched."""
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    forever = QosTime(9223372036, 854775807)  # rmw's infinite duration
    durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
    return Qos(QosHistory.KEEP_LAST, 1 if latched else 5, QosReliability.RELIABLE, durability, forever, forever,
               QosLiveliness.AUTOMATIC, forever, False)  # fmt: skip


def _short(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")[:160] or type(error).__name__
