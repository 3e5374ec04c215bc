"""Shapes that a board's answers have. What is of another shape is no answer: a board may say anything.

Decides lengths and ranges. It refuses to judge whether what a board says is true.
"""

from typing import Annotated

from msgspec import Meta

Text = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(max_length=255)]
Hex = Annotated[str, Meta(pattern="^([0-9a-f][0-9a-f])*$")]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
Size = Annotated[int, Meta(ge=1, le=(1 << 53) - 1)]
Whole = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 53) - 1)]
