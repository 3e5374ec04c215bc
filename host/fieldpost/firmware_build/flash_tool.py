"""How a kind of board gets its runtime: the table [flash_tool] of its `board.toml`.

Decides which keys each way has. What they mean is judged by who flashes.
"""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Address = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
Id16 = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class Uf2Tool(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="uf2"):
    """A file copied to the boot loader's volume. `board_id` stands in its INFO_UF2.TXT; the flash is `flash_bytes`."""

    board_id: Text
    family_id: Address
    flash_at: Address
    flash_bytes: Count


class EspTool(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="esptool"):
    """`chip` as esptool names it, `chip_id` as its images do; the file goes to `flash_at`."""

    chip: Text
    chip_id: Id16
    flash_at: Address
    flash_bytes: Count


class DfuTool(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="dfu"):
    """A DfuSe file for dfu-util. `flash_at` to `flash_at + flash_bytes`: where its parts may lie."""

    vendor_id: Id16
    product_id: Id16
    flash_at: Address
    flash_bytes: Count


class HostTool(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="host"):
    """The board runs on an interpreter of this machine: nothing is flashed. `elf_machine`: of its ELF header."""

    elf_machine: Id16


class HandTool(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="hand"):
    """A way that this program has not; `how` tells it, with FILE in the place of the file."""

    how: Text


FlashTool = Uf2Tool | EspTool | DfuTool | HostTool | HandTool
