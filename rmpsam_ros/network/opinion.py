"""A second opinion on an object's class: from the backbone's deepest maps under its mask, in addition to the decoder's.

The backbone was trained on a thousand classes in more than a million photographs, the decoder only on its own data. Open-vocabulary
segmentation recognises classes outside its training data by pooling a classifier's features under predicted masks, and multiplying its
prediction with the decoder's (Yu et al., "FC-CLIP", 2023). Here a small head on those features learns the same classes. It is
trained separately, so that neither classifier relies on the other.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

DROPOUT = 0.3


class SecondOpinion(nn.Module):
    """Classifies pooled backbone maps. Newly initialised, it gives all classes the same logit."""

    def __init__(self, channels: int, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(channels), nn.Dropout(DROPOUT), nn.Linear(channels, hidden), nn.ReLU(),
                                    nn.Dropout(DROPOUT), nn.Linear(hidden, num_classes))  # fmt: skip
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """Maps (B, N, C) pooled features to (B, N, K) logits."""
        return self.layers(pooled)


def agree(class_logits: Tensor, opinion: Tensor) -> Tensor:
    """The product of the decoder's and the opinion's probabilities of K classes, as logits (B, N, K + 1).

    The product only affects the distribution over classes; the probability that there is an object does not change.

    Args:
        class_logits: (B, N, K + 1), the last `no object`.
        opinion: (B, N, K).
    """
    classes, nothing = class_logits[..., :-1], class_logits[..., -1:]
    opinion = opinion - opinion.amax(dim=-1, keepdim=True)
    common = (torch.softmax(classes, dim=-1) * opinion.exp()).sum(dim=-1, keepdim=True)  # how far the two agree
    return torch.cat((classes + opinion - common.clamp(min=1e-30).log(), nothing), dim=-1)
