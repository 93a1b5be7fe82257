"""The table of tests/data/oracles: which small models there are and how each is quantised.

Configs are spelled as published checkpoints spell them. `scales` multiply the random weights (see
make_oracles.random_model): they are chosen so that every fact of the family moves the logits by at
least ten times the tolerance, which tests/validate/sensitivity_test.cc checks.
"""

from dataclasses import dataclass, field


@dataclass
class Quantised:
    """One folder that mlx-lm converts: affine `bits` in groups of `group_size`."""

    bits: int
    group_size: int
    recipe: str = ""  # one of mlx-lm's mixed recipes, or "no_predicate"
    dtype: str = "bfloat16"  # of scales, biases and norms

    @property
    def folder(self) -> str:
        return self.recipe if self.recipe.startswith("mixed") else f"mlx{self.bits}g{self.group_size}"


@dataclass
class Model:
    name: str
    config: dict
    seed: int
    quantised: list[Quantised]
    scales: dict = field(default_factory=dict)
    float32: bool = True  # also a float32 folder, run by transformers
    mxfp4: bool = False  # also folders with MXFP4 experts, as GPT-OSS is published and as mlx-lm keeps it


DENSE = dict(
    vocab_size=128, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, hidden_act="silu", rms_norm_eps=1e-5, rope_theta=1e4, max_position_embeddings=512,
    tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, torch_dtype="float32",
)  # fmt: skip
EXPERTS = DENSE | dict(intermediate_size=64, num_experts_per_tok=2)
QWEN3_MOE = DENSE | dict(
    model_type="qwen3_moe", vocab_size=256, hidden_size=128, intermediate_size=256, num_attention_heads=6, head_dim=32, num_experts=6,
    num_experts_per_tok=3, moe_intermediate_size=64, norm_topk_prob=True, decoder_sparse_step=1,
    mlp_only_layers=[], rms_norm_eps=1e-6, rope_theta=1e6, attention_bias=False,
)  # fmt: skip
QWEN3 = dict(model_type="qwen3", head_dim=32, rms_norm_eps=1e-6, rope_theta=1e6, attention_bias=False)
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32,
)  # fmt: skip
BITS = DENSE | dict(
    model_type="olmoe", hidden_size=128, num_experts=3, num_experts_per_tok=2, norm_topk_prob=False,
    num_hidden_layers=1, attention_bias=False,
)  # fmt: skip
LFM2 = dict(
    vocab_size=128, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
    norm_eps=1e-5, rope_theta=1e6, max_position_embeddings=512, conv_bias=False, conv_L_cache=3,
    bos_token_id=1, eos_token_id=7, pad_token_id=0, torch_dtype="float32",
)  # fmt: skip
LFM2_DENSE = LFM2 | dict(
    model_type="lfm2", full_attn_idxs=[1], block_auto_adjust_ff_dim=True, block_dim=64, block_ff_dim=100,
    block_ffn_dim_multiplier=0.9, block_multiple_of=64,
)  # fmt: skip
LFM2_MOE = LFM2 | dict(
    model_type="lfm2_moe", layer_types=["conv", "full_attention", "conv"], num_dense_layers=1,
    intermediate_size=64, moe_intermediate_size=64, num_experts=6, num_experts_per_tok=2, use_expert_bias=True,
    norm_topk_prob=True, routed_scaling_factor=1.5,
)  # fmt: skip
GPT_OSS = dict(
    model_type="gpt_oss", vocab_size=128, hidden_size=64, intermediate_size=32, num_hidden_layers=3,
    layer_types=["sliding_attention", "full_attention", "sliding_attention"], sliding_window=32,
    num_attention_heads=6, num_key_value_heads=2, head_dim=16, attention_bias=True, attention_dropout=0.0,
    num_local_experts=4, num_experts_per_tok=2, experts_per_token=2, rms_norm_eps=1e-5, hidden_act="silu",
    swiglu_limit=7.0, rope_theta=150000, initial_context_length=48, max_position_embeddings=1536,
    rope_scaling=dict(
        beta_fast=2.0, beta_slow=0.125, factor=32.0, original_max_position_embeddings=48, rope_type="yarn",
        truncate=False,
    ),
    tie_word_embeddings=False, eos_token_id=2, pad_token_id=0, torch_dtype="float32",
)  # fmt: skip

MODELS = [
    Model("qwen3_moe", QWEN3_MOE, 23, [Quantised(4, 64)]),
    Model(
        "qwen3_moe_tied",
        QWEN3_MOE
        | dict(
            vocab_size=128, hidden_size=64, num_attention_heads=4, num_experts=4, num_experts_per_tok=2,
            norm_topk_prob=False, rope_theta=1e4, rms_norm_eps=1e-5, tie_word_embeddings=True,
        ),
        4, [Quantised(8, 32, "no_predicate")], float32=False,
    ),
    Model(
        "llama_linear",
        DENSE
        | dict(
            model_type="llama", rope_scaling=dict(type="linear", factor=4.0), attention_bias=True, mlp_bias=True,
        ),
        5, [Quantised(6, 32)],
    ),
    Model(
        "llama_llama3",
        DENSE
        | dict(
            model_type="llama", rope_scaling=LLAMA3, rope_theta=5e5, tie_word_embeddings=True, head_dim=32,
        ),
        17, [Quantised(4, 64, "mixed_3_6", "float16")],
    ),
    Model(
        "llama_traditional",
        DENSE | dict(model_type="llama", rope_traditional=True),
        7, [Quantised(8, 64)], float32=False,
    ),
    Model(
        "mistral",
        DENSE | dict(model_type="mistral", sliding_window=24, head_dim=32, rope_theta=1e6),
        8, [],
    ),
    Model(
        "mistral_no_window",
        DENSE | dict(model_type="mistral", sliding_window=None, head_dim=32, rope_theta=1e6),
        14, [Quantised(3, 64, dtype="float16")], float32=False,
    ),
    Model("mixtral", EXPERTS | dict(model_type="mixtral", num_local_experts=4, rope_theta=1e6), 9, [Quantised(4, 32)]),
    Model(
        "olmoe",
        EXPERTS | dict(model_type="olmoe", num_experts=6, norm_topk_prob=False, attention_bias=False),
        10, [Quantised(5, 64)],
    ),
    Model(
        "qwen2",
        DENSE | dict(model_type="qwen2", rms_norm_eps=1e-6, rope_theta=1e6, tie_word_embeddings=True),
        11, [Quantised(4, 32)],
    ),
    Model(
        "qwen3",
        DENSE | QWEN3,
        12, [Quantised(2, 64, "mixed_2_6"), Quantised(5, 32)], dict(embed_tokens=0.01),
    ),
    Model(
        "qwen3_upper_window",
        DENSE | QWEN3 | dict(use_sliding_window=True, sliding_window=24, max_window_layers=1),
        15, [],
    ),
    Model(
        "bits", BITS, 13,
        [
            Quantised(bits, group, dtype=("bfloat16", "float16", "float32")[(bits + i) % 3])
            for bits in (2, 3, 4, 5, 6, 8)
            for i, group in enumerate((32, 64, 128))
        ],
        float32=False,
    ),
    Model("lfm2", LFM2_DENSE, 31, [Quantised(4, 64), Quantised(8, 64)]),
    Model("lfm2_moe", LFM2_MOE | dict(moe_intermediate_size=32), 41, [], dict(router=8.0, expert_bias=0.6)),
    Model("lfm2_moe_4bit", LFM2_MOE, 42, [Quantised(4, 64)], dict(router=10.0, expert_bias=0.6), float32=False),
    Model(
        "lfm2_moe_unbiased",
        LFM2_MOE
        | dict(
            num_dense_layers=2, conv_L_cache=4, use_expert_bias=False, norm_topk_prob=False,
            routed_scaling_factor=2.5,
        ),
        34, [Quantised(8, 64)], float32=False,
    ),
    Model("gpt_oss", GPT_OSS | dict(swiglu_limit=2.5), 35, [], dict(gate_up_proj=1.7)),
    Model("gpt_oss_mxfp4", GPT_OSS | dict(intermediate_size=64), 36, [], float32=False, mxfp4=True),
]  # fmt: skip
