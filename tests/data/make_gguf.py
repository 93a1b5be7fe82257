"""Writes tests/data/gguf: tiny random models, each as a Hugging Face folder and as the GGUF file that
llama.cpp's `gguf` package makes of it.

    python tests/data/make_gguf.py             writes them all
    python tests/data/make_gguf.py FOLDER OUT  writes one Hugging Face folder (float32) as the file OUT

Needs: numpy, safetensors, sentencepiece, gguf (0.19).
"""

import argparse
import json
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
MODELS = dict(
    llama=BASE | dict(model_type="llama", rope_theta=5e5, rope_scaling=LLAMA3),
    mixtral=EXPERTS | dict(model_type="mixtral", num_local_experts=4, rope_theta=1e6, sliding_window=None),
    olmoe=EXPERTS | dict(model_type="olmoe", num_experts=4, num_key_value_heads=4, norm_topk_prob=False, attention_bias=False),
    qwen2=BASE | dict(model_type="qwen2", tie_word_embeddings=True, rope_theta=1e6),
    qwen3=BASE | dict(model_type="qwen3", head_dim=16, attention_bias=False, rope_theta=1e6, rms_norm_eps=1e-6),
    qwen3_moe=EXPERTS
    | dict(
        model_type="qwen3_moe", head_dim=16, num_experts=4, moe_intermediate_size=32, intermediate_size=64,
        norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[], attention_bias=False, rope_theta=1e6,
    ),
)  # fmt: skip


def attention_shapes(config: dict) -> dict[str, tuple]:
    family, dim, hidden = config["model_type"], config["head_dim"], config["hidden_size"]
    q, kv = config["num_attention_heads"] * dim, config["num_key_value_heads"] * dim
    shapes = {"q_proj.weight": (q, hidden), "k_proj.weight": (kv, hidden), "v_proj.weight": (kv, hidden)}
    shapes["o_proj.weight"] = (hidden, q)
    if family == "qwen2":
        shapes |= {"q_proj.bias": (q,), "k_proj.bias": (kv,), "v_proj.bias": (kv,)}
    if family in ("qwen3", "qwen3_moe"):
        shapes |= {"q_norm.weight": (dim,), "k_norm.weight": (dim,)}
    if family == "olmoe":
        shapes |= {"q_norm.weight": (q,), "k_norm.weight": (kv,)}
    return {f"self_attn.{name}": shape for name, shape in shapes.items()}


def mlp_shapes(config: dict) -> dict[str, tuple]:
    family, hidden = config["model_type"], config["hidden_size"]
    inter = config.get("moe_intermediate_size") or config["intermediate_size"]
    shapes = dict(gate_proj=(inter, hidden), up_proj=(inter, hidden), down_proj=(hidden, inter))
    experts = config.get("num_local_experts") or config.get("num_experts")
    if not experts:
        return {f"mlp.{name}.weight": shape for name, shape in shapes.items()}
    block = "block_sparse_moe" if family == "mixtral" else "mlp"
    names = dict(gate_proj="w1", up_proj="w3", down_proj="w2") if family == "mixtral" else {}
    out = {f"{block}.gate.weight": (experts, hidden)}
    for expert in range(experts):
        for name, shape in shapes.items():
            out[f"{block}.experts.{expert}.{names.get(name, name)}.weight"] = shape
    return out


def random_tensors(config: dict, seed: int) -> dict[str, np.ndarray]:
    """Weights large enough that no part is decoration; norms around 1."""
    vocab, hidden = config["vocab_size"], config["hidden_size"]
    shapes = {"model.embed_tokens.weight": (vocab, hidden), "model.norm.weight": (hidden,)}
    if not config["tie_word_embeddings"]:
        shapes["lm_head.weight"] = (vocab, hidden)
    for layer in range(config["num_hidden_layers"]):
        block = {"input_layernorm.weight": (hidden,), "post_attention_layernorm.weight": (hidden,)}
        for name, shape in (block | attention_shapes(config) | mlp_shapes(config)).items():
            shapes[f"model.layers.{layer}.{name}"] = shape
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        z = rng.standard_normal(shape)
        if "norm" in name:
            z = 1 + 0.25 * z
        elif name.endswith(".bias"):
            z = 0.5 * z
        elif "embed_tokens" in name:
            z = 0.3 * z
        else:
            z = 1.7 * z / np.sqrt(shape[-1])
        tensors[name] = z.astype(np.float32)
    return tensors


def save_folder(folder: Path, config: dict, tensors: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file(tensors, folder / "model.safetensors")


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


if __name__ == "__main__":
    main()
