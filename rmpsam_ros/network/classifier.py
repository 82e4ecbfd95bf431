"""Open-vocabulary classifier: cosine similarity with the text embeddings of each class, maximum over synonyms."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOGIT_SCALE = float(torch.tensor(4.6052).exp())
"""exp(4.6052) = 100.0018, CLIP's temperature with the reference's rounding."""


class TextClassifier(nn.Module):
    """Scores (B, N, D) embeddings against K classes and `no object`, whose embedding is zero and score always 0.

    The official checkpoint does not contain the embeddings: they are set with `set_embedding`, and stored with a model
    folder's weights. The official file pads synonyms by repeating the first. As the score is a maximum, repeated rows are
    dropped here, and each distinct row is multiplied once.
    """

    def __init__(self, num_classes: int, dim: int, learned: bool, scale: float = LOGIT_SCALE) -> None:
        super().__init__()
        self.scale = scale
        rows = orthogonal_embedding(num_classes, dim)[:, 0]
        if learned:
            self.embedding = nn.Parameter(rows)
        else:
            self.register_buffer("embedding", rows, persistent=False)
        self.register_buffer("synonyms", torch.arange(num_classes)[:, None], persistent=False)

    @property
    def num_classes(self) -> int:
        return self.synonyms.shape[0]

    def set_embedding(self, text_embedding: Tensor) -> None:
        """Sets the class embeddings: (K, P, D) or (K, D), rows of unit norm.

        Raises:
            ValueError: wrong shape, or rows without unit norm.
        """
        table = text_embedding.detach().float()
        table = table[:, None] if table.ndim == 2 else table
        dim = self.embedding.shape[1]
        if table.ndim != 3 or table.shape[2] != dim or table.shape[0] == 0:
            raise ValueError(f"The text embedding has shape {tuple(text_embedding.shape)}; it must be (classes, synonyms, {dim}).")
        if not torch.allclose(table.norm(dim=-1), torch.ones(()), atol=1e-3):
            raise ValueError("The text embedding's rows must be of unit norm.")
        rows, index, synonyms = [], {}, []
        for class_rows in table:
            own = []
            for row in class_rows:
                key = row.numpy().tobytes()
                if key not in index:
                    index[key] = len(rows)
                    rows.append(row)
                own.append(index[key])
            synonyms.append(own)
        embedding = torch.stack(rows).to(self.embedding.device)
        if isinstance(self.embedding, nn.Parameter):
            self.embedding = nn.Parameter(embedding)
        else:
            self.embedding = embedding
        self.synonyms = torch.tensor(synonyms, device=embedding.device)

    def text_embedding(self) -> Tensor:
        """The class embeddings (K, P, D) float32, in the form that `set_embedding` takes."""
        return self.embedding.detach()[self.synonyms].float()

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, K + 1) logits, the last `no object`."""
        rows = self.embedding
        if isinstance(rows, nn.Parameter):
            rows = F.normalize(rows, dim=-1)  # keep learned rows on the unit sphere
        scores = self.scale * torch.matmul(F.normalize(x, dim=-1), rows.t())  # (B, N, rows)
        if self.synonyms.shape[1] > 1:
            # Gather the padded table and take one maximum, instead of K small operators.
            scores = scores[..., self.synonyms.flatten()].unflatten(-1, self.synonyms.shape).amax(dim=-1)
        return F.pad(scores, (0, 1))


def orthogonal_embedding(num_classes: int, dim: int) -> Tensor:
    """(K, 1, D) float32 unit rows for a label set without text: orthogonal where K <= D, else random directions."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(max(num_classes, 1), dim, generator=generator)
    if num_classes <= dim:
        rows = torch.linalg.qr(rows.t())[0].t()
    return F.normalize(rows, dim=-1)[:num_classes, None].contiguous()
