"""Writes tests/data/block_vectors: MXFP4 and GGUF blocks with others' own dequantised values.

The bytes are random but for their scales, which are ordinary ones of either sign, subnormal,
extreme and zero, and for first blocks of nothing but 0 or 1 bits. The values are gguf's dequantize
for GGUF's formats; for MXFP4 with its scales apart mx.dequantize and, over the scales that bfloat16
can hold, transformers' own for GPT-OSS. None come from Fidelio.
Needs: gguf, mlx (on Linux `pip install "mlx[cpu]"`), numpy, torch, transformers.
"""

import json
from pathlib import Path

import gguf
import mlx.core as mx
import numpy as np
import torch
import transformers
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

# binary16: ordinary, negative, subnormal (least, greatest, negative), least normal, greatest, zeros.
HALVES = [0x2E66, 0xAE66, 0x0001, 0x03FF, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x0000, 0x8000]
# Scale bytes of MXFP4: ordinary, the least, the greatest whose products are finite.
BYTES = [127, 120, 0, 1, 2, 252, 100, 130]

BLOCKS = {  # name: gguf's type, elements and bytes of a block, offsets of its binary16 scales
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, 32, 34, [0]),
    "q4_0": (gguf.GGMLQuantizationType.Q4_0, 32, 18, [0]),
    "q4_1": (gguf.GGMLQuantizationType.Q4_1, 32, 20, [0, 2]),
    "q6_k": (gguf.GGMLQuantizationType.Q6_K, 256, 210, [208]),
    "mxfp4_blocks": (gguf.GGMLQuantizationType.MXFP4, 32, 17, []),
}


def hex_of(array):
    array = np.ascontiguousarray(array)
    return array.astype(array.dtype.newbyteorder("<")).tobytes().hex()


def gguf_case(name, random):
    kind, elements, size, halves = BLOCKS[name]
    n = 10 if elements == 256 else 20
    blocks = random.integers(0, 256, (n, size), dtype=np.uint8)
    blocks[0], blocks[1] = 0, 255
    for i, block in enumerate(blocks):
        for k, offset in enumerate(halves):
            # q4_1: scale and minimum meet in changing pairs.
            half = HALVES[(i + k * (1 + i // len(HALVES))) % len(HALVES)]
            block[offset:offset + 2] = np.frombuffer(np.uint16(half).tobytes(), np.uint8)
        if not halves:
            block[0] = BYTES[i % len(BYTES)]
    rows = 2
    data = blocks.reshape(rows, -1)
    values = gguf.dequantize(data, kind)
    assert values.dtype == np.float32 and values.shape == (rows, n // rows * elements)
    return {"format": name, "from": "gguf", "rows": rows, "cols": values.shape[1],
            "data": hex_of(data), "scales": "", "values": hex_of(values)}


def apart(groups, scale_bytes, random):
    codes = random.integers(0, 256, (2, groups, 16), dtype=np.uint8)
    codes[0, 0] = np.arange(0x10, 0x100, 0x11, dtype=np.uint8).repeat(2)[:16] ^ 0x0F
    scales = np.array([scale_bytes[i % len(scale_bytes)] for i in range(2 * groups)], np.uint8)
    return codes, scales.reshape(2, groups)


def mxfp4_case(source, codes, scales, values):
    assert values.shape == (2, 16 * codes.shape[1] * 2)
    return {"format": "mxfp4", "from": source, "rows": 2, "cols": values.shape[1],
            "data": hex_of(codes), "scales": hex_of(scales), "values": hex_of(values)}


def mlx_case(random):
    codes, scales = apart(8, BYTES, random)
    words = mx.array(codes.reshape(2, -1).view(np.uint32))
    values = mx.dequantize(words, mx.array(scales), group_size=32, bits=4, mode="mxfp4",
                           dtype=mx.float32)
    return mxfp4_case(f"mlx {mx.__version__}", codes, scales, np.array(values))


def transformers_case(random):
    codes, scales = apart(4, [127, 120, 100, 130], random)
    # One expert; the result is transposed, [cols, rows].
    values = convert_moe_packed_tensors(torch.from_numpy(codes[None]),
                                        torch.from_numpy(scales[None]), dtype=torch.float32)
    return mxfp4_case(f"transformers {transformers.__version__}", codes, scales,
                      values[0].T.contiguous().numpy())


def main():
    random = np.random.default_rng(20)
    folder = Path(__file__).parent / "block_vectors"
    folder.mkdir(exist_ok=True)
    cases = {name: [gguf_case(name, random)] for name in BLOCKS}
    cases["mxfp4"] = [mlx_case(random), transformers_case(random)]
    for name, list_of_cases in cases.items():
        text = json.dumps({"cases": list_of_cases}, indent=1)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
