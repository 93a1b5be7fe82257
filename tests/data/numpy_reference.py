"""LFM2, LFM2-MoE and GPT-OSS in float64 with numpy alone, written from the families' descriptions: a
third opinion beside transformers and mlx-lm, which no library's shortcuts can reach.

One function an op, so that a test of what the logits notice can replace any of them. Tensors have the
names of numpy_logits' callers: those that transformers' state_dict has. Rotary angles are float32, as the
references round them. What the checkpoints look like on disk is not known here.
"""

import math

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def rms_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# --- rotation -------------------------------------------------------------------------------------


def yarn_range(scaling: dict, dim: int, theta: float) -> tuple:
    """The two dimensions between which YaRN blends."""
    context = scaling["original_max_position_embeddings"]
    low, high = (
        dim * math.log(context / (scaling[beta] * 2 * math.pi)) / (2 * math.log(theta))
        for beta in ("beta_fast", "beta_slow")
    )
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    return max(low, 0), min(high, dim - 1)


def yarn_attention_factor(scaling: dict) -> float:
    return 0.1 * math.log(scaling["factor"]) + 1


def frequencies(config: dict, dim: int) -> tuple:
    """Inverse frequencies in float32 and the factor on cosine and sine."""
    theta, scaling = config["rope_theta"], config.get("rope_scaling")
    period = np.float32(theta) ** (np.arange(0, dim, 2, dtype=np.float32) / np.float32(dim))
    plain = 1 / period
    if scaling is None:
        return plain, 1.0
    low, high = yarn_range(scaling, dim, theta)
    ramp = np.clip((np.arange(dim // 2, dtype=np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    stretched = 1 / (np.float32(scaling["factor"]) * period)
    return stretched * ramp + plain * (1 - ramp), yarn_attention_factor(scaling)


def rotate(x, config):
    """x [tokens, heads, dim]; pairs are the halves of a head."""
    inverse, factor = frequencies(config, x.shape[-1])
    angles = np.arange(len(x), dtype=np.float32)[:, None] * inverse.astype(np.float32)
    cos, sin = ((f(angles) * np.float32(factor)).astype(np.float64)[:, None] for f in (np.cos, np.sin))
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


# --- token mixing ---------------------------------------------------------------------------------


def visible(n_tokens: int, window: int):
    """[query, key]: the last `window` positions, one's own included; 0 is all of them."""
    distance = np.arange(n_tokens)[:, None] - np.arange(n_tokens)
    return (distance >= 0) & ((distance < window) if window else True)


def attend(q, k, v, window, sinks):
    """[tokens, heads, dim] each; a sink is one more logit of its head, without a value."""
    group = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
    scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
    scores = np.where(visible(len(q), window), scores, -np.inf)
    if sinks is not None:
        column = np.broadcast_to(sinks[:, None, None], (*scores.shape[:2], 1))
        scores = np.concatenate([scores, column], axis=-1)
    return np.einsum("hqk,khd->qhd", softmax(scores)[..., : len(q)], v)


def attention(x, w, config, window=0):
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    q, k, v = (linear(x, w, f"{p}_proj").reshape(len(x), n, -1) for p, n in (("q", heads), ("k", kv), ("v", kv)))
    if "q_layernorm.weight" in w:
        q, k = (rms_norm(t, w[f"{p}_layernorm.weight"], config["norm_eps"]) for p, t in (("q", q), ("k", k)))
    mixed = attend(rotate(q, config), rotate(k, config), v, window, w.get("sinks")).reshape(len(x), -1)
    return linear(mixed, w, "out_proj" if "out_proj.weight" in w else "o_proj")


def causal_convolution(u, kernel):
    """y[t] = sum over j of kernel[j] u[t - (taps - 1) + j]; u is zero before the first token."""
    taps = kernel.shape[-1]
    padded = np.concatenate([np.zeros((taps - 1, u.shape[1])), u])
    return sum(kernel[:, j] * padded[j : j + len(u)] for j in range(taps))


def split_in_proj(x):
    """B, C and x of an LFM2 convolution."""
    return np.split(x, 3, axis=-1)


def short_convolution(x, w):
    b, c, x = split_in_proj(linear(x, w, "in_proj"))
    return linear(c * causal_convolution(b * x, w["conv.weight"][:, 0]), w, "out_proj")


# --- feed-forward ---------------------------------------------------------------------------------


def linear(x, w, name):
    y = x @ w[f"{name}.weight"].T
    return y + w[f"{name}.bias"] if f"{name}.bias" in w else y


def strongest(scores, k):
    return np.argsort(-scores, axis=-1, kind="stable")[:, :k]


def lfm2_route(logits, bias, config):
    scores = sigmoid(logits)
    ids = strongest(scores if bias is None else scores + bias, config["num_experts_per_tok"])
    weights = np.take_along_axis(scores, ids, axis=-1)
    if config["norm_topk_prob"]:
        weights = weights / (weights.sum(-1, keepdims=True) + 1e-6)
    return ids, weights * config["routed_scaling_factor"]


def gpt_oss_route(logits, config):
    ids = strongest(logits, config["num_experts_per_tok"])
    return ids, softmax(np.take_along_axis(logits, ids, axis=-1))


def clamped_swiglu(gate, up, alpha=1.702, limit=7.0):
    gate, up = np.minimum(gate, limit), np.clip(up, -limit, limit)
    return gate * sigmoid(alpha * gate) * (up + 1)


def over_experts(x, ids, weights, expert):
    """Sum over the chosen of weight * expert(id, token)."""
    return np.stack([sum(g * expert(e, t) for e, g in zip(*row)) for t, row in zip(x, zip(ids, weights))])


def lfm2_experts(x, w, config):
    ids, weights = lfm2_route(linear(x, w, "gate"), w.get("expert_bias"), config)

    def expert(e, t):
        gate, up = np.split(w["experts.gate_up_proj"][e] @ t, 2)
        return w["experts.down_proj"][e] @ (silu(gate) * up)

    return over_experts(x, ids, weights, expert)


def gpt_oss_experts(x, w, config):
    ids, weights = gpt_oss_route(linear(x, w, "router"), config)

    def expert(e, t):
        both = t @ w["experts.gate_up_proj"][e] + w["experts.gate_up_proj_bias"][e]
        hidden = clamped_swiglu(both[::2], both[1::2], limit=config["swiglu_limit"])
        return hidden @ w["experts.down_proj"][e] + w["experts.down_proj_bias"][e]

    return over_experts(x, ids, weights, expert)


def dense_feed_forward(x, w):
    return linear(silu(linear(x, w, "w1")) * linear(x, w, "w3"), w, "w2")


# --- models ---------------------------------------------------------------------------------------


def under(tensors: dict, prefix: str) -> dict:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def lfm2_layer(x, w, config, index):
    h = rms_norm(x, w["operator_norm.weight"], config["norm_eps"])
    if config["layer_types"][index] == "full_attention":
        x = x + attention(h, under(w, "self_attn."), config)
    else:
        x = x + short_convolution(h, under(w, "conv."))
    h = rms_norm(x, w["ffn_norm.weight"], config["norm_eps"])
    w = under(w, "feed_forward.")
    return x + (lfm2_experts(h, w, config) if "gate.weight" in w else dense_feed_forward(h, w))


def gpt_oss_layer(x, w, config, index):
    eps = config["rms_norm_eps"]
    window = config["sliding_window"] if config["layer_types"][index] == "sliding_attention" else 0
    h = rms_norm(x, w["input_layernorm.weight"], eps)
    x = x + attention(h, under(w, "self_attn."), config, window)
    h = rms_norm(x, w["post_attention_layernorm.weight"], eps)
    return x + gpt_oss_experts(h, under(w, "mlp."), config)


def numpy_logits(tensors: dict, config: dict, ids) -> np.ndarray:
    """[tokens, vocabulary] in float64. `tensors` are float64, `config` has the published keys."""
    is_oss = config["model_type"] == "gpt_oss"
    w = under(tensors, "model.")
    x = w["embed_tokens.weight"][ids]
    for index in range(config["num_hidden_layers"]):
        layer = gpt_oss_layer if is_oss else lfm2_layer
        x = layer(x, under(w, f"layers.{index}."), config, index)
    norm, eps = ("norm", "rms_norm_eps") if is_oss else ("embedding_norm", "norm_eps")
    x = rms_norm(x, w[f"{norm}.weight"], config[eps])
    return x @ tensors["lm_head.weight" if is_oss else "model.embed_tokens.weight"].T
