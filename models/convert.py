"""Turns train.py's float checkpoint into the committed one: MLX affine, 4 bits, group 64.

mlx-lm does the rounding and the writing; its default predicate gives the routers 8 bits. Also
checks that train.py's own rounding (affine.py) foresaw the values of the file.
"""

import argparse
import json
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
import torch
from mlx.utils import tree_flatten, tree_map
from mlx_lm.utils import dequantize_model, load_model, quantize_model, save_config, save_model

import affine
from train import CONFIG


def write_published_config(folder: Path) -> None:
    """config.json in the spelling of the published Qwen3-MoE checkpoints (transformers 4)."""
    published = CONFIG | dict(
        architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", torch_dtype="bfloat16",
        attention_bias=False,
    )  # fmt: skip
    del published["pad_token_id"]
    (folder / "config.json").write_text(json.dumps(published, indent=2) + "\n")


def largest_surprise(before: dict, model) -> float:
    """Largest difference between the file's values and those of affine.fake_quantise."""
    worst = 0.0
    for name, value in tree_flatten(dequantize_model(model).parameters()):
        expected = torch.from_numpy(before[name])
        if bits := affine.bits_of(name):
            expected = affine.fake_quantise(expected, bits)
        worst = max(worst, float(np.abs(np.array(value) - expected.numpy()).max()))
    return worst


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--run", type=Path, required=True, help="the --out folder of train.py")
    args.add_argument("--to", type=Path, required=True, help="the model's folder")
    args = args.parse_args()

    write_published_config(args.run / "float")
    model, config = load_model(args.run / "float")
    model.update(tree_map(lambda p: p.astype(mx.bfloat16), model.parameters()))
    before = {n: np.array(p.astype(mx.float32)) for n, p in tree_flatten(model.parameters())}
    model, config = quantize_model(model, config, group_size=64, bits=4)

    args.to.mkdir(parents=True, exist_ok=True)
    save_model(args.to, model)
    (args.to / "model.safetensors.index.json").unlink()  # one file, no shards
    save_config(config, args.to / "config.json")
    with open(args.to / "config.json", "a") as file:
        file.write("\n")
    shutil.copy(args.run / "tokenizer.model", args.to / "tokenizer.model")

    model.update(
        tree_map(lambda p: p if p.dtype == mx.uint32 else p.astype(mx.float32), model.parameters())
    )
    print(f"largest difference from train.py's rounding: {largest_surprise(before, model):.2e}")


if __name__ == "__main__":
    main()
