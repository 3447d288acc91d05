"""What happens when a skill needs what another one uses."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Text


class ResourceRules(DocumentModel):
    """What happens to a request for a resource in use.

    Attributes:
        higher_priority: if its priority is higher than that of whoever has it.
        same_or_lower: if it is not.
        wait_sec: how long it may wait, also for the end of what it preempts [s].
    """

    higher_priority: Literal['preempt', 'queue', 'reject'] = 'preempt'
    same_or_lower: Literal['queue', 'reject'] = 'queue'
    wait_sec: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 10.0


class ResourcePolicy(DocumentModel):
    """Rules of all resources, and of single ones by name.

    Attributes:
        default: where `named` has none.
        named: by resource, such as `voice`.
        max_waiting: requests that may wait for resources at once.
    """

    default: ResourceRules = ResourceRules()
    named: dict[Text, ResourceRules] = Field(default_factory=dict)
    max_waiting: Annotated[pydantic.StrictInt, Field(ge=0, le=64)] = 8

    def rules(self, resource: str) -> ResourceRules:
        """The rules of one resource."""
        return self.named.get(resource, self.default)
