"""The two graphs of a model as torch modules, which are exported to ONNX and run by the torch backend.

They contain everything that does not depend on ROS, on time or on the size of the source image. The names and shapes below
are the interface between an exported model folder and the backends (`model_folder.FORMAT` is its version).
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from rmpsam_ros.network import RMPSAM
from rmpsam_ros.network.distinct import distinct_scores, mask_overlap, settled_classes

IMAGE_INPUTS = ("image", "image_size")
IMAGE_OUTPUTS = ("class_ids", "scores", "iou", "queries", "mask_logits", "features")
PROMPT_INPUTS = ("features", "boxes", "labels", "image_size")
PROMPT_OUTPUTS = ("mask_logits", "iou", "queries")


class ImageGraph(nn.Module):
    """The image graph: normalisation, padding, network and scoring; image to object queries."""

    def __init__(self, net: RMPSAM) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        """Runs the network on padded images.

        Args:
            image: (B, H, W, 3) uint8 RGB; only the top-left `image_size` pixels are used, the rest is treated as padding.
            image_size: (B, 2) int64 height and width.

        Returns:
            class_ids: (B, N) int64, K for no object.
            scores: (B, N) probability of that class; with `class_votes`, combined over all queries on the same object; with
                `matrix_nms`, reduced where a better query has the same mask.
            iou: (B, N) predicted mask quality, raw.
            queries: (B, N, D).
            mask_logits: (B, N, H/4, W/4).
            features: (B, mid, H/4, W/4), the input of the prompt graph.
        """
        features, deep = self.net.encode(self._pixels(image, image_size))
        output = self.net.decode_objects(self.net.mask_features(features, deep))
        probabilities, iou, config = torch.softmax(output.class_logits.float(), dim=-1), output.iou[..., 0], self.net.config
        first = config.stuff_queries
        overlap = mask_overlap(output.mask_logits[:, first:].float()) if config.class_votes or config.matrix_nms else None
        if config.class_votes:
            probabilities = settled_classes(probabilities, iou.float(), overlap, first)
        scores, class_ids = probabilities.max(dim=-1)
        if config.matrix_nms:
            scores = distinct_scores(scores, class_ids, iou.float(), overlap, probabilities.shape[-1] - 1, first)
        return class_ids, scores, iou, output.queries, output.mask_logits, features

    def encode(self, image: Tensor, image_size: Tensor) -> Tensor:
        """Computes only the features."""
        return self.net.encode(self._pixels(image, image_size))[0]

    def _pixels(self, image: Tensor, image_size: Tensor) -> Tensor:
        pixels = self.net.normalize(image.permute(0, 3, 1, 2))
        rows = torch.arange(image.shape[1], device=image.device)[None, :, None] < image_size[:, :1, None]
        columns = torch.arange(image.shape[2], device=image.device)[None, None, :] < image_size[:, 1:, None]
        # As in the reference, padding is 0 after normalisation, not a colour before it.
        pixels = pixels * (rows & columns)[:, None].to(pixels.dtype)
        return pixels.to(self.net.neck.loc_conv.weight.dtype)


class PromptGraph(nn.Module):
    """The prompt graph: cached features and prompts to masks."""

    def __init__(self, net: RMPSAM) -> None:
        super().__init__()
        self.net = net

    def forward(self, features: Tensor, boxes: Tensor, labels: Tensor, image_size: Tensor) -> tuple[Tensor, ...]:
        """Decodes P independent prompts per image.

        Args:
            features: (B, mid, H/4, W/4) from the image graph.
            boxes: (B, P, 4) float32 x1, y1, x2, y2 in pixels of the unpadded network input.
            labels: (B, P) int64.
            image_size: (B, 2) int64 unpadded height and width.

        Returns:
            mask_logits: (B, P, H/4, W/4).
            iou: (B, P) predicted mask quality, raw.
            queries: (B, P, D).
        """
        size = (image_size[:, :1].float(), image_size[:, 1:].float())
        output = self.net.decode_prompts(self.net.mask_features(features), boxes, labels, size, classes=False)
        return output.mask_logits, output.iou[..., 0], output.queries
