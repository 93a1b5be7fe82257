"""Writes tests/data/tokenizer_vectors: strings, and what the reference packages make of them.

strings.json holds the strings; one file a tokenizer holds the ids and, where decoding does not give
the string back, the decoded text (special tokens left out). small_cases.json holds whole small
tokenizer.json documents with ids. Only strings and ids are written, never a published tokenizer.
The ids come from the `tokenizers` and `sentencepiece` packages, never from Fidelio.
Needs: tokenizers 0.23, sentencepiece 0.2. Regenerate with
    python tests/data/make_tokenizer_vectors.py FOLDER
where FOLDER has gpt-neox-olmo/, qwen2/ and mixtral/ (the external data's tokenizers/).
"""

import argparse
import json
import random
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

HERE = Path(__file__).parent / "tokenizer_vectors"

# transformers' Qwen2Tokenizer.
QWEN2_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                 r"|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3_PATTERN = QWEN2_PATTERN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")

SENTENCES = [
    "The quick brown fox jumps over the lazy dog.", "Le cœur a ses raisons, n'est-ce pas ?",
    "Größe, Straße, Übermut: schön!", "¿Dónde está el baño? ¡Aquí!", "Zażółć gęślą jaźń.",
    "Příliš žluťoučký kůň", "Съешь ещё этих мягких булок", "Η γρήγορη καφέ αλεπού", "שלום עולם, מה נשמע?",
    "مرحبا بالعالم، كيف الحال؟", "नमस्ते दुनिया, आप कैसे हैं?", "வணக்கம் உலகம்", "สวัสดีชาวโลก วันนี้",
    "你好,世界!今天是2024年。", "こんにちは、世界。カタカナも。", "안녕하세요 세계!", "Xin chào thế giới",
    "Merhaba dünya, İstanbul'da ısı", "გამარჯობა მსოფლიო", "Բարեւ աշխարհ", "ሰላም ልዑል", "ᐊᐃᓐᖓᐃ", "မင်္ဂလာပါ",
    "ជំរាបសួរ", "ສະບາຍດີ", "བཀྲ་ཤིས", "ᠰᠠᠢᠨ ᠪᠠᠢᠨᠠ", "𐌰𐌱𐌲 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛", "I'm sure you're right; they'll've gone, it's he'd DON'T I'LL",
    "I’m sure it’s fine", "ſ 'ſ 'S 'K", "x = [i**2 for i in range(10)]\n    if x:\n\t\treturn x",
    "#include <vector>\r\nint main() { return 0; }\r\n", "SELECT * FROM t WHERE a<>'b'; -- c",
    "https://example.org/a?b=c&d=%20#e", "user@example.com", "1234567890 3.14159 1,000,000 ½ ² ① Ⅷ ٣٤٥ १२३",
    "\\frac{a}{b} \\alpha", "{\"a\": [1, 2.5e-3, null]}", "<div class='x'>&amp;</div>", "a\u00a0b\u2003c\u3000d\u200be\u202ff\u180eg\u1680h\u0085i\u2028j",
]
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "❤️", "☃", "1️⃣", "🧑🏿‍🚀", "🤷‍♀️"]
COMBINING = ["e\u0301", "o\u0308\u0304", "A\u030a", "n\u0303", "\u1100\u1161\u11a8", "\u0915\u093c", "q\u0307\u0323", "\u0344", "\u212b", "\u2126", "\ufb01", "\uf900", "a\u0315\u0300\u05ae\u0062", "\u0958", "\u0f73"]
SPACES = [" ", "  ", "   ", " " * 7, " " * 23, " " * 24, " " * 25, " " * 60, "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", " \n", "\n ", " \t \n", "\n\n\n   ", "\u00a0", "\u00a0\u00a0", "\u2003", "\u3000", "\u2028", "\u0085", "\u200b", "\ufeff", "\u202f", "\u180e", "\v", "\f"]
ODD = ["\0", "a\0b", "\x01", "\x1b[0m", "\x7f", "\x80", "\x9f", "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "\u0378", "\U0001fbff", "\ufffe", "\uffff", "\ufffd", "\U000e0001", "\u202e\u202c", "\u2060", "\u00ad", "\u034f"]
BLOCKS = [(0x20, 0x7e), (0xa0, 0x24f), (0x370, 0x3ff), (0x400, 0x4ff), (0x590, 0x5f4), (0x620, 0x6ff), (0x900, 0x97f),
          (0xe01, 0xe5b), (0x1100, 0x11ff), (0x2000, 0x206f), (0x20a0, 0x20bf), (0x2100, 0x21ff), (0x2460, 0x24ff),
          (0x3040, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3), (0xe000, 0xf8ff), (0xff00, 0xffef),
          (0x10000, 0x100ff), (0x1d400, 0x1d7ff), (0x1f300, 0x1f64f), (0x300, 0x36f)]


def gather_strings(added):
    rng = random.Random(20240607)
    strings = ["", *SENTENCES, *EMOJI, *COMBINING, *SPACES, *ODD]
    for token in added:
        strings += [token, f"a{token}b", f" {token} ", token + token, f"x {token}\n{token} y", token[:-1], token[1:]]
    for space in SPACES:
        strings += [f"a{space}b", f"{space}a", f"a{space}", f"1{space}2", f".{space}.", f"{space}\n", f"é{space}"]
    for piece in EMOJI + COMBINING + ODD:
        strings += [f"a{piece}", f"{piece}a", f" {piece} ", piece * 3, f"'{piece}", f"{piece}'s"]
    for sentence in SENTENCES:
        words = sentence.split(" ")
        strings += [" " + sentence, sentence.upper(), sentence + "\n", "  ".join(words), "\n".join(words), sentence[::-1]]
    for suffix in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "’s"]:
        strings += [f"he{suffix}", f"he {suffix}", f"he{suffix}x", f"9{suffix}", suffix]
    for n in range(1, 24):
        strings += ["7" * n, "ab" * n, "-" * n, "=" * n + "\n", "é" * n, " " * n + "x", "\n" * n, "\t" * n + "x"]
    atoms = [*SPACES, *EMOJI, *COMBINING, *ODD, *added, *(w for s in SENTENCES for w in s.split(" "))]
    while len(set(strings)) < 2300:
        low, high = rng.choice(BLOCKS)
        kind = rng.randrange(3)
        if kind == 0:
            strings.append("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 12))))
        elif kind == 1:
            strings.append("".join(rng.choice(atoms) for _ in range(rng.randint(2, 6))))
        else:
            strings.append("".join(chr(rng.randint(*rng.choice(BLOCKS))) for _ in range(rng.randint(1, 10))))
    return list(dict.fromkeys(strings))


def qwen2(folder):
    config = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    for number, fields in sorted(config["added_tokens_decoder"].items(), key=lambda item: int(item[0])):
        content = fields.pop("content")
        tokenizer.add_tokens([AddedToken(content, **fields)])
        assert tokenizer.token_to_id(content) == int(number)
    return tokenizer


def write_lines(path, opening, rows, closing):
    path.write_text(opening + ",\n".join(rows) + closing, encoding="utf-8")


def write_vectors(name, source, strings, encode, decode):
    rows, decoded = [], {}
    for i, text in enumerate(strings):
        ids = encode(text)
        rows.append(json.dumps(ids, separators=(",", ":")))
        if decode(ids) != text:
            decoded[str(i)] = decode(ids)
    write_lines(HERE / f"{name}.json", json.dumps({"source": source})[:-1] + ',\n"decoded": ' + json.dumps(decoded)
                + ',\n"ids": [\n', rows, "\n]}\n")


# Small tokenizers for what the published files do not reach.

def vocabulary(tokens):
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


def document(model, **parts):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model, **parts}


def token(number, content, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": False, **flags}


def bpe(tokens, merges, **options):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            **options, "vocab": vocabulary(tokens), "merges": merges}


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
LETTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'-")
WORDS = [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["▁", "hello"], ["▁", "▁"], ["▁▁", "▁▁"], ["o", "r"], ["▁", "w"], ["▁w", "or"]]
TEXTS = ["", " ", "  ", "hello", "hello world", " hello  world ", "Hello<s>hello", "a<s> b </s>c", "é", "hé🙂llo", "一hello二",
         "a\nb\tc", "x" * 40, "hello" * 9, "▁hello", "1234567 12", "it's 'S I'LL", "hello \n\n  world", "\0", "e\u0301 \u212b",
         "a.b,c!?", "\u00a0hello\u3000", "don't-stop 99", "aXbXXcX", "abc ab", "<mask> a<mask>b  <mask>  c", "day today day"]


def llama_like(**options):
    tokens = ["<unk>", "<s>", "</s>", *BYTES, "▁", *LETTERS, *(a + b for a, b in WORDS)]
    return bpe(tokens, options.pop("merges", [" ".join(pair) for pair in WORDS]), **{**dict(unk_token="<unk>", fuse_unk=True, byte_fallback=True), **options})


SPECIALS = [token(0, "<unk>", special=True), token(1, "<s>", special=True), token(2, "</s>", special=True)]
LLAMA_DECODER = {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
BOS = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
       "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
BOS_EOS = {**BOS, "single": [*BOS["single"], {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "special_tokens": {**BOS["special_tokens"], "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}}


def llama(**parts):
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                                                      {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    return document(llama_like(), **{**dict(added_tokens=SPECIALS, normalizer=normalizer, decoder=LLAMA_DECODER, post_processor=BOS), **parts})


def metaspace(scheme, split, **extra):
    step = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split, **extra}
    return document(llama_like(), added_tokens=SPECIALS, pre_tokenizer=step, decoder=step, post_processor=BOS)


def byte_level(pre_tokenizer, **options):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["Ġ", "hello"], ["Ġ", "w"], ["1", "2"], ["12", "3"], ["Ċ", "Ċ"], ["Ġ", "Ġ"]]
    tokens = [*alphabet, *(a + b for a, b in merges), "world", "4567", "Ġabc"]
    parts = options.pop("parts", {})
    decoder = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return document(bpe(tokens, merges, **options), pre_tokenizer=pre_tokenizer, decoder=decoder, **parts)


def split(pattern, behavior, invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def small_cases():
    levels = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    cases = {
        "llama: Prepend and Replace, byte fallback, BOS": llama(),
        "llama: merges as pairs, BOS and EOS": document(llama_like(merges=WORDS), **{k: v for k, v in llama(post_processor=BOS_EOS).items() if k != "model"}),
        "llama-3: Split, ByteLevel without its own pattern, ignore_merges": byte_level(sequence(split(LLAMA3_PATTERN, "Isolated"), levels), ignore_merges=True),
        "llama-3 without ignore_merges": byte_level(sequence(split(LLAMA3_PATTERN, "Isolated"), levels)),
        "ByteLevel with add_prefix_space": byte_level({**levels, "add_prefix_space": True, "use_regex": True}),
        "ByteLevel alone": byte_level({**levels, "use_regex": True}),
        "Digits one by one": byte_level(sequence({"type": "Digits", "individual_digits": True}, levels)),
        "Digits together": byte_level(sequence({"type": "Digits", "individual_digits": False}, levels)),
        "Whitespace": byte_level(sequence({"type": "Whitespace"}, levels)),
        "WhitespaceSplit": byte_level(sequence({"type": "WhitespaceSplit"}, levels)),
        "Punctuation": byte_level(sequence({"type": "Punctuation", "behavior": "MergedWithNext"}, levels)),
        "NFD": byte_level(levels, parts=dict(normalizer={"type": "NFD"})),
        "NFKC": byte_level(levels, parts=dict(normalizer={"type": "NFKC"})),
        "NFKD": byte_level(levels, parts=dict(normalizer={"type": "NFKD"})),
        "Replace by a pattern": byte_level(levels, parts=dict(normalizer={"type": "Replace", "pattern": {"Regex": "l+|\\s{2,}"}, "content": "12"})),
        "unknown characters one by one": document(bpe(["<unk>", *LETTERS], [], unk_token="<unk>")),
        "unknown characters fused": document(bpe(["<unk>", *LETTERS], [], unk_token="<unk>", fuse_unk=True)),
        "unknown characters vanish": document(bpe(LETTERS, [])),
        "some bytes only": document(bpe(["<unk>", "<0xC3>", "<0xA9>", "<0x0A>", *LETTERS], [], unk_token="<unk>", byte_fallback=True),
                                    decoder={"type": "ByteFallback"}),
        "Strip at both ends": document(llama_like(), decoder={"type": "Sequence", "decoders": [
            {"type": "Fuse"}, {"type": "Strip", "content": "h", "start": 1, "stop": 0}, {"type": "Strip", "content": "d", "start": 0, "stop": 1}]}),
        "possessive patterns of tiktoken": byte_level(sequence(split(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s", "Isolated"), levels)),
        "letters without Han": byte_level(sequence(split(r"[\p{Han}]+", "Isolated"), split(r"[\p{L}&&[^\p{Han}]]+", "Isolated"), levels)),
        "words by \\b and \\w": byte_level(sequence(split(r"\b\w", "MergedWithNext"), levels)),
    }
    for scheme in ("always", "first", "never"):
        for divided in (True, False):
            cases[f"Metaspace {scheme}, split {divided}"] = metaspace(scheme, divided)
    for behavior in ("Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for invert in (False, True):
            cases[f"Split {behavior}, invert {invert}"] = byte_level(sequence(split("X", behavior, invert, "String"), levels))
            cases[f"Split at runs, {behavior}, invert {invert}"] = byte_level(sequence(split(r"[Xb]|\s+", behavior, invert), levels))
    n = 300
    for flag in ("lstrip", "rstrip", "single_word", "normalized", "special"):
        cases[f"added tokens: {flag}"] = byte_level(levels, parts=dict(added_tokens=[
            token(n, "<mask>", **{flag: True}), token(n + 1, "day", **{flag: True}), token(n + 2, "e\u0301", **{flag: True})], normalizer={"type": "NFC"}))
    cases["added tokens: everything"] = byte_level(levels, parts=dict(added_tokens=[
        token(n, "<mask>", lstrip=True, rstrip=True), token(n + 1, "day", lstrip=True, rstrip=True, single_word=True), token(n + 2, "<", special=True),
        token(n + 3, "  ")]))
    return cases


def with_contiguous_ids(case):
    """The package gives new added tokens the next free ids; let the file say the same."""
    known = case["model"]["vocab"]
    free = len(known)
    for entry in case["added_tokens"]:
        entry["id"] = known.get(entry["content"], free)
        free += entry["id"] == free
    return case


def write_small_cases():
    rows = []
    for name, case in small_cases().items():
        case = with_contiguous_ids(case)
        tokenizer = Tokenizer.from_str(json.dumps(case))
        ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        prompt = tokenizer.encode("hello", add_special_tokens=True).ids
        row = {"name": name, "tokenizer": case, "ids": ids, "prompt_hello": prompt, "decoded": [tokenizer.decode(i) if i else "" for i in ids]}
        rows.append(json.dumps(row, separators=(",", ":")))
    write_lines(HERE / "small_cases.json", '{"texts": ' + json.dumps(TEXTS) + ',\n"cases": [\n', rows, "\n]}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="the published tokenizers")
    folder = parser.parse_args().folder
    HERE.mkdir(exist_ok=True)
    neox = Tokenizer.from_file(str(folder / "gpt-neox-olmo" / "tokenizer.json"))
    qwen = qwen2(folder / "qwen2")
    mixtral = sentencepiece.SentencePieceProcessor(model_file=str(folder / "mixtral" / "tokenizer.model.v1"))
    added = [t.content for tokenizer in (neox, qwen) for t in tokenizer.get_added_tokens_decoder().values()]
    strings = gather_strings(list(dict.fromkeys([*added, "<s>", "</s>", "<unk>", "[INST]"])))
    write_lines(HERE / "strings.json", "{\"strings\": [\n", [json.dumps(s) for s in strings], "\n]}\n")
    for name, tokenizer in (("gpt_neox_olmo", neox), ("qwen2", qwen)):
        write_vectors(name, "the tokenizers package", strings, lambda s, t=tokenizer: t.encode(s, add_special_tokens=False).ids, tokenizer.decode)
    write_vectors("mixtral", "the sentencepiece package", strings, mixtral.encode, mixtral.decode)
    write_small_cases()


main()
