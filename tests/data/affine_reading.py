"""A second reading of MLX's quantised checkpoints, with numpy alone: what make_oracles.py holds mlx-lm to.
MXFP4's own part is mxfp4.py."""

from pathlib import Path

import numpy as np
import torch
from mxfp4 import widened
from safetensors import safe_open


def unpacked(words: np.ndarray, bits: int) -> np.ndarray:
    """The codes of uint32 words, each row one little-endian, least-significant-bit-first stream."""
    rows = words.reshape(-1, words.shape[-1]).view(np.uint8)
    stream = np.unpackbits(rows, axis=1, bitorder="little").reshape(len(rows), -1, bits)
    codes = (stream.astype(np.float32) * 2.0 ** np.arange(bits, dtype=np.float32)).sum(-1)
    return codes.reshape(*words.shape[:-1], -1)


def affine(words: np.ndarray, scales: np.ndarray, biases: np.ndarray, spec: dict) -> np.ndarray:
    codes = unpacked(words, spec["bits"])
    grouped = codes.reshape(*codes.shape[:-1], -1, spec["group_size"])
    return (grouped * scales[..., None] + biases[..., None]).reshape(codes.shape)


def dequantised(folder: Path, quantisation: dict, dtype=np.float32) -> dict:
    """Every tensor in `dtype`, unpacked here with numpy: a second reading of the format. A path's own
    setting without a mode is affine, whatever the mode of the whole."""
    tensors = {}
    with safe_open(folder / "model.safetensors", "pt") as f:
        names = set(f.keys())
        for name in names:
            if name.endswith((".scales", ".biases")):
                continue
            w = f.get_tensor(name)
            path = name.removesuffix(".weight")
            if name.endswith(".weight") and f"{path}.scales" in names:
                spec = quantisation.get(path, quantisation)
                if spec.get("mode", "affine") == "mxfp4":
                    blocks = w.numpy().view(np.uint8).reshape(*w.shape[:-1], -1, 16)
                    values = widened(blocks, f.get_tensor(f"{path}.scales").numpy())
                else:
                    s, b = (f.get_tensor(f"{path}.{k}").float().numpy().astype(dtype) for k in ("scales", "biases"))
                    values = affine(w.numpy(), s, b, spec)
                w = torch.from_numpy(values.astype(dtype))
            tensors[name] = w.double() if dtype == np.float64 else w.float()
    return tensors
