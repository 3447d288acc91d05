"""Public function-calling cases in the form of BFCL, the Berkeley Function-Calling Leaderboard.

A folder of files with a case a line, and the accepted answers under the same name in
`possible_answer`:

    BFCL_v4_simple.json                   {"id": "simple_0", "question": [[{"role": "user",
                                           "content": "..."}]], "function": [{...}]}
    possible_answer/BFCL_v4_simple.json   {"id": "simple_0", "ground_truth":
                                           [{"function": {"argument": [accepted, values]}}]}

A file with `irrelevance` in its name has no answers: no function may be called in it, whatever is
said.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nemotron_agent.evaluation.bfcl_answers import expected_calls
from nemotron_agent.evaluation.bfcl_functions import tool_specs
from nemotron_agent.evaluation.bfcl_records import BfclError, LeftOutError, Record, read_records
from nemotron_agent.evaluation.case import Case, ExpectedCall, Turn
from nemotron_agent.evaluation.robot import Robot
from nemotron_agent.evaluation.suite import Suite, SuiteEntry, digest_of

SYSTEM_PROMPT = (
    'You act by calling functions. Call those that do what the user asks for, with the values '
    'that the user gives, and leave out what the user does not say. If none of them fits, or '
    'something they need is missing, say so and call none.'
)
ANSWERS_FOLDER = 'possible_answer'
ENDINGS = ('.json', '.jsonl')
_QUESTION = '"question": [[{"role": "user", "content": "..."}]]'


@dataclasses.dataclass(frozen=True)
class BfclCases:
    """Cases as a suite, to be held dry.

    Attributes:
        suite: the robot of an entry is the case's functions, named after its file.
        left_out: cases that are well written and cannot be held here: which, and why.
    """

    suite: Suite
    left_out: tuple[str, ...]


def load_bfcl(path: Path, system_prompt: str = SYSTEM_PROMPT) -> BfclCases:
    """Read a folder of cases, or one file of them.

    Raises:
        BfclError: file, line, case and key of what cannot be read, and what to do.
    """
    entries: list[SuiteEntry] = []
    left_out: list[str] = []
    seen: dict[str, Record] = {}
    for file in _case_files(path):
        answers = _answers(file)
        for record in read_records(file):
            if record.id in seen:
                problem = f'{seen[record.id].file} has a case of this id, too'
                raise record.error('id', problem, 'rename one')
            seen[record.id] = record
            try:
                entries.append(_entry(record, answers, system_prompt))
            except LeftOutError as reason:
                left_out.append(f'{record.id}: {reason}')
    if not entries:
        reasons = f', but {len(left_out)} that cannot be held here' if left_out else ''
        raise BfclError(f'{path}: there are no cases{reasons}: give a file or folder with some')
    name = path.stem if path.suffix in ENDINGS else path.resolve().name
    return BfclCases(Suite(name, tuple(entries)), tuple(left_out))


def _case_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for ending in ENDINGS for file in path.glob(f'*{ending}'))
    if not files:
        raise BfclError(
            f'{path}: there are no cases: give a folder with files that end in .json, or one file'
        )
    return files


def _answers(file: Path) -> dict[str, Record] | None:
    """Accepted answers by id; None if no function may be called."""
    if 'irrelevance' in file.name:
        return None
    answers = file.parent / ANSWERS_FOLDER / file.name
    if not answers.is_file():
        raise BfclError(
            f'{file}: its accepted answers are missing: put them at {answers}, or take the file '
            'away if it has none'
        )
    return {record.id: record for record in read_records(answers)}


def _entry(record: Record, answers: dict[str, Record] | None, system_prompt: str) -> SuiteEntry:
    specs = tool_specs(record)
    questions = record.value('question', list, _QUESTION)
    said = [_said(record, turn, f'question[{n}]') for n, turn in enumerate(questions)]
    if not said:
        raise record.error('question', 'nothing is asked', f'write {_QUESTION}')
    calls: list[tuple[ExpectedCall, ...]] = [()] * len(said)
    answer = None
    if answers is not None:
        answer = answers.get(record.id)
        if answer is None:
            raise record.error('id', 'it has no accepted answer', 'add a line with this id')
        calls = [
            expected_calls(answer, truth, key, specs) for key, truth in _truths(answer, len(said))
        ]
    prompt = '\n\n'.join([system_prompt, *(text for system, _ in said for text in system)])
    turns = tuple(
        Turn(
            say=text,
            calls=each,
            any_order=True,
            end='answer' if each else 'any',
            tags=('multi' if len(each) > 1 else 'single' if each else 'no_tool',),
        )
        for (_, text), each in zip(said, calls, strict=True)
    )
    case = Case(id=record.id, tags=turns[0].tags or (), turns=turns)
    robot = Robot(name=record.file.stem, specs=specs, system_prompt=prompt)
    digest = digest_of([dict(record.data), answer and dict(answer.data)])
    return SuiteEntry(case, robot, digest)


def _said(record: Record, messages: Any, key: str) -> tuple[list[str], str]:
    """What the system and the user say in a turn."""
    record.checked(messages, list, key, _QUESTION)
    texts: dict[str, list[str]] = {'system': [], 'user': []}
    for index, message in enumerate(messages):
        where = f'{key}[{index}]'
        record.checked(message, dict, where, _QUESTION)
        role = message.get('role')
        content = record.checked(message.get('content'), str, f'{where}.content', _QUESTION)
        if role in ('assistant', 'tool'):
            raise LeftOutError(f'words of the {role} are part of its question')
        if role not in texts:
            raise record.error(f'{where}.role', f'"{role}" is no role', 'write "user" or "system"')
        texts[role].append(content.strip())
    said = '\n'.join(text for text in texts['user'] if text)
    if not said:
        raise record.error(key, 'the user says nothing', f'write {_QUESTION}')
    return texts['system'], said


def _truths(answer: Record, n_turns: int) -> Iterator[tuple[str, Any]]:
    """Key and accepted calls of each turn; those of a single turn may stand alone."""
    truth = answer.value('ground_truth', list, '"ground_truth": [{"function": {...}}]')
    if n_turns == 1 and not (truth and isinstance(truth[0], list)):
        yield 'ground_truth', truth
        return
    if len(truth) != n_turns:
        problem = f'{len(truth)} turns are answered and {n_turns} asked'
        raise answer.error('ground_truth', problem, 'write a list of calls for each turn')
    for index, each in enumerate(truth):
        yield f'ground_truth[{index}]', each
