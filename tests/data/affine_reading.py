"""A second reading of MLX's affine format, with numpy alone: what make_oracles.py holds mlx-lm to."""

from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open


def unpacked(words: np.ndarray, bits: int) -> np.ndarray:
    """The codes of uint32 words, each row one little-endian, least-significant-bit-first stream."""
    rows = words.reshape(-1, words.shape[-1]).view(np.uint8)
    stream = np.unpackbits(rows, axis=1, bitorder="little").reshape(len(rows), -1, bits)
    codes = (stream.astype(np.float32) * 2.0 ** np.arange(bits, dtype=np.float32)).sum(-1)
    return codes.reshape(*words.shape[:-1], -1)


def dequantised(folder: Path, quantisation: dict, dtype=np.float32) -> dict:
    """Every tensor in `dtype`, unpacked here with numpy: a second reading of the format."""
    tensors = {}
    with safe_open(folder / "model.safetensors", "pt") as f:
        names = set(f.keys())
        for name in names:
            if name.endswith((".scales", ".biases")):
                continue
            w = f.get_tensor(name)
            path = name.removesuffix(".weight")
            if f"{path}.scales" in names:
                spec = quantisation.get(path, quantisation)
                codes = unpacked(w.numpy(), spec["bits"])
                grouped = codes.reshape(*codes.shape[:-1], -1, spec["group_size"])
                s, b = (f.get_tensor(f"{path}.{k}").float().numpy().astype(dtype)[..., None] for k in ("scales", "biases"))
                w = torch.from_numpy((grouped * s + b).astype(dtype).reshape(codes.shape))
            tensors[name] = w.double() if dtype == np.float64 else w.float()
    return tensors
