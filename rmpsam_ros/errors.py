"""Exceptions of the package, one class per kind of error. Each message is one sentence: what is wrong, and what is expected."""


class RmpsamError(Exception):
    """Base of every error that this package raises on purpose; the command line prints it and exits with 2."""


class ImageError(RmpsamError):
    """An image that cannot be used: wrong shape or dtype, broken bytes, unknown encoding."""


class DepthError(RmpsamError):
    """A depth image or a calibration that cannot be used: unknown encoding, not registered, another size."""


class PromptError(RmpsamError):
    """A click or box prompt that cannot be used: outside the image, not finite, no foreground."""


class ModelError(RmpsamError):
    """A model folder that is missing, incomplete or of another version."""


class BackendError(RmpsamError):
    """A backend that is not installed, or that cannot run this model on this machine."""


class TrackError(RmpsamError):
    """Detections or tracking options that cannot be used: shapes that disagree, a limit out of range."""


class ParameterError(RmpsamError):
    """A parameter of the node out of its range or of the wrong type."""


class DataError(RmpsamError):
    """A dataset or a training configuration that cannot be used: missing files, masks that do not fit, unknown classes."""


class BagError(RmpsamError):
    """A rosbag that cannot be read, or a result that cannot be written to one."""
