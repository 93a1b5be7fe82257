"""What every folder of tests/data/oracles is held to: logits and greedy ids of a reference, a second
implementation that agrees with them, and the same in float64. Which references there are is not known here."""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
import torch
from float64_reference import float64_logits
from numpy_reference import numpy_logits

N_PROMPT, N_PREFIX, N_GREEDY, N_FLOAT64 = 96, 40, 64, 24
TOLERANCE = 1e-5  # of max |logit|: how far the two references may differ
NUMPY_FAMILIES = ("lfm2", "lfm2_moe", "gpt_oss")


def torch_logits(net, ids) -> np.ndarray:
    with torch.no_grad():
        return net(torch.tensor([ids]), use_cache=False).logits[0].float().numpy()


def mlx_logits(net, ids) -> np.ndarray:
    return np.array(net(mx.array([ids]))[0].astype(mx.float32))


def greedy(logits_of, prefix) -> dict:
    """Greedy ids by whole forward passes, with the smallest gap of best to second-best logit."""
    ids, gap = list(prefix), float("inf")
    for _ in range(N_GREEDY):
        z = logits_of(ids)[-1]
        second, best = np.sort(z)[-2:]
        gap = min(gap, float(best - second))
        ids.append(int(z.argmax()))
    return dict(prefix_length=len(prefix), ids=ids[len(prefix) :], smallest_gap=gap)


def relative(a, b) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def write_reference(folder: Path, logits_of, prompt, difference_of) -> tuple:
    """Logits and greedy ids of one folder; its README line after a second implementation agreed."""
    logits = logits_of(prompt)
    np.save(folder / "logits.npy", logits)
    ids = greedy(logits_of, prompt[:N_PREFIX])
    (folder / "greedy.json").write_text(json.dumps(ids) + "\n")
    difference = difference_of(logits)
    assert difference is None or difference < TOLERANCE, f"{folder}: the references differ by {difference}"
    close = 3 * TOLERANCE * np.abs(logits).max()
    assert ids["smallest_gap"] > close, f"{folder}: two logits are within {close}; take another seed"
    return (f"{folder.parent.name}/{folder.name}", np.abs(logits).max(), difference, ids["smallest_gap"])


def numpy_of(net, published: dict, ids) -> np.ndarray:
    """numpy_reference.py on the weights of a transformers model."""
    config = published | dict(layer_types=net.config.layer_types)
    tensors = {name: t.detach().double().numpy() for name, t in net.state_dict().items()}
    return numpy_logits(tensors, config, ids)


def save_float64(net, published: dict, folder: Path, prompt) -> None:
    """logits64.npy; where numpy_reference.py knows the family it has to agree. Pass a copy of a net."""
    logits = float64_logits(net, prompt)
    np.save(folder / "logits64.npy", logits[-N_FLOAT64:])
    if published["model_type"] in NUMPY_FAMILIES:
        difference = relative(numpy_of(net, published, prompt), logits)
        assert difference < TOLERANCE / 10, f"{folder}: numpy differs by {difference}"
