"""transformers' models in float64 throughout: what Fidelio's truth is held to.

Cosines and sines stay float32, as transformers computes them and as Fidelio's graphs hold them. Everything
that transformers rounds to float32 on the way (norms, softmaxes) is kept in float64.
"""

from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def without_rounding(net):
    """Softmaxes that ignore dtype=float32, and norms in the type of their input."""
    softmax = torch.nn.functional.softmax
    torch.nn.functional.softmax = lambda x, dim=None, dtype=None, **_: softmax(x, dim=dim)
    kinds = {type(m) for m in net.modules() if type(m).__name__.endswith("RMSNorm")}
    kept = {kind: kind.forward for kind in kinds}

    def exact_norm(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))

    try:
        for kind in kinds:
            kind.forward = exact_norm
        yield
    finally:
        torch.nn.functional.softmax = softmax
        for kind, forward in kept.items():
            kind.forward = forward


def float64_logits(net, ids) -> np.ndarray:
    """net's weights are widened; pass a copy."""
    net.config._experts_implementation = "eager"  # the other one has no float64
    net = net.double()
    with torch.no_grad(), without_rounding(net):
        return net(torch.tensor([ids]), use_cache=False).logits[0].numpy()
