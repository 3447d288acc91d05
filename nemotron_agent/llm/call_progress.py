"""What to report while a call is being written."""

from collections.abc import Sequence

from nemotron_agent.core.chat_model import Phase, ReplyProgress
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat


class CallProgress:
    """Streams what a call says to the operator; of other calls only that there is one."""

    def __init__(self, tool_format: ToolFormat, tools: Sequence[ToolSpec]) -> None:
        self._format = tool_format
        self._spoken = {tool.name: tool.spoken_parameter for tool in tools}
        self._named = False
        self._parameter = ''
        self._said = ''

    def update(self, text: str) -> list[ReplyProgress]:
        """Report what is new in the call's text so far."""
        reports = []
        if not self._named:
            name = self._format.called_name(text)
            if not name:
                return []
            self._named = True
            self._parameter = self._spoken.get(name, '')
            if not self._parameter:
                reports.append(ReplyProgress(Phase.CALLING))
        if self._parameter:
            said = self._format.spoken_so_far(text, self._parameter)
            if len(said) > len(self._said) and said.startswith(self._said):
                reports.append(ReplyProgress(Phase.ANSWERING, said[len(self._said) :]))
                self._said = said
        return reports
