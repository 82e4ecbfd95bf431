"""A second opinion of what an object is: from the backbone's deepest maps under its mask, beside the decoder's own.

The backbone has seen a thousand kinds of things on more than a million photographs, the decoder what it was trained on.
Pooling a classifier's features under predicted masks, and multiplying its answer with the decoder's, is how open-vocabulary
segmentation names what it was not trained on (Yu et al., "FC-CLIP", 2023). Here a small head on those features learns the
same classes; it learns apart, so that neither leaves to the other what it could say itself.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

DROPOUT = 0.3


class SecondOpinion(nn.Module):
    """Pooled backbone maps to classes. Fresh, it has no opinion."""

    def __init__(self, channels: int, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(channels), nn.Dropout(DROPOUT), nn.Linear(channels, hidden), nn.ReLU(),
                                    nn.Dropout(DROPOUT), nn.Linear(hidden, num_classes))  # fmt: skip
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """(B, N, C) pooled maps to (B, N, K) logits."""
        return self.layers(pooled)


def agree(class_logits: Tensor, opinion: Tensor) -> Tensor:
    """The decoder's probabilities of K classes times the opinion's, as logits (B, N, K + 1).

    What they say of each other is of the class alone: the probability that there is an object stays.

    Args:
        class_logits: (B, N, K + 1), the last `no object`.
        opinion: (B, N, K).
    """
    classes, nothing = class_logits[..., :-1], class_logits[..., -1:]
    opinion = opinion - opinion.amax(dim=-1, keepdim=True)
    common = (torch.softmax(classes, dim=-1) * opinion.exp()).sum(dim=-1, keepdim=True)  # how far they are of one mind
    return torch.cat((classes + opinion - common.clamp(min=1e-30).log(), nothing), dim=-1)
