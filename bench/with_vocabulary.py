"""A copy of a GGUF file that has no vocabulary, with one of made-up pieces: engines that load no
model without a tokenizer then run the same weights (bench/llama_cpp.mjs).

    pip install gguf
    python with_vocabulary.py MODEL.gguf COPY.gguf
"""

import sys

from gguf import GGUFReader, GGUFValueType, GGUFWriter, TokenType

source, target = sys.argv[1:]
reader = GGUFReader(source)


def value_of(field):
    value = field.contents()
    return value


architecture = value_of(reader.fields["general.architecture"])
writer = GGUFWriter(target, architecture)
for field in reader.fields.values():
    if field.name.startswith(("GGUF.", "tokenizer.")) or field.name == "general.architecture":
        continue
    kind = field.types[0]
    if kind == GGUFValueType.ARRAY:
        writer.add_array(field.name, value_of(field))
    else:
        writer.add_key_value(field.name, value_of(field), kind)

embedding = next(t for t in reader.tensors if t.name == "token_embd.weight")
size = int(embedding.shape[1])
pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256
pieces += [f"t{i}" for i in range(len(pieces), size)]
kinds += [TokenType.NORMAL] * (size - len(kinds))
writer.add_tokenizer_model("llama")
writer.add_token_list(pieces)
writer.add_token_scores([-float(i) for i in range(size)])
writer.add_token_types(kinds)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)

for tensor in reader.tensors:
    writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
