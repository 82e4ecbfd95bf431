"""RMP-SAM in plain PyTorch, independent of ROS: build a variant, load weights, compute features and run the decoders."""
from rmpsam_ros.network.checkpoint import load_checkpoint, load_model, load_official, save_weights
from rmpsam_ros.network.config import VARIANTS, NetworkConfig
from rmpsam_ros.network.mask_features import MaskFeatures
from rmpsam_ros.network.model import RMPSAM, STRIDE, build
from rmpsam_ros.network.stage import DecoderOutput

__all__ = ["RMPSAM", "STRIDE", "VARIANTS", "DecoderOutput", "MaskFeatures", "NetworkConfig", "build", "load_checkpoint",
           "load_model", "load_official", "save_weights"]  # fmt: skip
