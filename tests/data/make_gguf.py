"""Writes tests/data/gguf: tiny random models, each as a Hugging Face folder and as the GGUF file that
llama.cpp's `gguf` package makes of it.

    python tests/data/make_gguf.py             writes them all
    python tests/data/make_gguf.py FOLDER OUT  writes one Hugging Face folder (float32) as the file OUT

Needs: numpy, safetensors, sentencepiece, gguf (0.19).
"""

import argparse
import json
import re
from pathlib import Path

import gguf
import numpy as np
from hf_to_gguf import gguf_tensors, write_gguf
from safetensors.numpy import load_file, save_file

OUT = Path(__file__).parent / "gguf"
BASE = dict(
    vocab_size=128, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    head_dim=8, hidden_act="silu", rms_norm_eps=1e-5, rope_theta=1e4, max_position_embeddings=256,
    tie_word_embeddings=False,
)  # fmt: skip
EXPERTS = BASE | dict(num_experts_per_tok=2, intermediate_size=32)
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32,
)  # fmt: skip
LFM2 = {k: v for k, v in EXPERTS.items() if k not in ("head_dim", "rms_norm_eps")} | dict(
    num_hidden_layers=3, layer_types=["conv", "full_attention", "conv"], conv_L_cache=3, conv_bias=False, norm_eps=1e-5,
    rope_theta=1e6, tie_word_embeddings=True, intermediate_size=64,
)  # fmt: skip
# With this context and theta the ramp's ends are clamped: llama.cpp rounds them, and transformers does not.
YARN = dict(rope_type="yarn", factor=32.0, beta_fast=32.0, beta_slow=1.0, original_max_position_embeddings=200, truncate=False)
MODELS = dict(
    llama=BASE | dict(model_type="llama", rope_theta=5e5, rope_scaling=LLAMA3),
    mixtral=EXPERTS | dict(model_type="mixtral", num_local_experts=4, rope_theta=1e6, sliding_window=None),
    # llama.cpp reads no grouped queries in this family.
    olmoe=EXPERTS | dict(model_type="olmoe", num_experts=4, num_key_value_heads=4, norm_topk_prob=False, attention_bias=False),
    qwen2=BASE | dict(model_type="qwen2", tie_word_embeddings=True, rope_theta=1e6),
    qwen3=BASE | dict(model_type="qwen3", head_dim=16, attention_bias=False, rope_theta=1e6, rms_norm_eps=1e-6),
    qwen3_moe=EXPERTS
    | dict(
        model_type="qwen3_moe", head_dim=16, num_experts=4, moe_intermediate_size=32, intermediate_size=64,
        norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[], attention_bias=False, rope_theta=1e6,
    ),
    gpt_oss=EXPERTS
    | dict(
        model_type="gpt_oss", head_dim=16, num_local_experts=4, sliding_window=32, rope_scaling=YARN, rope_theta=5.0,
        layer_types=["sliding_attention", "full_attention"], attention_bias=True, swiglu_limit=7.0,
    ),
    lfm2=LFM2 | dict(model_type="lfm2", block_auto_adjust_ff_dim=False),
    lfm2_moe=LFM2
    | dict(
        model_type="lfm2_moe", num_experts=4, moe_intermediate_size=32, num_dense_layers=1, norm_topk_prob=True,
        use_expert_bias=True, routed_scaling_factor=1.0,
    ),
)  # fmt: skip


def attention_shapes(config: dict) -> dict[str, tuple]:
    family, hidden = config["model_type"], config["hidden_size"]
    dim = config.get("head_dim") or hidden // config["num_attention_heads"]
    q, kv = config["num_attention_heads"] * dim, config["num_key_value_heads"] * dim
    lfm2 = family.startswith("lfm2")
    o_proj, norm = ("out_proj", "layernorm") if lfm2 else ("o_proj", "norm")
    shapes = {"q_proj.weight": (q, hidden), "k_proj.weight": (kv, hidden), "v_proj.weight": (kv, hidden)}
    shapes[f"{o_proj}.weight"] = (hidden, q)
    if family in ("qwen2", "gpt_oss"):
        shapes |= {"q_proj.bias": (q,), "k_proj.bias": (kv,), "v_proj.bias": (kv,)}
    if family == "gpt_oss":
        shapes |= {"o_proj.bias": (hidden,), "sinks": (config["num_attention_heads"],)}
    if family in ("qwen3", "qwen3_moe") or lfm2:
        shapes |= {f"q_{norm}.weight": (dim,), f"k_{norm}.weight": (dim,)}
    if family == "olmoe":
        shapes |= {"q_norm.weight": (q,), "k_norm.weight": (kv,)}
    return {f"self_attn.{name}": shape for name, shape in shapes.items()}


def conv_shapes(config: dict) -> dict[str, tuple]:
    hidden = config["hidden_size"]
    return {
        "conv.conv.weight": (hidden, 1, config["conv_L_cache"]),
        "conv.in_proj.weight": (3 * hidden, hidden),
        "conv.out_proj.weight": (hidden, hidden),
    }


def fused_expert_shapes(config: dict, experts: int, inter: int) -> dict[str, tuple]:
    """gpt_oss: gate and up in one tensor, transposed, with biases."""
    hidden = config["hidden_size"]
    return {
        "mlp.router.weight": (experts, hidden),
        "mlp.router.bias": (experts,),
        "mlp.experts.gate_up_proj": (experts, hidden, 2 * inter),
        "mlp.experts.gate_up_proj_bias": (experts, 2 * inter),
        "mlp.experts.down_proj": (experts, inter, hidden),
        "mlp.experts.down_proj_bias": (experts, hidden),
    }


def mlp_shapes(config: dict, layer: int) -> dict[str, tuple]:
    family, hidden = config["model_type"], config["hidden_size"]
    experts = config.get("num_local_experts") or config.get("num_experts")
    dense = not experts or layer < config.get("num_dense_layers", 0)
    inter = config["intermediate_size"] if dense else config.get("moe_intermediate_size") or config["intermediate_size"]
    if family == "gpt_oss":
        return fused_expert_shapes(config, experts, inter)
    numbered = family == "mixtral" or family.startswith("lfm2")
    gate, up, down = ("w1", "w3", "w2") if numbered else ("gate_proj", "up_proj", "down_proj")
    shapes = {gate: (inter, hidden), up: (inter, hidden), down: (hidden, inter)}
    block = "block_sparse_moe" if family == "mixtral" else "feed_forward" if family.startswith("lfm2") else "mlp"
    if dense:
        return {f"{block}.{name}.weight": shape for name, shape in shapes.items()}
    out = {f"{block}.gate.weight": (experts, hidden)}
    if config.get("use_expert_bias"):
        out[f"{block}.expert_bias"] = (experts,)
    for expert in range(experts):
        out |= {f"{block}.experts.{expert}.{name}.weight": shape for name, shape in shapes.items()}
    return out


def shapes_of(config: dict) -> dict[str, tuple]:
    vocab, hidden, lfm2 = config["vocab_size"], config["hidden_size"], config["model_type"].startswith("lfm2")
    norms = ("operator_norm", "ffn_norm") if lfm2 else ("input_layernorm", "post_attention_layernorm")
    shapes = {"model.embed_tokens.weight": (vocab, hidden)}
    shapes["model.embedding_norm.weight" if lfm2 else "model.norm.weight"] = (hidden,)
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (vocab, hidden)
    for layer in range(config["num_hidden_layers"]):
        convolves = lfm2 and config["layer_types"][layer] == "conv"
        block = {f"{norm}.weight": (hidden,) for norm in norms}
        block |= conv_shapes(config) if convolves else attention_shapes(config)
        for name, shape in (block | mlp_shapes(config, layer)).items():
            shapes[f"model.layers.{layer}.{name}"] = shape
    return shapes


def random_tensors(config: dict, seed: int) -> dict[str, np.ndarray]:
    """Weights large enough that no part is decoration; norms around 1."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes_of(config).items():
        z = rng.standard_normal(shape)
        if "norm" in name:
            z = 1 + 0.25 * z
        elif name.endswith(("bias", "sinks")):
            z = 0.5 * z
        elif "embed_tokens" in name:
            z = 0.3 * z
        elif name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            z = 1.7 * z / np.sqrt(shape[1])  # transposed
        else:
            z = 1.7 * z / np.sqrt(shape[-1])
        tensors[name] = z.astype(np.float32)
    return tensors


def save_folder(folder: Path, config: dict, tensors: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file(tensors, folder / "model.safetensors")


# One type a kind of tensor: every block format that rows of 32 elements can have, and the halves.
BLOCK_TYPES = dict(
    token_embd="BF16", output="Q8_0", attn_q="Q8_0", attn_k="Q4_0", attn_v="Q4_1", attn_output="F16",
    ffn_gate_inp="F32", ffn_gate_exps="Q4_0", ffn_up_exps="MXFP4", ffn_down_exps="Q8_0",
)  # fmt: skip


def block_type(stored_name: str, value) -> str:
    return BLOCK_TYPES[stored_name.removesuffix(".weight").split(".")[-1]]


def write_blocks(folder: Path, config: dict, tensors: dict[str, np.ndarray]) -> None:
    """A quantised file beside the folder of what the gguf package reads from its blocks."""
    save_folder(folder, config, tensors)
    write_gguf(folder, folder / f"{folder.name}.gguf", block_type)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3MOE, config["num_hidden_layers"])
    rounded = {}
    for name, value in tensors.items():
        merged = re.sub(r"\.experts\.\d+\.", ".experts.", name)
        kind = block_type(names.get_name(merged, (".weight",)), value) if value.ndim > 1 else "F32"
        kind = gguf.GGMLQuantizationType[kind]
        rounded[name] = gguf.quants.dequantize(gguf.quants.quantize(value, kind), kind).astype(np.float32)
    save_folder(folder, config, rounded)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("out", nargs="?", type=Path)
    args = parser.parse_args()
    if args.folder:
        write_gguf(args.folder, args.out)
        return
    for seed, (name, config) in enumerate(MODELS.items()):
        save_folder(OUT / name, config, random_tensors(config, seed))
        write_gguf(OUT / name, OUT / name / f"{name}.gguf")
    write_blocks(OUT / "blocks", MODELS["qwen3_moe"], random_tensors(MODELS["qwen3_moe"], 100))
    (OUT / "split").mkdir(exist_ok=True)
    write_gguf(OUT / "qwen2", OUT / "split" / "qwen2.gguf", split_max_tensors=10)


if __name__ == "__main__":
    main()
