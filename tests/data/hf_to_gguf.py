"""Writes a Hugging Face folder as a GGUF file with llama.cpp's `gguf` package.

The package has the format, the metadata keys and the tensor names; what stands here follows what
llama.cpp's converter does for the architectures that Fidelio reads. Used by make_gguf.py.
"""

import json
import math
from pathlib import Path

import gguf
import numpy as np
import sentencepiece
from safetensors.numpy import load_file

ARCHITECTURES = dict(
    llama="LLAMA", mixtral="LLAMA", mistral="LLAMA", olmoe="OLMOE", qwen2="QWEN2", qwen3="QWEN3", qwen3_moe="QWEN3MOE",
    lfm2="LFM2", lfm2_moe="LFM2MOE", gpt_oss="GPT_OSS",
)  # fmt: skip


def interleaved(rows: np.ndarray, n_head: int) -> np.ndarray:
    """Rows of q or k for rotation of neighbours instead of halves."""
    dim = rows.shape[0] // n_head
    return rows.reshape(n_head, 2, dim // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def llama3_factors(config: dict, scaling: dict) -> np.ndarray:
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    freqs = 1.0 / rope_theta(config) ** (np.arange(0, head_dim, 2, dtype=np.float32) / head_dim)
    low, high, factor = (scaling[k] for k in ("low_freq_factor", "high_freq_factor", "factor"))
    context = scaling["original_max_position_embeddings"]
    factors = []
    for freq in freqs:
        wavelength = 2 * math.pi / freq
        smooth = (context / wavelength - low) / (high - low)
        if wavelength < context / high:
            factors.append(1)
        elif wavelength > context / low:
            factors.append(factor)
        else:
            factors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(factors, dtype=np.float32)


def rope(config: dict) -> dict:
    return config.get("rope_parameters") or config.get("rope_scaling") or {}


def rope_theta(config: dict) -> float:
    return config.get("rope_theta") or rope(config)["rope_theta"]


def stacked(tensors: dict[str, np.ndarray], n_experts: int) -> dict[str, np.ndarray]:
    """Each expert's matrices as one tensor, under the name without the expert's number."""
    out = {}
    for name, value in tensors.items():
        if ".experts.0." in name:
            parts = [tensors[name.replace(".experts.0.", f".experts.{e}.")] for e in range(n_experts)]
            out[name.replace(".experts.0.", ".experts.")] = np.stack(parts)
        elif ".experts." not in name or not name.split(".experts.")[1][0].isdigit():
            out[name] = value
    return out


def halves(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """transformers' fused experts apart: gate rows and then up rows, or in gpt-oss every second column."""
    out = {}
    for name, value in tensors.items():
        base, _, last = name.rpartition(".")
        if last == "gate_up_proj" and name.replace("gate_up_proj", "gate_up_proj_bias") in tensors:
            value = value.swapaxes(1, 2)
            out[f"{base}.gate_proj.weight"], out[f"{base}.up_proj.weight"] = value[:, ::2], value[:, 1::2]
        elif last == "gate_up_proj":
            half = value.shape[1] // 2
            out[f"{base}.gate_proj.weight"], out[f"{base}.up_proj.weight"] = value[:, :half], value[:, half:]
        elif last == "gate_up_proj_bias":
            out[f"{base}.gate_proj.bias"], out[f"{base}.up_proj.bias"] = value[:, ::2], value[:, 1::2]
        elif last == "down_proj":
            transposed = f"{base}.down_proj_bias" in tensors
            out[f"{base}.down_proj.weight"] = value.swapaxes(1, 2) if transposed else value
        elif last == "down_proj_bias":
            out[f"{base}.down_proj.bias"] = value
        else:
            out[name] = value
    return out


def add_config(writer: gguf.GGUFWriter, config: dict) -> None:
    family, n_layers = config["model_type"], config["num_hidden_layers"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(n_layers)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    kv_heads = config.get("num_key_value_heads") or config["num_attention_heads"]
    if family.startswith("lfm2"):
        kv_heads = [kv_heads if t == "full_attention" else 0 for t in config["layer_types"]]
        writer.add_shortconv_l_cache(config["conv_L_cache"])
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config.get("rms_norm_eps") or config["norm_eps"])
    writer.add_rope_freq_base(rope_theta(config))
    if config.get("head_dim"):
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    if family in ("llama", "mixtral"):
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        writer.add_vocab_size(config["vocab_size"])
        writer.add_rope_dimension_count(head_dim)
    if (experts := config.get("num_local_experts") or config.get("num_experts")):
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config.get("num_experts_per_tok"))
    if config.get("moe_intermediate_size"):
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    if family == "lfm2_moe":
        writer.add_leading_dense_block_count(config["num_dense_layers"])
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
        if config.get("routed_scaling_factor", 1.0) != 1.0:
            writer.add_expert_weights_scale(config["routed_scaling_factor"])
    if family == "gpt_oss":
        writer.add_sliding_window(config["sliding_window"])
        writer.add_expert_feed_forward_length(config["intermediate_size"])
    scaling = rope(config)
    kind = scaling.get("rope_type") or scaling.get("type")
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
        writer.add_rope_scaling_factor(scaling["factor"])
    if kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])


def add_sentencepiece(writer: gguf.GGUFWriter, file: Path) -> None:
    kinds, model = gguf.TokenType, sentencepiece.SentencePieceProcessor(str(file))
    ids = range(model.vocab_size())
    types = [
        kinds.UNKNOWN if model.is_unknown(i) else kinds.CONTROL if model.is_control(i)
        else kinds.BYTE if model.is_byte(i) else kinds.UNUSED if model.is_unused(i) else kinds.NORMAL
        for i in ids
    ]  # fmt: skip
    writer.add_tokenizer_model("llama")
    writer.add_token_list([model.id_to_piece(i) for i in ids])
    writer.add_token_scores([model.get_score(i) for i in ids])
    writer.add_token_types(types)


def add_numbered_vocabulary(writer: gguf.GGUFWriter, n: int) -> None:
    """Tokens that are little but names: llama.cpp wants as many as the embedding has rows."""
    kinds = gguf.TokenType
    tokens = ["<unk>", "<s>", "</s>", "\u010a", "a", "b", "ab"] + [f"t{i}" for i in range(7, n)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.CONTROL] * 3 + [kinds.NORMAL] * (n - 3))
    writer.add_token_merges(["a b"])


def add_vocabulary(writer: gguf.GGUFWriter, folder: Path, config: dict) -> None:
    if (folder / "tokenizer.model").exists():
        add_sentencepiece(writer, folder / "tokenizer.model")
    else:
        add_numbered_vocabulary(writer, config["vocab_size"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def gguf_tensors(config: dict, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tensors as GGUF files of the architecture name and order them."""
    family = config["model_type"]
    arch = getattr(gguf.MODEL_ARCH, ARCHITECTURES[family])
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    experts = config.get("num_local_experts") or config.get("num_experts") or 0
    out = {}
    experts_of_lfm2 = {".experts.w1.": ".experts.gate_proj.", ".experts.w2.": ".experts.down_proj.", ".experts.w3.": ".experts.up_proj."}
    for name, value in halves(stacked(tensors, experts)).items():
        for published, known in experts_of_lfm2.items() if family == "lfm2_moe" else ():
            name = name.replace(published, known)
        if family in ("llama", "mixtral", "mistral") and (".q_proj." in name or ".k_proj." in name):
            heads = config["num_attention_heads"] if ".q_proj." in name else config["num_key_value_heads"]
            value = interleaved(value, heads)
        if name.endswith(".conv.conv.weight"):
            value = value.squeeze(1)
        if name.endswith(".expert_bias"):
            name += ".bias"
        if name.endswith(".sinks"):
            name += ".weight"
        if name == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if stored is None:
            raise ValueError(f"no GGUF name for {name}")
        out[stored] = np.ascontiguousarray(value)
    scaling = rope(config)
    if (scaling.get("rope_type") or scaling.get("type")) == "llama3":
        out["rope_freqs.weight"] = llama3_factors(config, scaling)
    return out


def write_gguf(folder: Path, out: Path, type_of=lambda name, value: "F32", **kwargs):
    """`folder` (config.json, model.safetensors in float32) as the file `out`; `type_of` chooses each matrix's type."""
    config = json.loads((folder / "config.json").read_text())
    arch = gguf.MODEL_ARCH_NAMES[getattr(gguf.MODEL_ARCH, ARCHITECTURES[config["model_type"]])]
    writer = gguf.GGUFWriter(out, arch, **kwargs)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_config(writer, config)
    add_vocabulary(writer, folder, config)
    for name, value in gguf_tensors(config, load_file(folder / "model.safetensors")).items():
        kind = gguf.GGMLQuantizationType[type_of(name, value) if value.ndim > 1 else "F32"]
        writer.add_tensor(name, gguf.quants.quantize(value, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
