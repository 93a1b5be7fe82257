"""Writes tests/data/rank_tables.json: exact signed-rank and Mann-Whitney distributions, p values and Holm's correction by scipy.

Distributions are rounded to 15 significant digits. Holm's correction is written out from its definition, test by test. Needs
numpy and scipy (made with 1.17.1):

    python tests/data/make_rank_tables.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu, wilcoxon
from scipy.stats._mannwhitneyu import _MWU
from scipy.stats._wilcoxon import WilcoxonDistribution


def rounded(values) -> list:
    return [float(f"{v:.15g}") for v in np.ravel(values)]


def signed_rank(n: int) -> dict:
    w = np.arange(n * (n + 1) // 4 + 1)
    return dict(n=n, cdf=rounded(WilcoxonDistribution(n).cdf(w)))


def rank_sum(m: int, n: int) -> dict:
    distribution = _MWU(m, n)
    return dict(m=m, n=n, cdf=rounded([distribution.cdf(u) for u in range(m * n // 2 + 1)]))


def p_below(rng, n: int, at: float) -> dict:
    values = rounded(rng.normal(-0.01, 0.02, n))
    p = wilcoxon(np.array(values) - at, alternative="less", method="exact").pvalue
    return dict(values=values, at=at, p=float(p))


def two_samples(rng, m: int, n: int) -> dict:
    """The interval by inverting scipy's own exact test: every shift that it does not reject at 5%."""
    first, second = rounded(rng.normal(0, 0.02, m)), rounded(rng.normal(-0.015, 0.03, n))
    differences = np.sort(np.subtract.outer(second, first).ravel())
    kept = []
    for low, high in zip(differences, differences[1:]):
        shift = (low + high) / 2
        if mannwhitneyu(second, np.array(first) + shift, method="exact").pvalue > 0.05:
            kept += [low, high]
    return dict(first=first, second=second, estimate=float(np.median(differences)), low=float(min(kept)), high=float(max(kept)))


def holm(p_values: list) -> dict:
    """The adjusted value is the least level at which Holm's procedure rejects that test."""

    def rejected(level: float) -> set:
        out = set()
        for k, i in enumerate(np.argsort(p_values, kind="stable")):
            if p_values[i] > level / (len(p_values) - k):
                break
            out.add(int(i))
        return out

    levels = sorted({p * (k + 1) for p in p_values for k in range(len(p_values))})
    return dict(p=p_values, adjusted=[next((min(x, 1.0) for x in levels if i in rejected(x * (1 + 1e-12))), 1.0) for i in range(len(p_values))])


def main():
    rng = np.random.default_rng(7)
    tables = dict(
        signed_rank=[signed_rank(n) for n in (1, 2, 6, 9, 15, 22, 30)],
        rank_sum=[rank_sum(m, n) for m, n in ((1, 1), (3, 4), (6, 6), (7, 15), (15, 15), (15, 30))],
        p_below=[p_below(rng, n, at) for n in (6, 15, 30) for at in (0.0, -0.02)],
        two_samples=[two_samples(rng, m, n) for m, n in ((6, 6), (6, 15), (15, 15), (30, 15))],
        holm=[holm(p) for p in ([0.01], [0.01, 0.04, 0.03], [0.2, 0.001, 0.011, 0.011, 0.9], [0.6, 0.7])],
    )
    parts = [f'"{k}": [\n' + ",\n".join(json.dumps(e) for e in v) + "\n]" for k, v in tables.items()]
    (Path(__file__).parent / "rank_tables.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
