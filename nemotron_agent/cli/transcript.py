"""Shows people a task as it happens: command, thinking, call, feedback, result, answer, times."""

import time
from typing import Any

from rich.console import Console
from rich.markup import escape

from nemotron_agent.core.builtin_tools import RESERVED_NAMES

PROGRESS_PERIOD_SEC = 2.0


class Transcript:
    """Writes the feedback and the result of one task after the other to a console.

    Args:
        console: where to.
        constants: the feedback type of ExecuteTask, for its phases.
    """

    def __init__(self, console: Console, constants: Any) -> None:
        self._console = console
        self._constants = constants
        self._started = time.monotonic()
        self._streaming = ''
        self._answered = ''
        self._last_progress = 0.0
        self._phase = -1

    def begin(self, command: str) -> None:
        """Show a command."""
        self._started = time.monotonic()
        self._phase = -1
        self._streaming = self._answered = ''
        self._console.print(f'\n[bold cyan]> {escape(command)}[/]')

    def feedback(self, feedback: Any) -> None:
        """Show a piece of progress."""
        phases = self._constants
        if feedback.phase != self._phase:
            self._phase = feedback.phase
            self._last_progress = time.monotonic()
        if feedback.phase == phases.THINKING:
            self._stream('thinking', feedback.text, 'dim italic')
        elif feedback.phase == phases.ANSWERING:
            self._answered += feedback.text
            self._stream('answer', feedback.text, 'green')
        elif feedback.phase == phases.PREFILL and 0.0 <= feedback.progress < 1.0:
            self._progress('reading', f'{feedback.progress:.0%}')
        elif feedback.phase == phases.COMPACTED:
            self._line('context', feedback.text, 'yellow')
        elif feedback.phase == phases.QUEUED and feedback.text:
            self._line('queued', feedback.text, 'dim')
        elif feedback.tool and feedback.tool not in RESERVED_NAMES:
            self._skill(feedback)

    def end(self, result: Any, note: str = '') -> None:
        """Show a result and what it cost."""
        if self._answered and result.answer.startswith(self._answered):
            # The result may overtake the last pieces.
            self._stream('answer', result.answer[len(self._answered) :], 'green')
        elif result.answer and result.answer != self._answered.strip():
            self._line('answer', result.answer, 'green')
        if result.error_msg and result.error_msg != result.answer:
            self._line('ended', result.error_msg, 'red')
        stats = result.stats
        cost = (
            f'read {stats.new_tokens} tokens ({stats.reused_tokens} known already), '
            f'wrote {stats.generated_tokens} at {stats.tokens_per_sec:.1f}/s'
        )
        self._line('done', f'{cost}{note}', 'dim')

    def note(self, label: str, text: str) -> None:
        """Show a line of one's own."""
        self._line(label, text, 'yellow')

    def _skill(self, feedback: Any) -> None:
        phases = self._constants
        if feedback.phase == phases.CALLING:
            self._line('call', f'{feedback.tool} {feedback.arguments}', 'bold')
        elif feedback.phase == phases.EXECUTING:
            self._progress('robot', feedback.text)
        elif feedback.phase == phases.CONFIRM:
            self._line('confirm', feedback.text, 'bold yellow')
        elif feedback.phase == phases.RESULT:
            self._line('result', feedback.text, 'blue')

    def _progress(self, label: str, text: str) -> None:
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_PERIOD_SEC:
            self._last_progress = now
            self._line(label, text, 'dim')

    def _stream(self, label: str, text: str, style: str) -> None:
        if self._streaming != label:
            self._close_stream()
            self._console.print(self._head(label), end='')
            self._streaming = label
        self._console.print(f'[{style}]{escape(text)}[/]', end='', soft_wrap=True)

    def _line(self, label: str, text: str, style: str) -> None:
        self._close_stream()
        self._console.print(f'{self._head(label)}[{style}]{escape(text)}[/]', soft_wrap=True)

    def _head(self, label: str) -> str:
        return f'[dim]{time.monotonic() - self._started:6.1f} s[/]  {label:<9}'

    def _close_stream(self) -> None:
        if self._streaming:
            self._console.print()
            self._streaming = ''
