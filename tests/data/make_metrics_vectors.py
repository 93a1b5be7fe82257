"""Writes tests/data/metrics.json: logits of two arms, and llama.cpp's metrics of them by scipy in float64.

Logits are float32, written so that they read back to the same bits. Needs numpy and scipy:

    python tests/data/make_metrics_vectors.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import log_softmax
from scipy.stats import entropy


def metrics(baseline: np.ndarray, patched: np.ndarray, correct: np.ndarray) -> dict:
    """Names and definitions of llama-perplexity --kl-divergence; Δp as a probability, not in percent."""
    ln_p, ln_q = (log_softmax(z.astype(np.float64), axis=1) for z in (baseline, patched))
    kld = (np.exp(ln_p) * (ln_p - ln_q)).sum(axis=1)
    if (ln_q > -700).all():  # further below, scipy's own figure loses what exp(ln_q) rounds to zero
        np.testing.assert_allclose(entropy(np.exp(ln_p), np.exp(ln_q), axis=1), kld, rtol=1e-12, atol=1e-14)
    rows = np.arange(len(correct))
    delta_p = np.exp(ln_q[rows, correct]) - np.exp(ln_p[rows, correct])
    ln_ratio = -ln_q[rows, correct].mean() + ln_p[rows, correct].mean()
    return dict(
        mean_kld=kld.mean(),
        kld_99_9=np.quantile(kld, 0.999),
        maximum_kld=kld.max(),
        mean_delta_p=delta_p.mean(),
        rms_delta_p=np.sqrt((delta_p**2).mean()),
        same_top_p=(baseline.argmax(axis=1) == patched.argmax(axis=1)).mean(),
        ppl_ratio=np.exp(ln_ratio),
    )


def case(name: str, baseline: np.ndarray, patched: np.ndarray, correct: np.ndarray) -> dict:
    numbers = {k: float(v) for k, v in metrics(baseline, patched, correct).items()}
    assert np.isfinite(list(numbers.values())).all()
    texts = {k: [[float(f"{z:.9g}") for z in row] for row in v] for k, v in (("baseline", baseline), ("patched", patched))}
    for k, v in (("baseline", baseline), ("patched", patched)):
        assert (np.array(texts[k], dtype=np.float32) == v).all()
    return dict(name=name, **texts, correct=correct.tolist(), metrics=numbers)


def main():
    rng = np.random.default_rng(20)

    def normal(rows: int, vocab: int, scale: float) -> np.ndarray:
        return (scale * rng.standard_normal((rows, vocab))).astype(np.float32)

    def noisy(z: np.ndarray, noise: float) -> np.ndarray:
        return (z + noise * rng.standard_normal(z.shape)).astype(np.float32)

    cases = []
    z = normal(60, 16, 2)  # the correct token is the baseline's best, as in teacher forcing
    cases.append(case("noise of a tenth", z, noisy(z, 0.1), z.argmax(axis=1)))
    z = normal(25, 12, 3)  # any token may be the correct one
    cases.append(case("unrelated arms", z, normal(25, 12, 3), rng.integers(0, 12, 25)))
    z = normal(1, 300, 4)
    cases.append(case("one row", z, noisy(z, 0.5), np.array([17])))
    z = normal(6, 24, 1) + np.float32(3e4)  # exp overflows without the shift
    cases.append(case("far above zero", z, noisy(z, 0.25), z.argmax(axis=1)))
    z = normal(6, 24, 200)  # nearly all probability on one token; the correct one is the second
    cases.append(case("far apart", z, noisy(z, 60), z.argsort(axis=1)[:, -2]))
    text = ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases)
    (Path(__file__).parent / "metrics.json").write_text(f"[\n{text}\n]\n")
    for c in cases:
        print(c["name"], c["metrics"])


if __name__ == "__main__":
    main()
