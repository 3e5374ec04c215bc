"""The bridge's configuration: one TOML file, checked whole before anything starts.

Decides what a correct file is; a mistake is named by file, line, key and what was expected. Paths are taken
from the file's own folder.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from fieldpost.links.boundary_stream import FORMS, parse
from fieldpost.toml_lines import Where
from fieldpost.toml_struct import ConfigError, read
from fieldwire import keys
from fieldwire.observation import is_path

__all__ = ["Config", "ConfigError", "LinkTable", "load"]

Text = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=255)]


class BridgeTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[bridge]: key and store files, the folder of tokens, K(device, bridge) files, roots known, UTC claims needed."""

    name: Text
    mesh: str
    roots: list[str]
    key: Text = "bridge.key"
    store: Text = "store.db"
    tokens: Text = "tokens"
    links: Text = "links"
    agreement: Text = "agreement.proof"
    utc_claims: Count = 2


class LinkTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[link]]: a serial port and its speed; `turnaround_ms` of the far side.

    kind "serial": a device is on it; "lora": a board in gateway mode, whose radio is set to the five numbers; "tcp": a
    device behind a socket, port = "PORT" on this machine or "HOST:PORT", as fast as `baud`.
    """

    port: Text
    kind: Literal["serial", "lora", "tcp"] = "serial"
    channel_khz: Annotated[int, msgspec.Meta(ge=137_000, le=1_020_000)] | None = None
    factor: Annotated[int, msgspec.Meta(ge=7, le=12)] | None = None
    bandwidth_khz: Literal[125, 250, 500] = 125
    power_dbm: Annotated[int, msgspec.Meta(ge=-9, le=22)] = 14
    duty_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    baud: Annotated[int, msgspec.Meta(ge=300, le=10_000_000)] = 115200
    turnaround_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 20


class BoundaryTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[boundary]: where to listen or whom to call (`unix:PATH`, `tcp:PORT`, `tcp:HOST:PORT`, `serial:PORT@BAUD`).

    One or several of either, and how often to meet each.
    """

    listen: str | list[str] | None = None
    dial: str | list[str] | None = None
    meet_every_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 10.0

    def addresses(self, key: Literal["listen", "dial"]) -> list[str]:
        """What stands under `listen` or `dial`, however many."""
        value = self.listen if key == "listen" else self.dial
        return [value] if isinstance(value, str) else value or []


class DeliverTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[deliver]]: the newest foreign observations of a subject are handed down to a device that derives from them."""

    device: str
    subject: str
    count: Count = 1


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    bridge: BridgeTable
    link: list[LinkTable] = []
    boundary: BoundaryTable = BoundaryTable()
    deliver: list[DeliverTable] = []


def load(path: Path) -> Config:
    """The checked configuration; ConfigError, or OSError where the file cannot be read."""
    return read(path, Config, _faults)


def _faults(config: Config) -> Iterator[tuple[Where, str, str]]:
    """Where a value of the right type is still wrong, its key, and what was expected."""
    bridge = config.bridge
    for index, one in enumerate(bridge.roots):
        if not _is_hex(one, 32):
            yield ("bridge", "roots"), f"bridge.roots[{index}]", "64 lower-case hexadecimal digits"
            return
    if not _is_hex(bridge.mesh, 32):
        yield ("bridge", "mesh"), "bridge.mesh", "64 lower-case hexadecimal digits"
    elif bridge.mesh not in {keys.thumbprint(bytes.fromhex(one)).hex() for one in bridge.roots}:
        yield ("bridge", "mesh"), "bridge.mesh", "the thumbprint of one of bridge.roots, our own"
    yield from _boundary_faults(config.boundary)
    for index, link in enumerate(config.link):
        yield from _link_faults(index, link)
    for index, rule in enumerate(config.deliver):
        if not _is_hex(rule.device, 16):
            yield ("deliver", index, "device"), f"deliver[{index}].device", "32 lower-case hexadecimal digits"
        if not is_path(rule.subject):
            yield ("deliver", index, "subject"), f"deliver[{index}].subject", "a subject, without wildcards"


def _boundary_faults(table: BoundaryTable) -> Iterator[tuple[Where, str, str]]:
    keys_of: tuple[Literal["listen", "dial"], ...] = ("listen", "dial")
    for key in keys_of:
        named = table.addresses(key)
        if not all(map(_is_address, named)):
            yield ("boundary", key), f"boundary.{key}", f"{FORMS}; a socket's port is 1 to 65535"
        elif len(set(named)) < len(named):
            yield ("boundary", key), f"boundary.{key}", "each address once"


def _link_faults(index: int, link: LinkTable) -> Iterator[tuple[Where, str, str]]:
    if link.kind == "tcp" and not _is_address(f"tcp:{link.port}"):
        expected = "PORT (on this machine) or HOST:PORT, a port being 1 to 65535, for a link of kind tcp"
        yield ("link", index, "port"), f"link[{index}].port", expected
    if link.kind == "lora":
        for key in ("channel_khz", "factor"):
            if getattr(link, key) is None:
                yield (
                    ("link", index, "kind"),
                    f"link[{index}].{key}",
                    "the key to be there, for a link of kind lora",
                )


def _is_address(text: str) -> bool:
    try:
        kind, _, number = parse(text)
    except ValueError:
        return False
    return kind == "unix" or number > 0


def _is_hex(text: str, size: int) -> bool:
    return re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text) is not None
