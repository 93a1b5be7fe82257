"""Writes tests/data/synth_tables: which tensors the reference implementations make of the configs that
`validate synth` imitates, cut to a few layers, for each form it writes.

transformers saves the Hugging Face form; mlx-lm's quantize_model makes the MLX forms, with the quantization
block that its convert writes to config.json. GGUF names are those that llama.cpp's gguf package gives the
Hugging Face names, with the shapes that its converter makes (experts stacked). No weights are kept. gpt-oss is published with MXFP4 experts,
which transformers cannot save on a CPU: its experts' tensors are put in the published shapes, and mlx-lm must
take them. Needs what make_tensor_tables.py needs, and gguf.
"""

import argparse
import json
import re
from pathlib import Path

import gguf
import mlx.core as mx
import mlx.nn as nn
from make_tensor_tables import MLX_DTYPES, transformers_table
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes, quantize_model

# family -> file of its published fields, layers of the table
FAMILIES = {
    "lfm2-8b-a1b": ("LiquidAI--LFM2-8B-A1B_config.fields.json", 3),
    "qwen3-30b-a3b": ("Qwen--Qwen3-30B-A3B_config.json", 2),
    "gpt-oss-20b": ("openai--gpt-oss-20b_config.json", 2),
    "olmoe-1b-7b": ("allenai--OLMoE-1B-7B-0125-Instruct_config.json", 1),
    "mixtral-8x7b": ("mistralai--Mixtral-8x7B-v0.1_config.json", 1),
    "qwen3-4b": ("Qwen--Qwen3-4B-Instruct-2507_config.fields.json", 1),
}
# form -> the arguments of mlx-lm's quantize_model; None: bfloat16
MLX_FORMS = {
    "mlx": dict(group_size=64, bits=4),
    "mlx-3bit-32": dict(group_size=32, bits=3),
    "mlx-16bit": None,
    "mlx-mxfp4": dict(group_size=32, bits=4, mode="mxfp4"),
}
DTYPES = MLX_DTYPES | {mx.uint8: "U8"}


def cut(config: dict, layers: int) -> dict:
    config = {k: v for k, v in config.items() if k != "quantization_config"}
    config["num_hidden_layers"] = layers
    if "layer_types" in config:
        config["layer_types"] = config["layer_types"][:layers]
    return config


def mlx_model(config: dict) -> nn.Module:
    """In bfloat16 as convert casts it; what the model excepts from the cast stays."""
    model_class, arguments = _get_classes(config)
    model = model_class(arguments.from_dict(config))
    predicate = getattr(model, "cast_predicate", lambda _: True)
    kept = {k: v for k, v in tree_flatten(model.parameters()) if not predicate(k)}
    model.set_dtype(mx.bfloat16)
    model.load_weights(list(kept.items()), strict=False)
    return model


def mlx_form(model: nn.Module, config: dict, settings: dict | None) -> dict:
    quantization = None
    if settings is not None:
        model, config = quantize_model(model, config, settings["group_size"], settings["bits"],
                                       settings.get("mode", "affine"))
        quantization = config["quantization"]
    tensors = {n: [DTYPES[p.dtype], list(p.shape)] for n, p in tree_flatten(model.parameters())}
    return {"quantization": quantization, "tensors": tensors}


def gpt_oss_experts_first(config: dict) -> tuple[nn.Module, dict]:
    """The published model as mlx-lm loads it: experts in mxfp4, the rest in bfloat16."""
    model = mlx_model(config)
    block = {"group_size": 32, "bits": 4, "mode": "mxfp4"}
    is_experts = lambda path, module: hasattr(module, "to_quantized") and ".mlp.experts." in path  # noqa: E731
    nn.quantize(model, class_predicate=is_experts, **block)
    return model, config | {"quantization": block}


def published_gpt_oss(config: dict) -> dict:
    tensors = transformers_table(config)
    for name in [n for n in tensors if n.endswith(("experts.gate_up_proj", "experts.down_proj"))]:
        _, (experts, cols, rows) = tensors.pop(name)  # transformers keeps them transposed
        tensors[name + "_blocks"] = ["U8", [experts, rows, cols // 32, 16]]
        tensors[name + "_scales"] = ["U8", [experts, rows, cols // 32]]
    to_mlx = {v: k for k, v in DTYPES.items()}
    weights = {name: mx.zeros(shape, dtype=to_mlx[dtype]) for name, (dtype, shape) in tensors.items()}
    model, _ = gpt_oss_experts_first(config)
    model.load_weights(list(model.sanitize(weights).items()), strict=True)
    return tensors


ARCHITECTURES = {
    "lfm2_moe": gguf.MODEL_ARCH.LFM2MOE,
    "qwen3_moe": gguf.MODEL_ARCH.QWEN3MOE,
    "gpt_oss": gguf.MODEL_ARCH.GPT_OSS,
    "olmoe": gguf.MODEL_ARCH.OLMOE,
    "mixtral": gguf.MODEL_ARCH.LLAMA,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}


def converted_shapes(tensors: dict) -> dict:
    """Hugging Face's tensors as llama.cpp's converter regroups them before it renames them."""
    out = {}
    for name, (_, shape) in tensors.items():
        expert = re.fullmatch(r"model\.(.*\.experts)\.(\d+)\.(.*)", name)
        if expert:
            stacked = out.setdefault(f"{expert[1]}.{expert[3]}", [0, *shape])
            stacked[0] = max(stacked[0], int(expert[2]) + 1)
        elif "gate_up_proj" in name and not name.endswith("_scales"):
            kind = "bias" if name.endswith("_bias") else "weight"
            half = [shape[0], shape[1] // 2] + ([] if kind == "bias" else [shape[2] * 32])
            for proj in ("gate_proj", "up_proj"):
                out[re.sub("gate_up_proj.*", f"{proj}.{kind}", name)] = half
        elif name.endswith("down_proj_blocks"):
            out[name.replace("_blocks", ".weight")] = [shape[0], shape[1], shape[2] * 32]
        elif name.endswith("_scales"):
            continue
        elif name.endswith("conv.conv.weight"):
            out[name] = [shape[0], shape[2]]
        else:
            name = re.sub("down_proj_bias$", "down_proj.bias", name)
            name = re.sub("expert_bias$", "expert_bias.bias", name)
            out[re.sub("sinks$", "sinks.weight", name)] = shape
    return out


def gguf_form(config: dict, tensors: dict) -> dict:
    """Without types: those are llama-quantize's choice, not the converter's."""
    names = gguf.get_tensor_name_map(ARCHITECTURES[config["model_type"]], config["num_hidden_layers"])
    table = {}
    for name, shape in converted_shapes(tensors).items():
        path, suffix = name.rsplit(".", 1)
        known = [names.get_name(p) for p in (path, "model." + path)]
        table[f"{next(k for k in known if k)}.{suffix}"] = [None, shape]
    return {"quantization": None, "tensors": table}


def forms_of(config: dict) -> dict:
    forms = forms_by_reference(config)
    return forms | {"gguf": gguf_form(config, forms["hf"]["tensors"])}


def forms_by_reference(config: dict) -> dict:
    if config["model_type"] != "gpt_oss":
        forms = {"hf": {"quantization": None, "tensors": transformers_table(config)}}
        return forms | {name: mlx_form(mlx_model(config), config, s) for name, s in MLX_FORMS.items()}
    experts_first = lambda s: mlx_form(*gpt_oss_experts_first(config), s)  # noqa: E731
    published = experts_first(None)
    published["quantization"] = {"group_size": 32, "bits": 4, "mode": "mxfp4"}
    return {
        "hf": {"quantization": None, "tensors": published_gpt_oss(config)},
        "mlx": experts_first(dict(group_size=64, bits=8)),
        "mlx-4bit-affine": mlx_form(mlx_model(config), config, MLX_FORMS["mlx"]),
        "mlx-16bit": published,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", type=Path, help="folder of published config.json files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "synth_tables")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    for family, (file, layers) in FAMILIES.items():
        config = cut(json.loads((options.configs / file).read_text()), layers)
        for form, table in forms_of(config).items():
            rows = ",\n".join(f"{json.dumps(n)}: {json.dumps(t)}" for n, t in sorted(table["tensors"].items()))
            text = f'{{"quantization": {json.dumps(table["quantization"])},\n"tensors": {{\n{rows}}}}}\n'
            (options.out / f"{family}.{form}.json").write_text(text)
            print(f"{family}.{form}: {len(table['tensors'])} tensors", flush=True)


if __name__ == "__main__":
    main()
