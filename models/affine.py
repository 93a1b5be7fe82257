"""MLX's affine quantisation, written again in torch for the quantisation-aware end of training.

`fake_quantise` returns the values that the converted checkpoint will hold, in float32.
"""

import torch


def fake_quantise(weight: torch.Tensor, bits: int, group_size: int = 64) -> torch.Tensor:
    """Weight [..., in] -> the same shape, rounded as mlx.core.quantize rounds a bfloat16 weight."""
    groups = weight.bfloat16().float().unflatten(-1, (-1, group_size))
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    low_is_edge = low.abs() > high.abs()
    edge = torch.where(low_is_edge, low, high)
    scale = ((high - low) / (2**bits - 1)).clamp_min(1e-7)
    scale = torch.where(low_is_edge, scale, -scale)
    steps = torch.round(edge / scale)
    scale = torch.where(steps == 0, scale, edge / torch.where(steps == 0, 1.0, steps))
    bias = torch.where(steps == 0, 0.0, edge)
    codes = torch.round((groups - bias) / scale).clamp(0, 2**bits - 1)
    return (codes * scale.bfloat16().float() + bias.bfloat16().float()).flatten(-2)


def bits_of(name: str) -> int | None:
    """Bits of a parameter of Qwen3MoeForCausalLM under mlx-lm's default predicate, None if kept."""
    if "norm" in name:
        return None
    return 8 if name.endswith("mlp.gate.weight") else 4
