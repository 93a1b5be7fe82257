"""Writes tests/data/tensor_tables: which tensors the reference implementations make of published configs.

Each config.json is cut to two layers (LFM2-MoE to four, so that every kind of layer is there); transformers
(for the MLX config: mlx-lm, quantised) builds that model and saves it, and the names, dtypes and shapes of
what it saved are the table. GPT-OSS is published in MXFP4, which transformers does not save: its experts'
entries are rewritten as its reader unpacks them. No weights are kept.
Needs: torch, transformers, mlx-lm (on Linux `pip install "mlx[cpu]"`), and up to 8 GB of disk.
"""

import argparse
import json
import struct
import tempfile
from pathlib import Path

import mlx.core as mx
import torch
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes, quantize_model
from transformers import AutoConfig, AutoModelForCausalLM

FAMILIES = ("gpt_oss", "lfm2_moe", "llama", "mistral", "mixtral", "olmoe", "qwen2", "qwen3", "qwen3_moe")
LAYERS = {"lfm2_moe": 4}  # two where not named
MLX_DTYPES = {mx.uint32: "U32", mx.bfloat16: "BF16", mx.float16: "F16", mx.float32: "F32"}


def headers(folder: Path) -> dict:
    """name -> [dtype, shape] over all safetensors files of a folder."""
    table = {}
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as f:
            (length,) = struct.unpack("<Q", f.read(8))
            header = json.loads(f.read(length))
        header.pop("__metadata__", None)
        table |= {name: [t["dtype"], t["shape"]] for name, t in header.items()}
    return table


def transformers_table(config: dict) -> dict:
    """Built without memory, then given uninitialised weights to save."""
    settings = AutoConfig.for_model(**config)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(settings, dtype=torch.bfloat16)
    model.to_empty(device="cpu")
    model.tie_weights()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return headers(Path(folder))


def mxfp4_table(config: dict) -> dict:
    """Names and shapes of the model, its stacks [experts, in, out] as blocks of 32 along `in`."""
    plain = {k: v for k, v in config.items() if k != "quantization_config"}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**plain), dtype=torch.bfloat16)
    table = {}
    for name, w in model.state_dict().items():
        if name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            experts, n_in, n_out = w.shape
            table[f"{name}_blocks"] = ["U8", [experts, n_out, n_in // 32, 16]]
            table[f"{name}_scales"] = ["U8", [experts, n_out, n_in // 32]]
        else:
            table[name] = ["BF16", list(w.shape)]
    return table


def mlx_table(config: dict) -> dict:
    """mlx-lm computes lazily, so nothing but shapes and dtypes is made."""
    model_class, arguments = _get_classes(config)
    model = model_class(arguments.from_dict(config))
    model.set_dtype(mx.bfloat16)
    spec = config["quantization"]
    plain = {k: v for k, v in config.items() if not k.startswith("quantization")}
    everything = lambda path, module: True  # noqa: E731  a config without overrides
    model, _ = quantize_model(model, plain, spec["group_size"], spec["bits"], quant_predicate=everything)
    return {n: [MLX_DTYPES[p.dtype], list(p.shape)] for n, p in tree_flatten(model.parameters())}


def table_of(config: dict) -> dict:
    if "quantization" in config:
        return mlx_table(config)
    if (config.get("quantization_config") or {}).get("quant_method") == "mxfp4":
        return mxfp4_table(config)
    return transformers_table(config)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", type=Path, help="folder of published config.json files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "tensor_tables")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    for file in sorted(options.configs.glob("*.json")):
        config = json.loads(file.read_text())
        quantised = config.get("quantization_config") or {}
        if config["model_type"] not in FAMILIES or quantised.get("quant_method", "affine") not in ("affine", "mxfp4"):
            continue
        config["num_hidden_layers"] = LAYERS.get(config["model_type"], 2)
        if "layer_types" in config:
            config["layer_types"] = config["layer_types"][: config["num_hidden_layers"]]
        table = table_of(config)
        lines = [f"{json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(table)]
        (options.out / file.name).write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{file.name}: {len(table)} tensors", flush=True)


if __name__ == "__main__":
    main()
