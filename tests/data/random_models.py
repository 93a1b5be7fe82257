"""Small transformers models with random weights large enough that no part of the network is decoration.
Which models there are is oracle_models.py."""

import copy

import torch
from oracle_models import Model
from transformers import AutoConfig, AutoModelForCausalLM

# The factors of a standard normal, by the part of a tensor's name that comes first in this table; a
# weight's is divided by the root of its fan-in. Norms lie around 1. Embeddings are small enough that
# the first layer's eps shows, and what q_layernorm and k_layernorm normalise that theirs does.
SCALES = dict(norm=0.25, embed_tokens=0.02, tied_embedding=0.03, lm_head=2.0, bias=0.5, weight=1.7)
# LFM2 and GPT-OSS are drawn part by part.
PARTS = {
    "expert_bias": "expert_bias", "sinks": "sinks", "feed_forward.gate.weight": "router", "router.weight": "router",
    "q_proj.weight": "query_key", "k_proj.weight": "query_key", "experts.gate_up_proj": "gate_up_proj",
    "experts.down_proj": "down_proj", "experts.gate_up_proj_bias": "bias", "experts.down_proj_bias": "bias",
}  # fmt: skip
PART_SCALES = {
    "lfm2": dict(expert_bias=0.4, router=5.0, query_key=0.05, gate_up_proj=1.7, down_proj=1.7),
    "gpt_oss": dict(sinks=1.5, router=1.7, query_key=1.0, gate_up_proj=3.0, down_proj=0.4),
}


def transformers_config(published: dict):
    """A copy: transformers adds keys of its own to rope_scaling."""
    return AutoConfig.for_model(**copy.deepcopy({k: v for k, v in published.items() if k != "rope_traditional"}))


def factors(model: Model) -> dict:
    parts = PART_SCALES.get(model.config["model_type"].removesuffix("_moe"), {})
    return SCALES | parts | model.scales


def drawn(name: str, z, net, scales: dict):
    """Standard normal numbers z as the tensor `name`."""
    if "norm" in name:
        return 1 + scales["norm"] * z
    part = next((PARTS[end] for end in PARTS if name.endswith(end)), "weight")
    if name.endswith(".bias") or part not in scales:
        part = "bias" if name.endswith(".bias") else "weight"
    if "embed_tokens" in name:
        return scales["tied_embedding" if net.config.tie_word_embeddings else "embed_tokens"] * z
    if part in ("bias", "expert_bias", "sinks"):
        return scales[part] * z
    # transformers keeps GPT-OSS's experts as (input, output).
    fan_in = z.shape[-2 if net.config.model_type == "gpt_oss" and ".experts." in name else -1]
    return scales["lm_head" if "lm_head" in name else part] * z / fan_in**0.5


def random_model(model: Model):
    net = AutoModelForCausalLM.from_config(transformers_config(model.config), attn_implementation="eager")
    generator = torch.Generator().manual_seed(model.seed)
    scales = factors(model)
    buffers = [(name, b) for name, b in net.named_buffers() if name.endswith("expert_bias")]
    for name, p in [*net.named_parameters(), *buffers]:
        p.data = drawn(name, torch.randn(p.shape, generator=generator), net, scales)
    return net.eval()
