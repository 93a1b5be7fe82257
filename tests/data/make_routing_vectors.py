"""Writes tests/data/routing.json: expert ids and weights as transformers' routers choose them.

The routers get identity weights, so that their logits are the numbers of the file. No two logits of a
row are equal: torch.topk promises no order for ties. Needs: torch, transformers.
"""

import json
from pathlib import Path

import torch
from transformers import MixtralConfig, OlmoeConfig, Qwen3MoeConfig
from transformers.models.mixtral.modeling_mixtral import MixtralTopKRouter
from transformers.models.olmoe.modeling_olmoe import OlmoeTopKRouter
from transformers.models.qwen3_moe.modeling_qwen3_moe import Qwen3MoeTopKRouter

ROUTERS = [  # order, normalize, router
    ("softmax_topk", True, lambda n, k: Qwen3MoeTopKRouter(Qwen3MoeConfig(num_experts=n, num_experts_per_tok=k, norm_topk_prob=True, hidden_size=n))),
    ("softmax_topk", False, lambda n, k: OlmoeTopKRouter(OlmoeConfig(num_experts=n, num_experts_per_tok=k, norm_topk_prob=False, hidden_size=n))),
    ("topk_softmax", False, lambda n, k: MixtralTopKRouter(MixtralConfig(num_local_experts=n, num_experts_per_tok=k, hidden_size=n))),
]  # fmt: skip


def rows(n: int, generator) -> torch.Tensor:
    """Ordinary logits, tiny gaps, one that dwarfs the rest, all far below zero."""
    z = torch.randn(4, n, generator=generator)
    close = 1 + 1e-4 * torch.arange(n)[torch.randperm(n, generator=generator)]
    huge = z[1] + 80 * torch.nn.functional.one_hot(torch.tensor(n // 2), n)
    return torch.stack([3 * z[0], close, huge, z[3] - 100])


def main():
    generator = torch.Generator().manual_seed(1)
    cases = []
    for n in (1, 8, 33, 128):
        for k in sorted({1, min(2, n), min(8, n), n}):
            logits = rows(n, generator)
            for order, normalize, make in ROUTERS:
                router = make(n, k).float()
                router.weight.data = torch.eye(n)
                _, weights, ids = router(logits)
                cases.append(
                    dict(order=order, normalize=normalize, n_experts=n, top_k=k, logits=logits.tolist(),
                         ids=ids.tolist(), weights=weights.tolist())
                )  # fmt: skip
    text = ",\n".join(json.dumps(case) for case in cases)
    (Path(__file__).parent / "routing.json").write_text(f"[\n{text}\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
