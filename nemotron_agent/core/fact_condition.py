"""What must be known of the robot, as manifests and policies say it."""

from typing import Annotated

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Number, Scalar, Text
from nemotron_agent.core.problems import misuse, shown

Age = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FactCondition(DocumentModel):
    """A fact, and how fresh it must be [s]; `equals` or bounds say what it must be."""

    fact: Text
    max_age_sec: Age
    equals: Scalar | None = None
    minimum: Number | None = None
    maximum: Number | None = None

    @property
    def wanted(self) -> str:
        """What it wants, in words."""
        if self.equals is not None:
            return f'{self.fact} {shown(self.equals)}'
        bounds = (('at least', self.minimum), ('at most', self.maximum))
        words = [f'{word} {bound:g}' for word, bound in bounds if bound is not None]
        return f'{self.fact} {" and ".join(words)}'

    @pydantic.model_validator(mode='after')
    def _compares(self) -> 'FactCondition':
        low, high = self.minimum, self.maximum
        if (self.equals is None) == (low is None and high is None):
            raise misuse('it compares with nothing, or twice', 'give equals, or bounds')
        if low is not None and high is not None and low > high:
            raise misuse('the minimum is over the maximum', 'exchange them', 'minimum')
        return self
