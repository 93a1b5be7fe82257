"""The text of the demonstration model: the King James Bible as Debian's `bible-kjv` prints it.

Names the books that are recited, the books that are held out, and trains the tokenizer.
Knows nothing of the network.
"""

import re
import subprocess
from pathlib import Path

import sentencepiece

RECITED = ("Ge", "Mark")  # learned until they are recited
HELD_OUT = ("Ruth", "Jonah")  # never seen in training, nor by the tokenizer
VOCAB_SIZE = 2048
BOS, EOS = 1, 2


def books() -> dict[str, str]:
    """Book label -> its text: the verses in order, joined by single spaces, without references."""
    printed = subprocess.run(
        ["bible", "-f", "Gen1:1-Rev22:21"], capture_output=True, text=True, check=True
    ).stdout
    verses: dict[str, list[str]] = {}
    for line in printed.splitlines():
        book, verse = re.fullmatch(r"(\d?[A-Za-z]+)\d+:\d+ (.*)", line).groups()
        verses.setdefault(book, []).append(" ".join(verse.split()))
    return {book: " ".join(lines) for book, lines in verses.items()}


def train_tokenizer(file: Path) -> None:
    """Writes a sentencepiece model: byte pairs with byte fallback, identity normalisation."""
    texts = [text for book, text in books().items() if book not in HELD_OUT]
    with open(file, "wb") as writer:  # a writer, since a model remembers the path it was given
        train_sentencepiece(texts, writer)


def train_sentencepiece(texts: list[str], writer) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(re.split(r"(?<=[.?!]) ", " ".join(texts))),
        model_writer=writer,
        vocab_size=VOCAB_SIZE,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        num_threads=1,
        unk_id=0,
        bos_id=BOS,
        eos_id=EOS,
        minloglevel=2,
    )


def token_streams(tokenizer: sentencepiece.SentencePieceProcessor) -> dict[str, list[int]]:
    """'recited', 'broad' (all but held-out) and 'held_out': BOS text EOS, book after book."""

    def stream(chosen: dict[str, str]) -> list[int]:
        return [i for text in chosen.values() for i in (BOS, *tokenizer.encode(text), EOS)]

    every = books()
    return {
        "recited": stream({b: every[b] for b in RECITED}),
        "broad": stream({b: t for b, t in every.items() if b not in HELD_OUT}),
        "held_out": stream({b: every[b] for b in HELD_OUT}),
    }
