"""Writes the first seeds of tests/fuzz/corpus from the test data and from a capsule.

`./fidelio.sh fuzz` extends what it finds there; this script makes only the files named seed-*.
Usage: python tests/fuzz/make_seeds.py CAPSULE (a short run: validate kjv-moe-8m --runs 1 --max-tokens 2 …).
"""

import json
import struct
import sys
from pathlib import Path

import gguf
import numpy as np

ROOT = Path(__file__).parent
DATA = ROOT.parent / "data"
sys.path.insert(0, str(DATA))

from hf_to_gguf import ARCHITECTURES, add_config, add_numbered_vocabulary  # noqa: E402
from make_gguf import MODELS  # noqa: E402


def write(reader: str, name: str, content: bytes) -> None:
    folder = ROOT / "corpus" / reader
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content)


def safetensors(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def rounded(capsule: dict) -> dict:
    """The run as if down_combine rounded otherwise and one token were a tie: every section of fidelity in use."""
    prompt, position = 0, 1
    comparison = capsule["comparisons"][0]
    change = dict(position=position, baseline_id=1, patched_id=2, baseline_text=" town", patched_text=" city", margin=0.002)
    comparison.update(
        differing_positions=2, first_difference=0, max_abs_err=1e-5, argmax_changes=1, first_argmax_change=position,
        first_change=change, widest_change=change, patched_logit_xxh3_128="0" * 32,
    )
    routed = dict(comparison, routing="routed", route_flips=1)
    capsule["comparisons"].append(routed)
    patch = next(p for p in capsule["patches"] if p["name"] == "down_combine")
    patch.update(numerics="reassociated")
    point = dict(prompt=prompt, width=1, position=position)
    flip = dict(point, layer=0, count=1, baseline_experts=[3], patched_experts=[5], gap=1e-6)
    site = dict(
        site="x", op="down_combine", layer=0, patch="down_combine", numerics="reassociated", rows=9, differing_rows=4,
        first_difference=point, wrong_expert_rows=0, sampled_rows=2, e_baseline=1e-7, e_naive=4e-7, e_patched=6e-8,
        worst=point, worst_e_baseline=1e-7, worst_e_naive=4e-7, worst_e_patched="Infinity",
    )
    reference = dict(
        prompt=prompt, reference="truth", steps=64, e_baseline=1e-6, e_naive=4e-6, e_patched=6e-7,
        sigma_baseline=0.001, sigma_naive="NaN",
    )
    capsule["route_flips"] = [flip]
    capsule["router_noise"] = [dict(layer=0, rows=64, rms_baseline=1e-6, rms_naive=4e-6)]
    capsule["references"] = [reference]
    capsule["sites"] = [site]
    capsule["options"].update(
        sampled_steps=64, lengths=[1, 2], budget=dict(mean_kld=0.01, kld_99_9=0.3, rms_delta_p=0.02, same_top_p=0.98)
    )
    return capsule


def write_gguf_seed(name: str, config: dict, sentencepiece: bool, alignment: int) -> None:
    """A file of few and small tensors with all of a family's metadata."""
    file = ROOT / "corpus/gguf" / f"seed-{name}"
    file.parent.mkdir(parents=True, exist_ok=True)
    arch = gguf.MODEL_ARCH_NAMES[getattr(gguf.MODEL_ARCH, ARCHITECTURES[config["model_type"]])]
    writer = gguf.GGUFWriter(file, arch)
    writer.add_custom_alignment(alignment)
    add_config(writer, config)
    kinds = gguf.TokenType
    if sentencepiece:
        tokens = ["<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "\u2581ab", "<tool>", "\u2581\u2581"]
        writer.add_tokenizer_model("llama")
        writer.add_token_list(tokens)
        writer.add_token_scores([0.0, 0.0, 0.0, -1.0, -2.0, -3.0, -0.5, -0.25, 0.0, -4.0])
        types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.NORMAL] * 5 + [kinds.USER_DEFINED, kinds.UNUSED]
        writer.add_token_types(types)
        writer.add_add_space_prefix(True)
    else:
        add_numbered_vocabulary(writer, 10)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_tensor("token_embd.weight", np.zeros((4, 8), np.float32))
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((2, 32), np.float16))
    eight = gguf.quants.quantize(np.ones((1, 32), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("blk.0.ffn_up.weight", eight, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    if sentencepiece:
        writer.add_tensor("rope_freqs.weight", np.ones(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def whole_policy() -> dict:
    """Every field of a gate's policy, of demands that the fuzzer's capsule meets or nearly meets."""
    return dict(
        policy_version=1, verdicts=["EXACT", "TIE_FLIP"],
        budget=dict(mean_kld=0.01, kld_99_9=0.3, rms_delta_p=0.02, same_top_p=0.98), margins=dict(decode=0.01, prefill=0.05),
        timing="required", inconclusive="pass", min_pairs=7, looks=1, confirm=True,
        max_noise_floor=dict(decode=0.004, prefill=0.006), holm=True, models=["tiny-moe", "b"],
        prompts=[dict(text="Once upon a time,", model="tiny-moe"), dict(ids_xxh3_128="0" * 32)], max_age_days=30,
        clean_tree=True, same_numerics=True,
    )


def main():
    for file in sorted((DATA / "oracles").glob("*/*/config.json")):
        if file.parent.parent.name != "bits":
            write("config", f"{file.parent.parent.name}-{file.parent.name}", file.read_bytes())
    for i, case in enumerate(json.loads((DATA / "tokenizer_vectors/small_cases.json").read_text())["cases"]):
        document = case.get("tokenizer", case.get("tokenizer_json", case))
        write("tokenizer_json", f"{i:02}", json.dumps(document, ensure_ascii=False).encode() + b"\0The tests, 12 e\xcc\x81 <s>")
    tensor = dict(dtype="F32", shape=[1, 2], data_offsets=[0, 8])
    write("safetensors", "one", safetensors(dict(a=tensor), bytes(8)))
    write("safetensors", "empty", safetensors({}, b""))
    two = dict(__metadata__=dict(format="pt"), a=tensor, b=dict(dtype="U32", shape=[3], data_offsets=[8, 20]))
    write("safetensors", "two", safetensors(two, bytes(20)))
    for i, (name, config) in enumerate(MODELS.items()):
        write_gguf_seed(name, config, name in ("llama", "mixtral"), (8, 32)[i % 2])
    run = Path(sys.argv[1]).read_bytes()
    write("capsule", "run", run)
    write("capsule", "rounded", json.dumps(rounded(json.loads(run)), indent=1).encode())
    write("gate_policy", "none", json.dumps(dict(policy_version=1)).encode())
    write("gate_policy", "whole", json.dumps(whole_policy(), indent=1).encode())


if __name__ == "__main__":
    main()
