"""Writes tests/data/oracles: small random checkpoints with the logits of other implementations.

The numbers come from transformers and mlx-lm, never from Fidelio. oracle_models.py is the table.
Needs: torch, transformers, mlx-lm (on Linux `pip install "mlx[cpu]"`), numpy, safetensors.
"""

import argparse
import copy
import json
import shutil
import tempfile
from pathlib import Path

import mlx.core as mx
import mlx_lm
import numpy as np
import torch
import transformers
from affine_reading import dequantised
from float64_reference import float64_logits
from mlx.utils import tree_map
from mlx_lm.convert import mixed_quant_predicate_builder
from mlx_lm.utils import load_model, quantize_model, save_config, save_model
from oracle_models import MODELS, Model, Quantised
from transformers import AutoConfig, AutoModelForCausalLM

N_PROMPT, N_PREFIX, N_GREEDY, N_FLOAT64 = 96, 40, 64, 24
TOLERANCE = 1e-5  # of max |logit|: how far the two references may differ
SCALES = dict(norm=0.25, embed_tokens=0.02, tied_embedding=0.03, lm_head=2.0, bias=0.5, weight=1.7)


def transformers_config(published: dict):
    return AutoConfig.for_model(**{k: v for k, v in published.items() if k != "rope_traditional"})


def random_model(model: Model):
    """Weights large enough that no part of the network is decoration; norms around 1; embeddings
    small enough that the first layer's eps shows."""
    scales = SCALES | model.scales
    net = AutoModelForCausalLM.from_config(transformers_config(model.config), attn_implementation="eager")
    generator = torch.Generator().manual_seed(model.seed)
    for name, p in net.named_parameters():
        z = torch.randn(p.shape, generator=generator)
        if "norm" in name:
            p.data = 1 + scales["norm"] * z
        elif name.endswith(".bias"):
            p.data = scales["bias"] * z
        elif "embed_tokens" in name:
            p.data = scales["tied_embedding" if model.config["tie_word_embeddings"] else "embed_tokens"] * z
        else:
            p.data = scales["lm_head" if "lm_head" in name else "weight"] * z / p.shape[-1] ** 0.5
    return net.eval()


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


# --- float32: transformers writes and runs it ---------------------------------------------------


def float_folder(net, published: dict, folder: Path, prompt) -> tuple:
    """save_pretrained's own files; mlx-lm reads them again where it has all the family's features."""
    net.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    with open(folder / "config.json", "a") as f:
        f.write("\n")

    def difference_of(logits):
        if published.get("sliding_window"):
            return None  # mlx-lm knows no windows in these families
        with published_folder(net, published) as source:
            other, _ = load_model(source)
            return relative(mlx_logits(other, prompt), logits)

    logits_of = lambda ids: torch_logits(net, ids)  # noqa: E731
    row = write_reference(folder, logits_of, prompt, difference_of)
    save_float64(copy.deepcopy(net), folder, prompt)
    return row


def save_float64(net, folder: Path, prompt) -> None:
    np.save(folder / "logits64.npy", float64_logits(net, prompt)[-N_FLOAT64:])


class published_folder:
    """The checkpoint in a temporary folder with its config in the published spelling."""

    def __init__(self, net, published: dict):
        self.net, self.published = net, published

    def __enter__(self) -> Path:
        self.dir = tempfile.TemporaryDirectory()
        source = Path(self.dir.name)
        self.net.save_pretrained(source)
        (source / "config.json").write_text(json.dumps(self.published))
        return source

    def __exit__(self, *_):
        self.dir.cleanup()


# --- quantised: mlx-lm converts and runs it -----------------------------------------------------


def predicate_of(spec: Quantised, net):
    if spec.recipe.startswith("mixed"):
        return mixed_quant_predicate_builder(spec.recipe, net, spec.group_size)
    if spec.recipe == "no_predicate" or spec.group_size != 64:
        return lambda path, module: True  # the default one asks for group 64 on routers
    return getattr(net, "quant_predicate", None)


def convert(source: Path, target: Path, spec: Quantised) -> None:
    """mlx-lm's converter without its tokenizer part."""
    net, config = load_model(source)
    dtype = getattr(mx, spec.dtype)
    net.update(tree_map(lambda p: p.astype(dtype), net.parameters()))
    config["torch_dtype"] = spec.dtype
    net, config = quantize_model(
        net, config, spec.group_size, spec.bits, quant_predicate=predicate_of(spec, net)
    )
    save_model(target, net)
    (target / "model.safetensors.index.json").unlink()
    save_config(config, target / "config.json")
    with open(target / "config.json", "a") as f:
        f.write("\n")


def load_exact(folder: Path):
    """The checkpoint with everything that is not a code in float32, so all arithmetic is float32."""
    net, _ = load_model(folder)
    exact = lambda p: p if p.dtype == mx.uint32 else p.astype(mx.float32)  # noqa: E731
    net.update(tree_map(exact, net.parameters()))
    return net


def transformers_twin(folder: Path, published: dict, kind: type, dtype=np.float32):
    """The same checkpoint as a transformers model: experts unstacked, neighbours to halves."""
    quantisation = json.loads((folder / "config.json").read_text())["quantization"]
    tensors = dequantised(folder, quantisation, dtype)
    mixtral = dict(gate_proj="w1", down_proj="w2", up_proj="w3")
    for name in [n for n in tensors if ".switch_mlp." in n]:
        prefix, proj = name.removesuffix(".weight").split(".switch_mlp.")
        proj = mixtral[proj] if published["model_type"] == "mixtral" else proj
        for expert, w in enumerate(tensors.pop(name)):
            tensors[f"{prefix}.experts.{expert}.{proj}.weight"] = w.clone()
    if published.get("rope_traditional"):
        dim = published["hidden_size"] // published["num_attention_heads"]
        order = torch.cat([torch.arange(0, dim, 2), torch.arange(1, dim, 2)])
        for name in [n for n in tensors if "q_proj" in n or "k_proj" in n]:
            heads = tensors[name].unflatten(0, (-1, dim))
            tensors[name] = heads[:, order].flatten(0, 1).contiguous()
    net = kind.from_pretrained(
        None, config=transformers_config(published), state_dict=tensors, attn_implementation="eager",
        dtype=torch.float64 if dtype == np.float64 else torch.float32,
    )  # fmt: skip
    return net.eval()


def quantised_folder(net, model: Model, spec: Quantised, folder: Path, prompt) -> tuple:
    with published_folder(net, model.config) as source:
        convert(source, folder, spec)
    exact = load_exact(folder)
    twin = transformers_twin(folder, model.config, type(net))
    if model.name != "bits":
        save_float64(transformers_twin(folder, model.config, type(net), np.float64), folder, prompt)
    logits_of = lambda ids: mlx_logits(exact, ids)  # noqa: E731
    return write_reference(
        folder, logits_of, prompt, lambda logits: relative(torch_logits(twin, prompt), logits)
    )


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
| `*/logits.npy` | float32 [{n_prompt}, vocabulary]: every position of the prompt in one pass |
| `*/logits64.npy` | float64, the last {n_float64} positions of the same: transformers without any rounding to float32 (`float64_reference.py`) but that of the rotary tables; not for `bits` |
| `*/greedy.json` | {n_greedy} greedy ids after the first {n_prefix} prompt ids, each from a whole pass; `smallest_gap` is the least distance of best to second-best logit |

A second implementation had to agree within {tolerance:g} of the largest logit: mlx-lm on the float32 folders;
on the quantised ones transformers, on weights that the script unpacks with numpy. (mlx-lm ignores
the sliding windows of these families, so nobody seconds the two folders that have one.) Which facts of a family the logits notice is
checked by `tests/validate/sensitivity_test.cc`.

| folder | max abs logit | the two references differ by (of max) | smallest greedy gap |
|---|---|---|---|
"""


def readme_head() -> str:
    return README.format(
        transformers=transformers.__version__, torch=torch.__version__, mlx=mx.__version__,
        mlx_lm=mlx_lm.__version__, n_prompt=N_PROMPT, n_prefix=N_PREFIX, n_greedy=N_GREEDY, n_float64=N_FLOAT64,
        tolerance=TOLERANCE,
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
    write_readme(out, rows)


if __name__ == "__main__":
    main()
