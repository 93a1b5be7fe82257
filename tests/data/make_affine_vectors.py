"""Writes tests/data/affine_vectors: weights that MLX packed, with MLX's own dequantised values.

For every code width and group size a 3 by 128 matrix goes through mx.quantize; the packed rows,
the scales and the biases are kept as MLX gives them, and `values` is mx.dequantize in float32 of
the widened scales and biases. The numbers come from MLX, never from Fidelio.
Needs: mlx (on Linux `pip install "mlx[cpu]"`), numpy.
"""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np

ROWS, COLS = 3, 128
# Group size 64 comes in every type of scale; the others in one each.
SCALE_TYPES = {32: ["bfloat16"], 64: ["float32", "float16", "bfloat16"], 128: ["float32"]}


def hex_of(array):
    if array.dtype == mx.bfloat16:
        array = array.view(mx.uint16)
    return np.array(array).astype(np.array(array).dtype.newbyteorder("<")).tobytes().hex()


def case(bits, group_size, scale_type, random):
    weights = random.standard_normal((ROWS, COLS)).astype(np.float32)
    # mx.quantize puts the end of the range that is larger in magnitude at code 0: rows that reach
    # further up than down have negative scales.
    weights[0] += 0.75
    weights[1] -= 0.75
    codes, scales, biases = mx.quantize(
        mx.array(weights).astype(getattr(mx, scale_type)), group_size=group_size, bits=bits)
    wide = [a.astype(mx.float32) for a in (scales, biases)]
    values = mx.dequantize(codes, *wide, group_size=group_size, bits=bits)
    assert values.dtype == mx.float32 and codes.dtype == mx.uint32
    low, high = float(wide[0].min()), float(wide[0].max())
    assert low < 0 < high, (bits, group_size, low, high)
    return {"bits": bits, "group_size": group_size, "scale_type": scale_type, "rows": ROWS,
            "cols": COLS, "codes": hex_of(codes), "scales": hex_of(scales),
            "biases": hex_of(biases), "values": hex_of(values)}


def main():
    random = np.random.default_rng(20)
    folder = Path(__file__).parent / "affine_vectors"
    folder.mkdir(exist_ok=True)
    for bits in (2, 3, 4, 5, 6, 8):
        cases = [case(bits, group_size, scale_type, random)
                 for group_size, types in SCALE_TYPES.items() for scale_type in types]
        text = json.dumps({"mlx": mx.__version__, "cases": cases}, indent=1)
        (folder / f"bits{bits}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
