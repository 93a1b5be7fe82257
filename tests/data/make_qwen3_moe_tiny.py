"""Writes tests/data/qwen3_moe_tiny: small random Qwen3-MoE checkpoints with reference logits.

The numbers come from transformers and mlx-lm, never from Fidelio. Every fact of the family is
altered in turn to show that the logits notice it; the table goes to the folder's README.
Needs: torch, transformers, mlx-lm (on Linux `pip install "mlx[cpu]"`), numpy, safetensors.
"""

import argparse
import copy
import json
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import torch
import torch.nn as nn
import transformers
from mlx.utils import tree_map
from mlx_lm.utils import load_model, quantize_model, save_config, save_model
from safetensors import safe_open
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
from transformers.models.qwen3_moe import modeling_qwen3_moe as modeling

MAIN = dict(
    architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", vocab_size=256, hidden_size=128,
    num_hidden_layers=2, intermediate_size=256, num_attention_heads=6, num_key_value_heads=2,
    head_dim=32, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=64,
    norm_topk_prob=True, decoder_sparse_step=1, mlp_only_layers=[], hidden_act="silu",
    rms_norm_eps=1e-6, rope_theta=1e6, max_position_embeddings=512, tie_word_embeddings=False,
    attention_bias=False, bos_token_id=1, eos_token_id=2, torch_dtype="float32",
)  # fmt: skip
SECOND = MAIN | dict(
    vocab_size=128, hidden_size=64, num_attention_heads=4, num_experts=4, num_experts_per_tok=2,
    norm_topk_prob=False, rope_theta=1e4, rms_norm_eps=1e-5, tie_word_embeddings=True,
)  # fmt: skip
N_PROMPT, N_PREFIX, N_GREEDY = 96, 40, 64
TOLERANCE = 1e-5  # of max |logit|


def random_model(config: dict, seed: int) -> Qwen3MoeForCausalLM:
    """Weights large enough that no part of the network is decoration; norms around 1."""
    model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**config, attn_implementation="eager")).eval()
    model.set_attn_implementation("eager")
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        z = torch.randn(p.shape, generator=generator)
        if "norm" in name:
            p.data = 1 + 0.25 * z
        elif "embed_tokens" in name:
            p.data = (0.2 if config["tie_word_embeddings"] else 0.05) * z
        else:
            p.data = (2.0 if "lm_head" in name else 1.7) * z / p.shape[-1] ** 0.5
    return model


def torch_logits(model, ids) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0].float().numpy()


def mlx_logits(model, ids) -> np.ndarray:
    return np.array(model(mx.array([ids]))[0].astype(mx.float32))


def greedy(logits_of, prefix) -> dict:
    """Greedy ids by whole forward passes, with the smallest gap of best to second-best logit."""
    ids, gap = list(prefix), float("inf")
    for _ in range(N_GREEDY):
        z = logits_of(ids)[-1]
        second, best = np.sort(z)[-2:]
        gap = min(gap, float(best - second))
        ids.append(int(z.argmax()))
    return dict(prefix_length=len(prefix), ids=ids[len(prefix) :], smallest_gap=gap)


def write_reference(folder: Path, logits_of, prompt) -> np.ndarray:
    logits = logits_of(prompt)
    np.save(folder / "logits.npy", logits)
    (folder / "greedy.json").write_text(json.dumps(greedy(logits_of, prompt[:N_PREFIX])) + "\n")
    return logits


def save_float(model, config: dict, folder: Path) -> None:
    """transformers' own tensors, which it writes one expert at a time as the published checkpoints
    have them; the config in the published spelling (`num_experts`, `rope_theta`), not that of
    transformers 5 (`num_local_experts`, `rope_parameters`)."""
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def convert(source: Path, target: Path, bits: int, group_size: int):
    """mlx-lm's converter without its tokenizer part; bfloat16 scales, biases and norms."""
    model, config = load_model(source)
    model.update(tree_map(lambda p: p.astype(mx.bfloat16), model.parameters()))
    config["torch_dtype"] = "bfloat16"
    predicate = model.quant_predicate
    if group_size != 64:  # the default predicate asks for 8 bits, group 64 on the router
        predicate = lambda path, module: True  # noqa: E731
    model, config = quantize_model(model, config, group_size, bits, quant_predicate=predicate)
    save_model(target, model)
    (target / "model.safetensors.index.json").unlink()
    save_config(config, target / "config.json")
    with open(target / "config.json", "a") as f:
        f.write("\n")


def load_exact(folder: Path):
    """The checkpoint with everything that is not a code in float32, so all arithmetic is float32."""
    model, _ = load_model(folder)
    exact = lambda p: p if p.dtype == mx.uint32 else p.astype(mx.float32)  # noqa: E731
    model.update(tree_map(exact, model.parameters()))
    return model


def dequantised_twin(folder: Path, config: dict, quantisation: dict) -> Qwen3MoeForCausalLM:
    """A transformers model on weights unpacked here with numpy: a second opinion on the file."""
    tensors = {}
    with safe_open(folder / "model.safetensors", "pt") as f:
        for name in [n for n in f.keys() if n.endswith(".weight")]:
            w = f.get_tensor(name)
            path = name.removesuffix(".weight")
            if f"{path}.scales" in f.keys():
                spec = quantisation.get(path, quantisation)
                bits, group = spec["bits"], spec["group_size"]
                words = w.numpy().astype(np.uint64)
                shifts = np.arange(0, 32, bits, dtype=np.uint64)
                codes = (words[..., None] >> shifts & (2**bits - 1)).reshape(*w.shape[:-1], -1, group)
                s, b = (f.get_tensor(f"{path}.{k}").float().numpy()[..., None] for k in ("scales", "biases"))
                w = torch.from_numpy((codes * s + b).astype(np.float32).reshape(*w.shape[:-1], -1))
            tensors[name] = w.float()
    for name in [n for n in tensors if ".switch_mlp." in n]:
        stacked = tensors.pop(name)
        for expert, w in enumerate(stacked):
            tensors[name.replace("switch_mlp", f"experts.{expert}")] = w.clone()
    model = Qwen3MoeForCausalLM.from_pretrained(
        None, config=Qwen3MoeConfig(**config), state_dict=tensors, attn_implementation="eager"
    )
    return model.eval()


# --- what the logits notice -------------------------------------------------------------------


def each_attention(model):
    return [layer.self_attn for layer in model.model.layers]


def reconfigured(**changes):
    """The same weights under another config."""

    def alter(model):
        twin = Qwen3MoeForCausalLM(Qwen3MoeConfig(**(MAIN | changes))).eval()
        twin.set_attn_implementation("eager")
        twin.load_state_dict(model.state_dict())
        return twin

    return alter


def on_attention(change):
    def alter(model):
        for attention in each_attention(model):
            change(attention)
        return model

    return alter


def replace(owner, **attributes):
    for name, value in attributes.items():
        setattr(owner, name, value)


def swap_layer_norms(model):
    for layer in model.model.layers:
        a, b = layer.input_layernorm, layer.post_attention_layernorm
        replace(layer, input_layernorm=b, post_attention_layernorm=a)
    return model


def swap_gate_and_up(model):
    for layer in model.model.layers:
        w = layer.mlp.experts.gate_up_proj
        w.data = torch.cat(w.data.chunk(2, 1)[::-1], 1)
    return model


def interleaved(x):
    """rotate_half for adjacent pairs."""
    return torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)


def with_patched(name, value):
    """Alters a function of transformers' module while the logits are taken."""
    return lambda model: (model, name, value)


def rope_interleaved(q, k, cos, sin, *_, **__):
    cos, sin = (t[:, None, :, : t.shape[-1] // 2].repeat_interleave(2, -1) for t in (cos, sin))
    return q * cos + interleaved(q) * sin, k * cos + interleaved(k) * sin


ALTERATIONS = {
    "rope_theta 1e6 -> 5e5": reconfigured(rope_theta=5e5),
    "rope_theta 1e6 -> 1e4": reconfigured(rope_theta=1e4),
    "rms_norm_eps 1e-6 -> 1e-5": reconfigured(rms_norm_eps=1e-5),
    "rms_norm_eps 1e-6 -> 0": reconfigured(rms_norm_eps=0.0),
    "attention scale from hidden / heads instead of head_dim": on_attention(
        lambda a: replace(a, scaling=(MAIN["hidden_size"] / MAIN["num_attention_heads"]) ** -0.5)
    ),
    "q_norm dropped": on_attention(lambda a: replace(a, q_norm=nn.Identity())),
    "k_norm dropped": on_attention(lambda a: replace(a, k_norm=nn.Identity())),
    "norm_topk_prob false": reconfigured(norm_topk_prob=False),
    "top-k 3 -> 2": reconfigured(num_experts_per_tok=2),
    "rotation of adjacent pairs instead of halves": with_patched(
        "apply_rotary_pos_emb", rope_interleaved
    ),
    "no rotation": with_patched("apply_rotary_pos_emb", lambda q, k, *_, **__: (q, k)),
    "KV heads shared in turn instead of in blocks": with_patched(
        "repeat_kv", lambda x, n: x.repeat(1, n, 1, 1)
    ),
    "gelu instead of silu": reconfigured(hidden_act="gelu"),
    "gate_proj and up_proj swapped": swap_gate_and_up,
    "the two layer norms swapped": swap_layer_norms,
    "final norm dropped": lambda m: replace(m.model, norm=nn.Identity()) or m,
    "head tied to the embedding": lambda m: replace(m.lm_head, weight=m.model.embed_tokens.weight) or m,
}


def sensitivity(model, ids, expected) -> list[tuple[str, float]]:
    rows = []
    for fact, alter in ALTERATIONS.items():
        altered = alter(copy.deepcopy(model))
        if isinstance(altered, tuple):
            altered, name, value = altered
            kept = getattr(modeling, name)
            setattr(modeling, name, value)
            logits = torch_logits(altered, ids)
            setattr(modeling, name, kept)
        else:
            logits = torch_logits(altered, ids)
        moved = np.abs(logits - expected).max() / np.abs(expected).max()
        rows.append((fact, float(moved)))
    return rows


# --- the folder -------------------------------------------------------------------------------


def closest_choice(model, ids) -> float:
    """Smallest gap between the last chosen and the first rejected router probability."""
    gaps = []

    def hook(_module, _inputs, output):
        p = output[0].softmax(-1).sort(-1, descending=True).values
        k = model.config.num_experts_per_tok
        gaps.append(float((p[:, k - 1] - p[:, k]).min()))

    handles = [layer.mlp.gate.register_forward_hook(hook) for layer in model.model.layers]
    torch_logits(model, ids)
    for handle in handles:
        handle.remove()
    return min(gaps)


def relative(a, b) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def quantised(name: str, source: Path, out: Path, config: dict, bits: int, group: int, prompt):
    """One MLX folder; returns its README line after both readers agreed on the file."""
    convert(source, out / name, bits, group)
    model = load_exact(out / name)
    logits = write_reference(out / name, lambda ids: mlx_logits(model, ids), prompt)
    written = json.loads((out / name / "config.json").read_text())
    twin = dequantised_twin(out / name, config, written["quantization"])
    difference = relative(torch_logits(twin, prompt), logits)
    assert difference < TOLERANCE, f"{name}: mlx-lm and transformers differ by {difference}"
    gap = json.loads((out / name / "greedy.json").read_text())["smallest_gap"]
    return (name, np.abs(logits).max(), difference, closest_choice(twin, prompt), gap)


README = """# qwen3_moe_tiny

Small random Qwen3-MoE checkpoints with logits that other implementations computed. Regenerate with

    python tests/data/make_qwen3_moe_tiny.py

(transformers {transformers}, torch {torch}, mlx-lm {mlx_lm}, mlx {mlx}, on a CPU). Weights come from a seed; the
references may move in their last bits with other versions.

| file | what |
|---|---|
| `prompt_ids.json` | {n_prompt} token ids, all below 128, the prompt of every `logits.npy` |
| `float32/` | hidden 128, 2 layers, 6 experts of 64, top-3, 6 heads of 32 (192, not the hidden size), 2 KV heads, vocabulary 256; tensors as `save_pretrained` writes them: one expert at a time, the published names |
| `mlx4/` | the same model converted by mlx-lm: affine 4 bits group 64, router 8 bits, experts stacked as `switch_mlp`, scales, biases and norms in bfloat16 |
| `mlx8g32/` | another model converted by mlx-lm: affine 8 bits group 32 throughout; hidden 64, 4 experts, top-2, `norm_topk_prob` **false**, head **tied** to the embedding, rope_theta 1e4, eps 1e-5 |
| `*/logits.npy` | float32 [{n_prompt}, vocabulary]: every position of the prompt in one pass |
| `*/greedy.json` | {n_greedy} greedy ids after the first {n_prefix} prompt ids, each from a whole pass; `smallest_gap` is the least distance of best to second-best logit |

`float32/` was run by transformers, eager attention, float32. The MLX folders were run by mlx-lm with scales,
biases and norms widened to float32, so that nothing is rounded to half precision; transformers on weights that
the script unpacks with numpy gave the same logits within the second column.

| folder | max abs logit | the two references differ by (of max) | closest router choice (probability) | smallest greedy gap |
|---|---|---|---|---|
{folders}

## What the logits notice

Each fact altered alone in the `float32` model; the largest move of any logit, as a share of the largest logit.
The tolerance in mind is {tolerance:g}, and a fact counts as covered from ten times that.

| altered | moves by | times the tolerance |
|---|---|---|
{facts}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "qwen3_moe_tiny")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)

    prompt = np.random.default_rng(7).integers(3, SECOND["vocab_size"], N_PROMPT).tolist()
    (out / "prompt_ids.json").write_text(json.dumps(prompt) + "\n")

    model = random_model(MAIN, seed=3)
    save_float(model, MAIN, out / "float32")
    logits = write_reference(out / "float32", lambda ids: torch_logits(model, ids), prompt)
    reread = Qwen3MoeForCausalLM.from_pretrained(out / "float32", attn_implementation="eager")
    assert np.array_equal(torch_logits(reread.eval(), prompt), logits), "the config lost something"
    other, _ = load_model(out / "float32")
    difference = relative(mlx_logits(other, prompt), logits)
    assert difference < TOLERANCE, f"float32: mlx-lm and transformers differ by {difference}"
    gap = json.loads((out / "float32" / "greedy.json").read_text())["smallest_gap"]
    rows = [("float32", np.abs(logits).max(), difference, closest_choice(model, prompt), gap)]
    rows.append(quantised("mlx4", out / "float32", out, MAIN, 4, 64, prompt))

    second = out / "second"
    save_float(random_model(SECOND, seed=4), SECOND, second)
    rows.append(quantised("mlx8g32", second, out, SECOND, 8, 32, prompt))
    for file in second.iterdir():
        file.unlink()
    second.rmdir()

    facts = sensitivity(model, prompt, logits)
    for fact, moved in facts:
        print(f"{moved:10.2e}  {moved / TOLERANCE:9.0f}x  {fact}")
        assert moved > 10 * TOLERANCE, f"the logits do not notice: {fact}"
    text = README.format(
        transformers=transformers.__version__, torch=torch.__version__, mlx=mx.__version__,
        mlx_lm=mlx_lm.__version__, n_prompt=N_PROMPT, n_prefix=N_PREFIX, n_greedy=N_GREEDY,
        tolerance=TOLERANCE,
        folders="\n".join(f"| `{n}` | {m:.2f} | {d:.1e} | {c:.1e} | {g:.3f} |" for n, m, d, c, g in rows),
        facts="\n".join(f"| {f} | {v:.1e} | {v / TOLERANCE:.0f} |" for f, v in facts),
    )  # fmt: skip
    (out / "README.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
