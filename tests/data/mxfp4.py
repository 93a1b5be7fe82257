"""MXFP4 with numpy alone: blocks of 32 E2M1 codes, low nibble first, with a power of two as scale
(OCP Microscaling Formats 1.0). Which tensors have it is mxfp4_folders.py."""

import numpy as np

MAGNITUDES = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
TABLE = np.concatenate([MAGNITUDES, -MAGNITUDES])
BIAS = 127  # of the scale's exponent
LARGEST_EXPONENT = 2  # that of 6, the largest magnitude


def quantised(w: np.ndarray) -> tuple:
    """float32 [..., n] to blocks uint8 [..., n / 32, 16] and scales uint8 [..., n / 32]."""
    grouped = w.reshape(*w.shape[:-1], -1, 32)
    largest = np.abs(grouped).max(-1, keepdims=True)
    exponents = np.floor(np.log2(np.maximum(largest, 2.0**-120))) - LARGEST_EXPONENT
    scaled = np.abs(grouped) / 2.0**exponents
    magnitudes = np.abs(scaled[..., None] - MAGNITUDES).argmin(-1)
    codes = (magnitudes + 8 * np.signbit(grouped)).astype(np.uint8)
    return codes[..., ::2] | codes[..., 1::2] << 4, (exponents[..., 0] + BIAS).astype(np.uint8)


def widened(blocks: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """float32 [..., n] of blocks [..., n / 32, 16] and scales [..., n / 32]; exact."""
    codes = np.stack([blocks & 15, blocks >> 4], axis=-1).reshape(*blocks.shape[:-1], 32)
    values = TABLE[codes] * 2.0 ** (scales.astype(np.float32) - BIAS)[..., None]
    return values.reshape(*values.shape[:-2], -1).astype(np.float32)
