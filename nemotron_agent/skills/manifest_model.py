"""What all parts of a manifest have in common."""

from typing import Annotated

import pydantic
from pydantic import Field

Scalar = pydantic.StrictBool | pydantic.StrictInt | pydantic.StrictFloat | pydantic.StrictStr
Number = Annotated[pydantic.StrictInt | pydantic.StrictFloat, Field(allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class ManifestModel(pydantic.BaseModel):
    """A part of a manifest: frozen, and without unknown keys."""

    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')
