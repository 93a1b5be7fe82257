"""Writes the first seeds of tests/fuzz/corpus from the test data and from a capsule.

`./fidelio.sh fuzz` extends what it finds there; this script makes only the files named seed-*.
Usage: python tests/fuzz/make_seeds.py CAPSULE (a short run: validate kjv-moe-8m --runs 1 --max-tokens 2 …).
"""

import json
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).parent
DATA = ROOT.parent / "data"


def write(reader: str, name: str, content: bytes) -> None:
    folder = ROOT / "corpus" / reader
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content)


def safetensors(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


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
    write("capsule", "run", Path(sys.argv[1]).read_bytes())


if __name__ == "__main__":
    main()
