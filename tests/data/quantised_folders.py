"""Folders of tests/data/oracles that mlx-lm's converter makes of a random model, run by mlx-lm. GPT-OSS's,
which mlx-lm alone cannot speak for, are mxfp4_folders.py."""

import json
import tempfile
from pathlib import Path

import mlx.core as mx
import numpy as np
from mlx.utils import tree_map, tree_map_with_path
from mlx_lm.convert import mixed_quant_predicate_builder
from mlx_lm.utils import load_model, quantize_model, save_config, save_model
from oracle_models import Model, Quantised
from references import mlx_logits, relative, save_float64, torch_logits, write_reference
from transformers_twin import transformers_twin


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


def predicate_of(spec: Quantised, net):
    if spec.recipe.startswith("mixed"):
        return mixed_quant_predicate_builder(spec.recipe, net, spec.group_size)
    if spec.recipe == "no_predicate" or spec.group_size != 64:
        return lambda path, module: True  # the default one asks for group 64 on routers
    return getattr(net, "quant_predicate", None)


def cast(net, dtype) -> None:
    """As mlx-lm's converter: floating-point parameters but those that the model keeps."""
    wanted = getattr(net, "cast_predicate", lambda path: True)

    def converted(path, p):
        return p.astype(dtype) if wanted(path) and mx.issubdtype(p.dtype, mx.floating) else p

    net.update(tree_map_with_path(converted, net.parameters()))


def save_mlx(target: Path, net, config: dict) -> None:
    save_model(target, net)
    (target / "model.safetensors.index.json").unlink()
    save_config(config, target / "config.json")
    with open(target / "config.json", "a") as f:
        f.write("\n")


def convert(source: Path, target: Path, spec: Quantised) -> None:
    """mlx-lm's converter without its tokenizer part."""
    net, config = load_model(source)
    cast(net, getattr(mx, spec.dtype))
    config["torch_dtype"] = spec.dtype
    net, config = quantize_model(net, config, spec.group_size, spec.bits, quant_predicate=predicate_of(spec, net))
    save_mlx(target, net, config)


def load_exact(folder: Path):
    """The checkpoint with everything that is not a code in float32, so all arithmetic is float32."""
    net, _ = load_model(folder)
    exact = lambda p: p.astype(mx.float32) if mx.issubdtype(p.dtype, mx.floating) else p  # noqa: E731
    net.update(tree_map(exact, net.parameters()))
    return net


def quantised_folder(net, model: Model, spec: Quantised, folder: Path, prompt) -> tuple:
    with published_folder(net, model.config) as source:
        convert(source, folder, spec)
    exact = load_exact(folder)
    twin = transformers_twin(folder, model.config, type(net))
    if model.name != "bits":
        save_float64(transformers_twin(folder, model.config, type(net), np.float64), model.config, folder, prompt)
    logits_of = lambda ids: mlx_logits(exact, ids)  # noqa: E731
    return write_reference(
        folder, logits_of, prompt, lambda logits: relative(torch_logits(twin, prompt), logits)
    )
