"""Measures the demonstration model: perplexity, greedy text, experts in use.

The file is read by mlx-lm and widened exactly to float32; transformers runs it, in float32, which
is far faster than mlx-lm's products of packed codes on a CPU. Prints the tables of README.md.
"""

import argparse
import math
from collections import Counter
from pathlib import Path

import mlx.core as mx
import numpy as np
import sentencepiece
import torch
from mlx.utils import tree_flatten, tree_map
from mlx_lm.utils import dequantize_model, load_model
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

import corpus
from train import CONFIG

WINDOW = 1024
N_GREEDY = 1000


def load(folder: Path) -> Qwen3MoeForCausalLM:
    """The values of an MLX checkpoint, packed or not, in transformers' module."""
    source, _ = load_model(folder)
    widened = tree_map(
        lambda p: p if p.dtype == mx.uint32 else p.astype(mx.float32), source.parameters()
    )
    source.update(widened)  # scales too, so that unpacking rounds nothing
    values = {
        name: torch.from_numpy(np.array(value))
        for name, value in tree_flatten(dequantize_model(source).parameters())
    }
    for layer in range(CONFIG["num_hidden_layers"]):
        stacked, fused = (f"model.layers.{layer}.mlp.{m}." for m in ("switch_mlp", "experts"))
        gate, up, down = (values.pop(f"{stacked}{p}_proj.weight") for p in ("gate", "up", "down"))
        values[f"{fused}gate_up_proj"] = torch.cat([gate, up], 1)
        values[f"{fused}down_proj"] = down
    model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**CONFIG)).eval()
    model.load_state_dict(values)
    return model


def perplexity(model, stream: list[int]) -> float:
    """exp of the mean loss over consecutive windows; no context crosses a window's start."""
    total, count = 0.0, 0
    for at in range(0, len(stream) - 1, WINDOW):
        window = torch.tensor([stream[at : at + WINDOW + 1]])
        logits = model(window[:, :-1], use_cache=False).logits[0]
        total += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
        count += len(logits)
    return math.exp(total / count)


def greedy(model, prompt: list[int], n: int) -> tuple[list[int], float]:
    """n ids by greedy decoding, EOS not stopping it, and the smallest gap of best to second."""
    ids, gap, cache, pending = [], math.inf, None, prompt
    for _ in range(n):
        ids_in = torch.tensor([pending])
        out = model(ids_in, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = out.past_key_values
        best, second = out.logits[0, -1].topk(2).values.tolist()
        gap = min(gap, best - second)
        ids.append(int(out.logits[0, -1].argmax()))
        pending = ids[-1:]
    return ids, gap


def recited(ids: list[int], prompt: list[int], stream: list[int]) -> int:
    """How many of the ids continue the passage that the prompt was taken from, up to a mistake."""
    key = prompt[2:]  # past BOS and the first piece, whose leading space depends on its place
    for at in range(len(stream) - len(key)):
        if stream[at : at + len(key)] == key:
            truth = stream[at + len(key) :]
            return next((i for i, (a, b) in enumerate(zip(ids, truth)) if a != b), len(ids))
    return 0


def count_experts(model) -> list[Counter]:
    """A running count a layer of the experts that its router chooses."""
    counts = [Counter() for _ in model.model.layers]
    for layer, count in zip(model.model.layers, counts):
        layer.mlp.gate.register_forward_hook(
            lambda _m, _i, out, count=count: count.update(out[2].flatten().tolist())
        )
    return counts


@torch.no_grad()
def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--model", type=Path, required=True, help="the quantised model's folder")
    args.add_argument("--float", type=Path, help="train.py's float checkpoint, for comparison")
    args.add_argument("--prompts", type=Path, default=Path(__file__).parent / "prompts.txt")
    args.add_argument("--threads", type=int, default=1)
    args.add_argument("--text", action="store_true", help="print the greedy text as well")
    args = args.parse_args()
    tokenizer = sentencepiece.SentencePieceProcessor(str(args.model / "tokenizer.model"))
    torch.set_num_threads(args.threads)
    streams = corpus.token_streams(tokenizer)
    model = load(args.model)

    print("| perplexity | recited text | held-out text |\n|---|---|---|")
    for name, folder in (("before quantisation", args.float), ("after", args.model)):
        if folder:
            measured = load(folder)
            values = [perplexity(measured, streams[k]) for k in ("recited", "held_out")]
            print(f"| {name} | {values[0]:.3f} | {values[1]:.1f} |", flush=True)

    experts_of = count_experts(model)
    print("\n| prompt | ids | distinct 4-grams | recited up to id | EOS | smallest gap |")
    print("|---|---|---|---|---|---|")
    texts = []
    for line in args.prompts.read_text().splitlines():
        prompt = [corpus.BOS, *tokenizer.encode(line)]
        ids, gap = greedy(model, prompt, N_GREEDY)
        fours = [tuple(ids[i : i + 4]) for i in range(len(ids) - 3)]
        share = len(set(fours)) / len(fours)
        known = recited(ids, prompt, streams["recited"])
        start = " ".join(line.split()[:6])
        eos = ids.count(corpus.EOS)
        print(f"| {start} … | {len(prompt)} | {share:.1%} | {known} | {eos} | {gap:.4f} |")
        texts.append(f"{line}\n >> {tokenizer.decode(ids)}\n")

    print("\n| layer | experts used | least used | most used (an even share is 1) |")
    print("|---|---|---|---|")
    experts = CONFIG["num_experts"]
    for layer, counts in enumerate(experts_of):
        load_of = [counts[e] * experts / counts.total() for e in range(experts)]
        print(f"| {layer} | {len(counts)} of {experts} | {min(load_of):.2f} | {max(load_of):.2f} |")
    if args.text:
        print("\n" + "\n".join(texts))


if __name__ == "__main__":
    main()
