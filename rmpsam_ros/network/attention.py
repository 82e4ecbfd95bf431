"""Multi-head attention with the parameter names of `nn.MultiheadAttention`, in the three forms that the head needs."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from rmpsam_ros.network.mask_features import MaskFeatures


class Attention(nn.Module):
    """Scaled dot-product attention with `heads` heads over `dim` channels."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * dim))
        self.out_proj = nn.Linear(dim, dim)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Full self-attention between all tokens, (B, N, D) to (B, N, D)."""
        batch, tokens, dim = x.shape
        qkv = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        qkv = qkv.reshape(batch, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]  # (B, heads, N, D / heads)
        weights = torch.softmax(torch.matmul(query * self._scale(dim), key.transpose(2, 3)), dim=-1)
        return self.out_proj(torch.matmul(weights, value).transpose(1, 2).reshape(batch, tokens, dim))

    def alone(self, x: Tensor) -> Tensor:
        """Self-attention in which each token attends only to itself: the softmax over one key is 1, so only the values matter."""
        dim = x.shape[-1]
        return self.out_proj(nn.functional.linear(x, self.in_proj_weight[2 * dim :], self.in_proj_bias[2 * dim :]))

    def pixels(self, query: Tensor, features: MaskFeatures) -> Tensor:
        """Cross-attention of queries (B, N, D) to every pixel of the features, (B, N, D).

        Keys and values are linear in the features, so their weights are folded into the queries and into the pooled
        result. The key bias shifts all logits of a row equally, which does not change the softmax. The full-size key and
        value maps (2 x D x H x W) are never computed.
        """
        batch, tokens, dim = query.shape
        width = dim // self.heads
        w_query, w_key, w_value = self.in_proj_weight.split(dim)
        b_query, _, b_value = self.in_proj_bias.split(dim)
        query = nn.functional.linear(query, w_query, b_query) * self._scale(dim)
        query = query.reshape(batch, tokens, self.heads, width).transpose(1, 2)  # (B, heads, N, width)
        kernels = torch.matmul(query, w_key.reshape(1, self.heads, width, dim))  # (B, heads, N, D)
        logits = features.product(kernels.reshape(batch, self.heads * tokens, dim))
        weights = torch.softmax(logits.flatten(2), dim=-1).reshape(logits.shape)
        pooled = features.pool(weights).reshape(batch, self.heads, tokens, dim)
        value = torch.matmul(pooled, w_value.reshape(1, self.heads, width, dim).transpose(2, 3))
        value = value.transpose(1, 2).reshape(batch, tokens, dim) + b_value
        return self.out_proj(value)

    def _scale(self, dim: int) -> float:
        return (dim // self.heads) ** -0.5
