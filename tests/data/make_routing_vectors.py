"""Writes tests/data/routing.json: expert ids and weights as transformers' routers choose them.

The routers get identity weights, so that their logits are the numbers of the file. No two scores of a
row are equal: torch.topk promises no order for ties. Needs: torch, transformers.
"""

import json
from pathlib import Path

import torch
from transformers import GptOssConfig, Lfm2MoeConfig, MixtralConfig, OlmoeConfig, Qwen3MoeConfig
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssTopKRouter
from transformers.models.lfm2_moe.modeling_lfm2_moe import Lfm2MoeTopKRouter
from transformers.models.mixtral.modeling_mixtral import MixtralTopKRouter
from transformers.models.olmoe.modeling_olmoe import OlmoeTopKRouter
from transformers.models.qwen3_moe.modeling_qwen3_moe import Qwen3MoeTopKRouter

ROUTERS = [  # order, normalize, router
    ("softmax_topk", True, lambda n, k: Qwen3MoeTopKRouter(Qwen3MoeConfig(num_experts=n, num_experts_per_tok=k, norm_topk_prob=True, hidden_size=n))),
    ("softmax_topk", False, lambda n, k: OlmoeTopKRouter(OlmoeConfig(num_experts=n, num_experts_per_tok=k, norm_topk_prob=False, hidden_size=n))),
    ("topk_softmax", False, lambda n, k: MixtralTopKRouter(MixtralConfig(num_local_experts=n, num_experts_per_tok=k, hidden_size=n))),
]  # fmt: skip
SIGMOID = [  # use_expert_bias, norm_topk_prob, routed_scaling_factor
    (True, True, 1.0),
    (True, False, 2.5),
    (False, True, 1.5),
]
LFM2_EPS = 1e-6  # a constant of its router's code
LEAST_GAP = 1e-6  # between the scores of a row: other implementations of sigmoid must see the same order


def rows(n: int, generator, lowest=-100) -> torch.Tensor:
    """Ordinary logits, tiny gaps, one that dwarfs the rest, all far below zero."""
    z = torch.randn(4, n, generator=generator)
    close = 1 + 1e-4 * torch.arange(n)[torch.randperm(n, generator=generator)]
    huge = z[1] + 80 * torch.nn.functional.one_hot(torch.tensor(n // 2), n)
    return torch.stack([3 * z[0], close, huge, z[3] + lowest])


def softmax_cases(n: int, k: int, generator) -> list:
    logits = rows(n, generator)
    cases = []
    for order, normalize, make in ROUTERS:
        router = make(n, k).float()
        router.weight.data = torch.eye(n)
        _, weights, ids = router(logits)
        cases.append(
            dict(order=order, normalize=normalize, n_experts=n, top_k=k, logits=logits.tolist(),
                 ids=ids.tolist(), weights=weights.tolist())
        )  # fmt: skip
    return cases


def gpt_oss_case(n: int, k: int, generator) -> dict:
    router = GptOssTopKRouter(GptOssConfig(num_local_experts=n, num_experts_per_tok=k, hidden_size=n)).float()
    router.weight.data = torch.eye(n)
    router.bias.data = torch.randn(n, generator=generator)
    logits, weights, ids = router(rows(n, generator))
    return dict(
        order="topk_softmax", normalize=False, n_experts=n, top_k=k, logits=logits.tolist(), ids=ids.tolist(),
        weights=weights.tolist(),
    )  # fmt: skip


def least_gap(scores: torch.Tensor) -> float:
    """Of relative size, since scores far below zero are tiny."""
    ordered = scores.sort(-1).values
    return float(((ordered[:, 1:] - ordered[:, :-1]) / ordered[:, 1:].abs()).min()) if scores.shape[1] > 1 else 1.0


def sigmoid_case(n: int, k: int, generator, use_expert_bias, normalize, factor) -> dict:
    config = Lfm2MoeConfig(
        num_experts=n, num_experts_per_tok=k, hidden_size=n, use_expert_bias=use_expert_bias,
        norm_topk_prob=normalize, routed_scaling_factor=factor,
    )  # fmt: skip
    router = Lfm2MoeTopKRouter(config).float()
    router.weight.data = torch.eye(n)
    bias = 0.3 * torch.randn(n, generator=generator) if use_expert_bias else None
    while True:  # until no two scores of a row are close
        logits = rows(n, generator, lowest=-20)
        if least_gap(logits.sigmoid() + (0 if bias is None else bias)) > LEAST_GAP:
            break
    _, weights, ids = router(logits, bias)
    case = dict(
        order="sigmoid_topk", normalize=normalize, eps=LFM2_EPS, factor=factor, n_experts=n, top_k=k,
        logits=logits.tolist(), ids=ids.tolist(), weights=weights.tolist(),
    )  # fmt: skip
    return case | (dict(expert_bias=bias.tolist()) if use_expert_bias else {})


def main():
    generator = torch.Generator().manual_seed(1)
    sizes = [(n, k) for n in (1, 8, 33, 128) for k in sorted({1, min(2, n), min(8, n), n})]
    cases = [case for n, k in sizes for case in softmax_cases(n, k, generator)]
    for n, k in sizes:
        if n in (1, 8, 33):
            cases.append(gpt_oss_case(n, k, generator))
            cases += [sigmoid_case(n, k, generator, *options) for options in SIGMOID]
    text = ",\n".join(json.dumps(case) for case in cases)
    (Path(__file__).parent / "routing.json").write_text(f"[\n{text}\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    with torch.no_grad():
        main()
