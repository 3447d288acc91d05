"""Asks in place, while a command of one's own is followed, what an operator must confirm."""

import select
import sys
from typing import TYPE_CHECKING, Any

from nemotron_agent.cli.confirm import QUESTION, as_answer
from nemotron_agent.cli.transcript import Transcript
from nemotron_agent.core.errors import NemotronAgentError

if TYPE_CHECKING:
    from nemotron_agent_interfaces.msg import ActionRequest

    from nemotron_agent.ros.operator_client import OperatorClient


class ConfirmPrompt:
    """Asks at the terminal; where it may not, it says how to answer from another one.

    Args:
        operator: knows what waits, and answers it.
        operator_id: who decides.
        transcript: shows what happens.
        confirm_phase: the phase of the feedback that tells of a request.
        may_ask: whether somebody reads standard output and types.
    """

    def __init__(
        self,
        operator: 'OperatorClient',
        operator_id: str,
        transcript: Transcript,
        confirm_phase: int,
        may_ask: bool,
    ) -> None:
        self._may_ask = may_ask
        self._operator = operator
        self._operator_id = operator_id
        self._transcript = transcript
        self._confirm_phase = confirm_phase
        self._told: list[str] = []
        self._asked: ActionRequest | None = None

    def take(self, feedback: Any) -> None:
        """Note what is to be asked for; from any thread."""
        if feedback.phase == self._confirm_phase:
            self._told.append(feedback.text)

    def look(self) -> None:
        """Ask, or read an answer, if there is one; returns at once."""
        waiting = {request.text: request for request in self._operator.waiting}
        if self._asked is not None:
            if self._asked.text not in waiting:
                self._asked = None
                print()
            elif select.select([sys.stdin], [], [], 0.0)[0]:
                self._answer(self._asked, sys.stdin.readline())
        elif (text := next((text for text in self._told if text in waiting), None)) is not None:
            self._told.remove(text)
            self._ask(waiting[text])

    def _ask(self, request: 'ActionRequest') -> None:
        if not self._may_ask:
            command = f'nemotron-agent confirm {request.request_id[:8]}'
            self._transcript.note('confirm', f'answer with `{command}`')
            return
        self._asked = request
        print(QUESTION, end='', flush=True)

    def _answer(self, request: 'ActionRequest', line: str) -> None:
        self._asked = None
        approve = as_answer(line)
        if approve is None:
            self._transcript.note('confirm', 'it goes on waiting')
            return
        try:
            self._operator.answer(request, approve, self._operator_id)
        except NemotronAgentError as error:
            self._transcript.note('confirm', str(error))
