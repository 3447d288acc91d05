"""What set-up says when it cannot go on."""


class SetupError(Exception):
    """Something is missing or failed.

    Args:
        problem: what is wrong, one line.
        remedy: what to do about it, one or more lines.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f'{problem}\n  to mend it: {remedy}')
        self.problem = problem
        self.remedy = remedy
