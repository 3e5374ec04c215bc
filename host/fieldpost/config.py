"""The bridge's configuration: one TOML file, checked whole before anything starts.

Decides what a correct file is; a mistake is named by file, line, key and what was expected. Paths are taken
from the file's own folder.
"""

import re
import tomllib
from pathlib import Path

import msgspec

from fieldpost.toml_lines import line_at, lines_of


class ConfigError(ValueError):
    """`file:line: key: expected ...`"""


class BridgeTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[bridge]: key and store files, the folder of tokens, K(device, bridge) files, roots known, UTC claims needed."""

    name: str
    mesh: str
    roots: list[str]
    key: str = "bridge.key"
    store: str = "store.db"
    tokens: str = "tokens"
    links: str = "links"
    agreement: str = "agreement.proof"
    utc_claims: int = 2


class LinkTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[link]]: a serial port and its speed; `turnaround_ms` of the far side."""

    port: str
    baud: int = 115200
    turnaround_ms: int = 20


class BoundaryTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[boundary]: where to listen or whom to call (`unix:PATH` or `tcp:127.0.0.1:PORT`), and how often to meet."""

    listen: str | None = None
    dial: str | None = None
    meet_every_s: float = 10.0


class DeliverTable(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """[[deliver]]: the newest foreign observations of a subject are handed down to a device that derives from them."""

    device: str
    subject: str
    count: int = 1


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    bridge: BridgeTable
    link: list[LinkTable] = []
    boundary: BoundaryTable = BoundaryTable()
    deliver: list[DeliverTable] = []


def load(path: Path) -> Config:
    """The checked configuration; ConfigError, or OSError where the file cannot be read."""
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(_located(path, text, str(error))) from None
    for index, one in enumerate(config.bridge.roots):
        _need_hex(path, text, ("bridge", "roots"), f"bridge.roots[{index}]", one, 32)
    _need_hex(path, text, ("bridge", "mesh"), "bridge.mesh", config.bridge.mesh, 32)
    for index, rule in enumerate(config.deliver):
        _need_hex(path, text, ("deliver", index, "device"), f"deliver[{index}].device", rule.device, 16)
    return config


def _need_hex(path: Path, text: str, where: tuple, key: str, value: str, size: int) -> None:
    if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        raise ConfigError(
            f"{path}:{line_at(lines_of(text), where)}: {key}: expected {2 * size} lower-case hexadecimal digits"
        )


def _located(path: Path, text: str, message: str) -> str:
    """msgspec's `... - at `$.link[1].baud`` as `file:line: link[1].baud: ...`."""
    said, _, at = message.partition(" - at `$")
    key = at.rstrip("`").lstrip(".")
    where: list[str | int] = []
    for part in re.findall(r"[A-Za-z_]+|\[\d+\]", key):
        where.append(int(part[1:-1]) if part.startswith("[") else part)
    unknown = re.search(r"unknown field `(\w+)`", said)
    if unknown:
        where.append(unknown.group(1))
    return f"{path}:{line_at(lines_of(text), tuple(where))}: {key or 'file'}: {said[0].lower()}{said[1:]}"
