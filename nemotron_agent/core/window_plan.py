"""How the tokens of the context are shared out."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class WindowPlan:
    """The window in tokens of the model.

    Attributes:
        n_ctx: all of it.
        opening: system message and tools.
        perception: kept free for what the robot sees.
        reply: kept free for the reply.
    """

    n_ctx: int
    opening: int
    perception: int
    reply: int

    @property
    def limit(self) -> int:
        """Longest prompt."""
        return self.n_ctx - self.reply

    @property
    def history(self) -> int:
        """Room for the conversation, with the command that is carried out now."""
        return max(0, self.limit - self.perception - self.opening)

    def filled(self, share: float) -> int:
        """Tokens of a prompt whose conversation fills a share of its room."""
        return self.opening + int(share * self.history)
