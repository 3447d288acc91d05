"""Vocabularies of synthetic models: Nemotron's special tokens, then bytes or another's words."""

from pathlib import Path

import gguf

CONTROL_TOKENS = (
    '<unk>',
    '<s>',
    '</s>',
    '[INST]',
    '[/INST]',
    '[AVAILABLE_TOOLS]',
    '[/AVAILABLE_TOOLS]',
    '[TOOL_RESULTS]',
    '[/TOOL_RESULTS]',
    '[TOOL_CALLS]',
    '<|im_start|>',
    '<|im_end|>',
)
MARKUP_TOKENS = (
    '<think>',
    '</think>',
    '<tool_call>',
    '</tool_call>',
    '<tool_response>',
    '</tool_response>',
)


def add_vocabulary(writer: gguf.GGUFWriter, wanted: int, source: Path | None = None) -> int:
    """Add special tokens and ordinary ones, padded; return how many there are.

    Args:
        writer: where to.
        wanted: how many there shall be; 0 is as few as there can be.
        source: model file to take as many ordinary tokens from as fit, with their merges; None is
            one token for each byte, and one merge.
    """
    ordinary, merges, splitting = _words_of(source) if source else _bytes()
    special = [*CONTROL_TOKENS, *MARKUP_TOKENS]
    ordinary = [token for token in ordinary if token not in special]  # each text once
    if wanted:
        ordinary = ordinary[: wanted - len(special)]
    tokens = [*special, *ordinary]
    types = [gguf.TokenType.CONTROL] * len(CONTROL_TOKENS)
    types += [gguf.TokenType.USER_DEFINED] * len(MARKUP_TOKENS)
    types += [gguf.TokenType.NORMAL] * len(ordinary)
    size = wanted or -(-len(tokens) // 32) * 32
    types += [gguf.TokenType.UNUSED] * (size - len(tokens))
    tokens += [f'[PAD{number}]' for number in range(len(tokens), size)]
    writer.add_vocab_size(size)
    writer.add_tokenizer_model('gpt2')
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(_possible(merges, set(ordinary)))
    writer.add_unk_token_id(CONTROL_TOKENS.index('<unk>'))
    writer.add_bos_token_id(CONTROL_TOKENS.index('<s>'))
    writer.add_eos_token_id(CONTROL_TOKENS.index('<|im_end|>'))
    return size


def _bytes() -> tuple[list[str], list[str], str]:
    symbols = _byte_symbols()
    first, second = symbols[ord('t')], symbols[ord('h')]
    return [*symbols, first + second], [f'{first} {second}'], 'pixtral'


def _words_of(source: Path) -> tuple[list[str], list[str], str]:
    """Ordinary tokens, merges and the way of splitting of a model file with byte-level BPE."""
    fields = gguf.GGUFReader(source).fields
    kinds = fields['tokenizer.ggml.token_type'].contents()
    tokens = fields['tokenizer.ggml.tokens'].contents()
    ordinary = [
        token for token, kind in zip(tokens, kinds, strict=True) if kind == gguf.TokenType.NORMAL
    ]
    merges = fields['tokenizer.ggml.merges'].contents()
    return ordinary, merges, str(fields['tokenizer.ggml.pre'].contents())


def _possible(merges: list[str], ordinary: set[str]) -> list[str]:
    """The merges that make a token which is there, of tokens which are there."""
    return [merge for merge in merges if {*merge.split(' '), merge.replace(' ', '')} <= ordinary]


def _byte_symbols() -> list[str]:
    """The printable character that byte-level BPE writes for each byte."""
    spare = iter(range(256, 512))
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    return [chr(byte if byte in printable else next(spare)) for byte in range(256)]
