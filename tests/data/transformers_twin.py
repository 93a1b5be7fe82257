"""A checkpoint that mlx-lm wrote as a transformers model: names and layouts back to transformers' own."""

import json
from pathlib import Path

import numpy as np
import torch
from affine_reading import dequantised
from random_models import transformers_config

MIXTRAL_NAMES = dict(gate_proj="w1", down_proj="w2", up_proj="w3")


def unstack_experts(tensors: dict, model_type: str) -> None:
    """switch_mlp's stacks to one tensor an expert."""
    for name in [n for n in tensors if ".switch_mlp." in n]:
        prefix, proj = name.removesuffix(".weight").split(".switch_mlp.")
        proj = MIXTRAL_NAMES[proj] if model_type in ("mixtral", "lfm2_moe") else proj
        for expert, w in enumerate(tensors.pop(name)):
            tensors[f"{prefix}.experts.{expert}.{proj}.weight"] = w.clone()


def neighbours_to_halves(tensors: dict, head_dim: int) -> None:
    order = torch.cat([torch.arange(0, head_dim, 2), torch.arange(1, head_dim, 2)])
    for name in [n for n in tensors if "q_proj" in n or "k_proj" in n]:
        heads = tensors[name].unflatten(0, (-1, head_dim))
        tensors[name] = heads[:, order].flatten(0, 1).contiguous()


def lfm2_names(tensors: dict) -> None:
    """Kernels (C, L, 1) to (C, 1, L); the dense layers of lfm2_moe to w1, w2 and w3."""
    for name in [n for n in tensors if n.endswith("conv.conv.weight")]:
        tensors[name] = tensors[name].transpose(1, 2).contiguous()
    for name in [n for n in tensors if n.split(".")[-2] in MIXTRAL_NAMES and ".feed_forward." in n]:
        path, proj, end = name.rsplit(".", 2)
        if path.endswith("feed_forward"):
            tensors[f"{path}.{MIXTRAL_NAMES[proj]}.{end}"] = tensors.pop(name)


def interleave_gate_up(tensors: dict) -> None:
    """GPT-OSS's gate_proj and up_proj to the even and odd columns of gate_up_proj, (input, output)."""
    for name in [n for n in tensors if n.endswith("experts.gate_proj.weight")]:
        path = name.removesuffix(".gate_proj.weight")
        for end, kept in (("weight", "gate_up_proj"), ("bias", "gate_up_proj_bias")):
            pair = [tensors.pop(f"{path}.{proj}.{end}") for proj in ("gate_proj", "up_proj")]
            tensors[f"{path}.{kept}"] = torch.stack(pair, dim=2).flatten(1, 2)
        tensors[f"{path}.gate_up_proj"] = tensors[f"{path}.gate_up_proj"].transpose(1, 2).contiguous()
        tensors[f"{path}.down_proj"] = tensors.pop(f"{path}.down_proj.weight").transpose(1, 2).contiguous()
        tensors[f"{path}.down_proj_bias"] = tensors.pop(f"{path}.down_proj.bias")


def built(tensors: dict, published: dict, kind: type, dtype=np.float32):
    """`kind` (a transformers class) with these weights."""
    net = kind.from_pretrained(
        None, config=transformers_config(published), state_dict=tensors, attn_implementation="eager",
        dtype=torch.float64 if dtype == np.float64 else torch.float32,
    )  # fmt: skip
    return net.eval()


def transformers_twin(folder: Path, published: dict, kind: type, dtype=np.float32):
    """The checkpoint in `folder`, unpacked here, as a transformers model."""
    quantisation = json.loads((folder / "config.json").read_text())["quantization"]
    tensors = dequantised(folder, quantisation, dtype)
    unstack_experts(tensors, published["model_type"])
    if published.get("rope_traditional"):
        neighbours_to_halves(tensors, published["hidden_size"] // published["num_attention_heads"])
    if published["model_type"].startswith("lfm2"):
        lfm2_names(tensors)
    if published["model_type"] == "gpt_oss":
        interleave_gate_up(tensors)
    return built(tensors, published, kind, dtype)
