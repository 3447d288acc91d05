"""When a skill has succeeded, and what to tell the model of it."""

from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Scalar, Text


class ResultRules(DocumentModel):
    """When a skill has succeeded, and what to tell the model.

    Attributes:
        success_when: values that fields of the result must have, by dotted path.
        success: jinja2 template over `result` and `arguments`.
        failure: likewise, for an end that is no success.
    """

    success_when: dict[Text, Scalar] = Field(default_factory=dict)
    success: Text | None = None
    failure: Text | None = None
