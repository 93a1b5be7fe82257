"""Writes tests/data/oracles: small random checkpoints with the logits of other implementations.

The numbers come from transformers and mlx-lm, never from Fidelio. oracle_models.py is the table.
Needs: torch, transformers, mlx-lm (on Linux `pip install "mlx[cpu]"`), numpy, safetensors.
"""

import argparse
import copy
import json
import shutil
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import torch
import transformers
from mlx_lm.utils import load_model
from mxfp4_folders import hub_folder, mlx_folder
from oracle_models import MODELS
from quantised_folders import published_folder, quantised_folder
from random_models import random_model
from references import (
    N_FLOAT64, N_GREEDY, N_PREFIX, N_PROMPT, TOLERANCE, mlx_logits, numpy_of, relative, save_float64, torch_logits,
    write_reference,
)  # fmt: skip

# --- float32: transformers writes and runs it ---------------------------------------------------


def float_folder(net, published: dict, folder: Path, prompt) -> tuple:
    """save_pretrained's own files; mlx-lm reads them again where it has all the family's features."""
    net.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    with open(folder / "config.json", "a") as f:
        f.write("\n")

    def difference_of(logits):
        if published["model_type"] == "gpt_oss":
            return relative(numpy_of(net, published, prompt), logits)  # mlx-lm ignores YaRN's truncate
        if published.get("sliding_window"):
            return None  # mlx-lm knows no windows in these families
        with published_folder(net, published) as source:
            other, _ = load_model(source)
            return relative(mlx_logits(other, prompt), logits)

    logits_of = lambda ids: torch_logits(net, ids)  # noqa: E731
    row = write_reference(folder, logits_of, prompt, difference_of)
    save_float64(copy.deepcopy(net), published, folder, prompt)
    return row


# --- the folder ---------------------------------------------------------------------------------

README = """# oracles

Small random checkpoints with logits that other implementations computed. Regenerate with

    python tests/data/make_oracles.py [MODEL...]

(transformers {transformers}, torch {torch}, mlx-lm {mlx_lm}, mlx {mlx}, on a CPU; `oracle_models.py` is the table of
models). Weights come from a seed; the references may move in their last bits with other versions.

| file | what |
|---|---|
| `prompt_ids.json` | {n_prompt} token ids, all below 128, the prompt of every `logits.npy` |
| `MODEL/float32/` | what transformers' `save_pretrained` writes, unchanged; run by transformers, eager attention, float32 |
| `MODEL/mlx…/`, `MODEL/mixed…/` | what mlx-lm's converter makes of it (`mlx4g64`: affine 4 bits in groups of 64; `mixed_2_6`: its mixed recipe); run by mlx-lm with scales, biases and norms widened to float32, so that nothing is rounded to half precision |
| `MODEL/mxfp4/` | the layout in which GPT-OSS is published: experts as `*_blocks` and `*_scales` (quantised by `mxfp4.py`), the rest bfloat16; run by transformers, float32, on the widened weights |
| `MODEL/mlx_mxfp4/` | what mlx-lm's converter makes of `MODEL/mxfp4/`: MXFP4 experts, an 8-bit router, all else affine 4 bits; run like it |
| `*/logits.npy` | float32 [{n_prompt}, vocabulary]: every position of the prompt in one pass |
| `*/logits64.npy` | float64, the last {n_float64} positions of the same: transformers without any rounding to float32 (`float64_reference.py`) but that of the rotary tables; not for `bits` |
| `*/greedy.json` | {n_greedy} greedy ids after the first {n_prefix} prompt ids, each from a whole pass; `smallest_gap` is the least distance of best to second-best logit |

A second implementation had to agree within {tolerance:g} of the largest logit: mlx-lm on the float32 folders;
on the quantised ones transformers, on weights that the scripts unpack with numpy. (mlx-lm ignores
the sliding windows of mistral and qwen3, so nobody seconds the two folders that have one. It ignores the `truncate` of
YaRN: `gpt_oss/float32` is seconded by `numpy_reference.py`, and in the MXFP4 folders mlx-lm and transformers had to
agree on the same weights with `truncate` true.) A third opinion on LFM2, LFM2-MoE and GPT-OSS is `numpy_reference.py`:
written from their descriptions with numpy alone, it had to agree with every one of their `logits64.npy` within
{third:g}. Which facts of a family the logits notice is checked by `tests/validate/sensitivity_test.cc`.

| folder | max abs logit | the two references differ by (of max) | smallest greedy gap |
|---|---|---|---|
"""


def readme_head() -> str:
    return README.format(
        transformers=transformers.__version__, torch=torch.__version__, mlx=mx.__version__,
        mlx_lm=mlx_lm.__version__, n_prompt=N_PROMPT, n_prefix=N_PREFIX, n_greedy=N_GREEDY, n_float64=N_FLOAT64,
        tolerance=TOLERANCE, third=TOLERANCE / 10,
    )  # fmt: skip


def row_text(row) -> str:
    name, largest, difference, gap = row
    return f"| `{name}` | {largest:.2f} | {'-' if difference is None else f'{difference:.1e}'} | {gap:.3f} |"


def write_readme(out: Path, rows: list) -> None:
    """New lines replace those of the same folders."""
    file = out / "README.md"
    lines = {row[0]: row_text(row) for row in rows}
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith("| `") and line.count("|") == 5:
                lines.setdefault(line.split("`")[1], line)
    kept = [line for name, line in sorted(lines.items()) if (out / name).is_dir()]
    file.write_text(readme_head() + "\n".join(kept) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", help="names of the table; all when absent")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "oracles")
    options = parser.parse_args()
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)

    prompt = np.random.default_rng(7).integers(3, 128, N_PROMPT).tolist()
    (out / "prompt_ids.json").write_text(json.dumps(prompt) + "\n")
    rows = []
    for model in MODELS:
        if options.models and model.name not in options.models:
            continue
        shutil.rmtree(out / model.name, ignore_errors=True)
        net = random_model(model)
        if model.float32:
            (out / model.name / "float32").mkdir(parents=True)
            rows.append(float_folder(net, model.config, out / model.name / "float32", prompt))
            print(row_text(rows[-1]), flush=True)
        for spec in model.quantised:
            rows.append(quantised_folder(net, model, spec, out / model.name / spec.folder, prompt))
            print(row_text(rows[-1]), flush=True)
        if model.mxfp4:
            hub = out / model.name / "mxfp4"
            rows.append(hub_folder(net, model, hub, prompt))
            print(row_text(rows[-1]), flush=True)
            rows.append(mlx_folder(hub, net, model, out / model.name / "mlx_mxfp4", prompt))
            print(row_text(rows[-1]), flush=True)
    write_readme(out, rows)


if __name__ == "__main__":
    main()
