"""Trains the demonstration model: a small Qwen3-MoE that recites two books of the King James Bible.

One run: a first look at the whole text, then the two recited books with a little of the rest, at
last with weights rounded as the 4-bit file will round them. Converting is convert.py's work,
measuring is evaluate.py's.
"""

import argparse
import json
import os
import time
from pathlib import Path

import sentencepiece
import torch
import torch.nn.functional as F
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
from transformers.models.qwen3_moe.modeling_qwen3_moe import Qwen3MoeExperts

import affine
import corpus

CONFIG = dict(
    vocab_size=corpus.VOCAB_SIZE, hidden_size=256, num_hidden_layers=4, intermediate_size=512,
    num_attention_heads=4, num_key_value_heads=2, head_dim=64,
    num_experts=16, num_experts_per_tok=4, moe_intermediate_size=128, norm_topk_prob=True,
    decoder_sparse_step=1, mlp_only_layers=[], hidden_act="silu", rms_norm_eps=1e-6,
    rope_theta=1e6, max_position_embeddings=4096, tie_word_embeddings=False,
    bos_token_id=corpus.BOS, eos_token_id=corpus.EOS, pad_token_id=None,
)  # fmt: skip

# The run in optimiser steps. Windows are (rows, tokens); the long ones cover a prompt and 1000 ids.
FIRST_LOOK = 160  # until here every row is of the whole text
DECAY = 660  # from here the learning rates fall in a line to zero,
LONG_WINDOWS = 660  # the windows are long,
QUANTISED = 770  # and from here the weights are rounded in every pass
RECITING = 800  # from here no row is of the whole text, every other step has short windows
STEPS = 1250
SHORT_WINDOW, LONG_WINDOW = (8, 512), (3, 1408)
BROAD_SHARE = 1 / 8  # rows from the whole text between FIRST_LOOK and RECITING
NOISE = 0.05  # while reciting: input ids replaced at random, so that a slip is not the end of it
WARMUP_STEPS = 50
MUON_RATE, ADAM_RATE = 3e-3, 3e-3
BALANCE = 0.02  # weight of the load-balancing loss, per layer


class Permute(torch.autograd.Function):
    """Rows in another order. The gradient is the inverse gather, which a CPU does far faster."""

    @staticmethod
    def forward(ctx, x, order, inverse):
        ctx.inverse = inverse
        return x[order]

    @staticmethod
    def backward(ctx, grad):
        return grad[ctx.inverse], None, None


def sorted_experts(self, x, top_k_index, top_k_weights):
    """Qwen3MoeExperts.forward with the tokens sorted by expert: one product per expert."""
    n_tokens, top_k = top_k_index.shape
    order = top_k_index.flatten().argsort(stable=True)
    inverse = order.argsort()
    counts = top_k_index.flatten().bincount(minlength=self.num_experts).tolist()
    copies = x.bfloat16()[:, None].expand(-1, top_k, -1).reshape(n_tokens * top_k, -1)
    gate_up, down = self.gate_up_proj.bfloat16(), self.down_proj.bfloat16()
    outputs = []
    for expert, rows in enumerate(Permute.apply(copies, order, inverse).split(counts)):
        gate, up = F.linear(rows, gate_up[expert]).chunk(2, dim=-1)
        outputs.append(F.linear(F.silu(gate) * up, down[expert]))
    y = Permute.apply(torch.cat(outputs), inverse, order).view(n_tokens, top_k, -1)
    return (y * top_k_weights[..., None]).sum(1).to(x.dtype)


def balance_loss(router_logits, top_k):
    """Switch Transformer's loss, one term a layer, 1 where every expert gets the same share."""
    total = 0.0
    for logits in router_logits:
        probs = logits.float().softmax(-1)
        chosen = probs.topk(top_k).indices.flatten().bincount(minlength=probs.shape[-1])
        total = total + (chosen / chosen.sum() * probs.mean(0)).sum() * probs.shape[-1]
    return total


def orthogonal(g):
    """Newton-Schulz iteration of Muon (Jordan 2024) on a stack of matrices [n, rows, columns]."""
    x = g.bfloat16()
    if tall := x.shape[-2] > x.shape[-1]:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for matrices; fused gate/up experts are taken apart first."""

    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr, momentum=0.95, weight_decay=0.02))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                m.lerp_(p.grad, 1 - group["momentum"])
                g = p.grad.lerp(m, group["momentum"])
                if p.ndim == 3 and p.shape[1] == p.shape[2]:  # [experts, gate and up, hidden]
                    g = g.unflatten(1, (2, -1)).flatten(0, 1)
                scale = 0.2 * max(g.shape[-2:]) ** 0.5
                update = orthogonal(g.reshape(-1, *g.shape[-2:])).reshape(p.shape)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * scale)


def optimisers(model):
    """Muon for the matrices of the blocks; AdamW for embedding, head, routers and norms."""
    named = [(n, p) for n, p in model.named_parameters() if ".layers." in n and p.ndim >= 2]
    blocks = [p for n, p in named if "mlp.gate." not in n]
    ids = {id(p) for p in blocks}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return [
        (Muon(blocks, MUON_RATE), MUON_RATE),
        (torch.optim.AdamW(rest, ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.01), ADAM_RATE),
    ]


def draw(streams, step, generator):
    """Windows at random offsets, half of them opened by BOS: inputs and targets [rows, tokens]."""
    reciting = step >= RECITING
    short = step < LONG_WINDOWS or (reciting and step % 2)
    rows, tokens = SHORT_WINDOW if short else LONG_WINDOW
    windows = []
    for _ in range(rows):
        first_look = step < FIRST_LOOK
        broad = first_look or (not reciting and torch.rand((), generator=generator) < BROAD_SHARE)
        stream = streams["broad" if broad else "recited"]
        at = int(torch.randint(-tokens // 2, len(stream) - tokens // 2, (), generator=generator))
        at = min(max(at, 0), len(stream) - tokens - 1)  # the ends come as often as the middle
        window = stream[at : at + tokens + 1].clone()
        if torch.rand((), generator=generator) < 0.5 and window[0] != corpus.BOS:
            window = torch.cat([torch.tensor([corpus.BOS]), window[:-1]])
        windows.append(window)
    targets = torch.stack(windows)
    inputs = targets.clone()
    if reciting:
        slips = torch.rand(inputs.shape, generator=generator) < NOISE
        random = torch.randint(3, corpus.VOCAB_SIZE, inputs.shape, generator=generator)
        inputs = torch.where(slips & (inputs > corpus.EOS), random, inputs)
    return inputs[:, :-1], targets[:, 1:]


class Rounded:
    """While open the weights hold their quantised values; afterwards the exact ones are back.

    The gradient taken inside is applied to the exact weights: the straight-through estimator.
    """

    def __init__(self, model, active=True):
        self.params = [(p, affine.bits_of(n)) for n, p in model.named_parameters()]
        self.params = [(p, bits) for p, bits in self.params if bits and active]

    def __enter__(self):
        self.exact = [p.data for p, _ in self.params]
        for p, bits in self.params:
            p.data = affine.fake_quantise(p.data, bits)

    def __exit__(self, *_):
        for (p, _), data in zip(self.params, self.exact):
            p.data = data


def learn(model, inputs, targets, quantised):
    """One forward and backward pass; returns (language loss, balance loss)."""
    with Rounded(model, quantised):
        with torch.autocast("cpu", torch.bfloat16):
            model.router_logits.clear()
            logits = model(inputs, use_cache=False).logits
        routers = model.router_logits
        loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        balance = balance_loss(routers, model.config.num_experts_per_tok)
        (loss + BALANCE * balance).backward()
    return loss.item(), balance.item() / len(routers)


def build(seed):
    torch.manual_seed(seed)
    Qwen3MoeExperts.forward = sorted_experts
    model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**CONFIG))
    model.router_logits = []
    for layer in model.model.layers:
        layer.mlp.gate.register_forward_hook(lambda _m, _i, out: model.router_logits.append(out[0]))
    return model


def save(out, step, model, pairs, generator):
    """The state to go on from, and the float checkpoint as transformers writes it."""
    state = dict(
        step=step,
        model=model.state_dict(),
        optimisers=[opt.state_dict() for opt, _ in pairs],
        generator=generator.get_state(),
    )
    torch.save(state, out / "state.tmp")
    os.replace(out / "state.tmp", out / "state.pt")
    model.save_pretrained(out / "float")


def resume(out, model, pairs, generator):
    """Loads the last state if there is one; returns the step to go on with."""
    if not (out / "state.pt").exists():
        return 0
    state = torch.load(out / "state.pt")
    model.load_state_dict(state["model"])
    for (opt, _), saved in zip(pairs, state["optimisers"]):
        opt.load_state_dict(saved)
    generator.set_state(state["generator"])
    return state["step"]


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--out", type=Path, required=True, help="tokenizer, float checkpoint, state")
    args.add_argument("--steps", type=int, default=STEPS)
    args.add_argument("--save-every", type=int, default=200)
    args.add_argument("--seed", type=int, default=1)
    args = args.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)

    if not (args.out / "tokenizer.model").exists():
        corpus.train_tokenizer(args.out / "tokenizer.model")
    tokenizer = sentencepiece.SentencePieceProcessor(str(args.out / "tokenizer.model"))
    streams = {k: torch.tensor(v) for k, v in corpus.token_streams(tokenizer).items()}
    print({k: len(v) for k, v in streams.items()}, flush=True)

    model = build(args.seed).train()
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    pairs = optimisers(model)
    generator = torch.Generator().manual_seed(args.seed)
    first = resume(args.out, model, pairs, generator)

    started = time.time()
    for step in range(first, args.steps):
        decay = min(1.0, (args.steps - step) / (args.steps - DECAY))
        for opt, rate in pairs:
            for group in opt.param_groups:
                group["lr"] = rate * decay * min(1.0, (step + 1) / WARMUP_STEPS)
        inputs, targets = draw(streams, step, generator)
        loss, balance = learn(model, inputs, targets, step >= QUANTISED)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt, _ in pairs:
            opt.step()
            opt.zero_grad()
        if step % 10 == 0:
            line = dict(step=step, loss=loss, balance=balance, norm=norm.item())
            line["seconds"] = time.time() - started
            print(json.dumps({k: round(v, 4) for k, v in line.items()}), flush=True)
        if (step + 1) % args.save_every == 0 or step + 1 == args.steps:
            save(args.out, step + 1, model, pairs, generator)


if __name__ == "__main__":
    main()
