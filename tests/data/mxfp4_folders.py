"""GPT-OSS with MXFP4 experts, as it is published and as mlx-lm keeps it. transformers runs both, on weights
that this folder's scripts unpack. mlx-lm ignores YaRN's `truncate`, so it seconds the same weights with
`truncate` true, which transformers then has to reproduce too."""

import contextlib
import copy
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from mlx_lm.utils import load_model, quantize_model
from mxfp4 import quantised, widened
from oracle_models import Model
from quantised_folders import load_exact, save_mlx
from references import mlx_logits, relative, save_float64, torch_logits, write_reference
from safetensors import safe_open
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors
from transformers_twin import built, transformers_twin

STACKS = ("experts.gate_up_proj", "experts.down_proj")


def hub_tensors(net) -> dict:
    """state_dict in the published layout: experts (output, input) in MXFP4, the rest bfloat16."""
    tensors = {}
    for name, w in net.state_dict().items():
        if not name.endswith(STACKS):
            tensors[name] = w.bfloat16().contiguous()
            continue
        blocks, scales = quantised(w.transpose(1, 2).contiguous().numpy())
        tensors[f"{name}_blocks"], tensors[f"{name}_scales"] = map(torch.from_numpy, (blocks, scales))
    return tensors


def hub_twin(folder: Path, model: Model, kind: type, dtype=np.float32, **changes):
    """A published folder as a transformers model of plain weights."""
    with safe_open(folder / "model.safetensors", "pt") as f:
        stored = {name: f.get_tensor(name) for name in f.keys()}
    tensors = {}
    for name, w in stored.items():
        if name.endswith("_blocks"):
            stack, scales = name.removesuffix("_blocks"), stored[name.replace("_blocks", "_scales")]
            values = torch.from_numpy(widened(w.numpy(), scales.numpy())).transpose(1, 2).contiguous()
            assert torch.equal(values, convert_moe_packed_tensors(w, scales).float()), name
            tensors[stack] = values
        elif not name.endswith("_scales"):
            tensors[name] = w.float()
    if dtype == np.float64:
        tensors = {name: w.double() for name, w in tensors.items()}
    return built(tensors, model.config | changes, kind, dtype)


@contextlib.contextmanager
def truncating(folder: Path):
    """The folder with `truncate` true, which is what mlx-lm computes in any case."""
    config = json.loads((folder / "config.json").read_text())
    config["rope_scaling"]["truncate"] = True
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "model.safetensors").symlink_to((folder / "model.safetensors").resolve())
        (Path(name) / "config.json").write_text(json.dumps(config))
        yield Path(name), dict(rope_scaling=config["rope_scaling"])


def reference(folder: Path, model: Model, twin_of, prompt) -> tuple:
    """twin_of(dtype, **changes of the config) is the folder as a transformers model."""
    twin = twin_of(np.float32)

    def difference_of(_):
        with truncating(folder) as (other, changes):
            return relative(mlx_logits(load_exact(other), prompt), torch_logits(twin_of(np.float32, **changes), prompt))

    save_float64(twin_of(np.float64), model.config, folder, prompt)
    return write_reference(folder, lambda ids: torch_logits(twin, ids), prompt, difference_of)


def hub_folder(net, model: Model, folder: Path, prompt) -> tuple:
    folder.mkdir(parents=True)
    save_file(hub_tensors(net), folder / "model.safetensors", metadata={"format": "pt"})
    kept = [f"model.layers.*.{part}" for part in ("self_attn", "mlp.router")] + ["model.embed_tokens", "lm_head"]
    config = model.config | dict(
        architectures=["GptOssForCausalLM"], torch_dtype="bfloat16",
        quantization_config=dict(modules_to_not_convert=kept, quant_method="mxfp4"),
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    return reference(folder, model, lambda dtype, **changes: hub_twin(folder, model, type(net), dtype, **changes), prompt)


def mlx_folder(hub: Path, net, model: Model, folder: Path, prompt) -> tuple:
    """mlx-lm's conversion of a published folder: experts stay MXFP4, everything else becomes affine, 4 bits
    in groups of 64, the router 8; o_proj, whose rows no such group divides, stays bfloat16."""
    other, config = load_model(hub)
    other, config = quantize_model(other, config, 64, 4)
    save_mlx(folder, other, copy.deepcopy(config))

    def twin_of(dtype, **changes):
        return transformers_twin(folder, model.config | changes, type(net), dtype)

    return reference(folder, model, twin_of, prompt)
