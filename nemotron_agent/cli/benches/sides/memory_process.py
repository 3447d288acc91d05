"""A process that does what is measured in the benchmark of memory, then tells what it took.

    python -m nemotron_agent.cli.benches.sides.memory_process JSON

The JSON is an object: `side` (ours or bare), the parameters of `RawLlama`, and `tokens`, a file
that ours leaves what it evaluated in and bare reads it from. The output is one object as well.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Do it."""
    order = json.loads(sys.argv[1])
    if order.pop('side') == 'ours':
        _converse(**order)
    else:
        _evaluate(**order)
    # The peak of getrusage would begin with that of the process which started this one.
    print(json.dumps({'peak_mb': _status_mb('VmHWM'), 'anonymous_mb': _status_mb('RssAnon')}))


def _converse(
    tokens: str, path: str, n_sequences: int, commands: int, tool_format: str, **values: Any
) -> None:
    """Carry on conversations, with tools, grammars, snapshots and logs."""
    from nemotron_agent.cli.benches.dialogue import Dialogues
    from nemotron_agent.cli.benches.shipped import COMMANDS
    from nemotron_agent.cli.benches.sides.ours import OurSide
    from nemotron_agent.llm.engine_parameters import EngineParameters

    side = OurSide(
        EngineParameters(
            Path(path),
            n_ctx=values['n_ctx'],
            n_ubatch=values['n_ubatch'],
            n_threads=values['n_threads'],
            snapshot_slots=n_sequences - 1,
            reply_protocol='call_only',
            tool_format=tool_format,
        )
    )
    dialogues = Dialogues(side)
    for number, command in enumerate(COMMANDS[:commands]):
        dialogues.give(f'conversation {number % 2}', command)
    evaluated = [dialogues.evaluated_last(f'conversation {number}') for number in range(2)]
    Path(tokens).write_text(json.dumps(evaluated), encoding='utf-8')


def _evaluate(tokens: str, path: str, commands: int, tool_format: str, **values: Any) -> None:
    """Evaluate the same tokens, and fill the sequences that held snapshots."""
    from nemotron_agent.cli.benches.sides.raw_llama import RawLlama

    llama = RawLlama(Path(path), **values)
    for conversation in json.loads(Path(tokens).read_text(encoding='utf-8')):
        llama.read(conversation)
        llama.fill_sequences()


def _status_mb(name: str) -> float:
    """What the system says of this process's memory."""
    lines = Path('/proc/self/status').read_text(encoding='utf-8').splitlines()
    words = next(line for line in lines if line.startswith(f'{name}:')).split()
    return int(words[1]) * 1024 / 1e6


if __name__ == '__main__':
    main()
