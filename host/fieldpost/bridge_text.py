"""The text of a new bridge's configuration, with a word on each key.

Decides how it is written, nothing of what is in it: `fieldpost.config` says what a correct file is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BridgeSetup:
    """What stands in a new bridge.toml beside the mesh's own: see `fieldpost.config`."""

    name: str
    peer_roots: tuple[bytes, ...] = ()
    links: tuple[tuple[str, int], ...] = ()  # (port, baud)
    radios: tuple[tuple[str, int, int, int], ...] = ()  # (gateway's port, channel_khz, factor, bandwidth_khz)
    listen: str | tuple[str, ...] | None = None
    dial: str | tuple[str, ...] | None = None
    meet_every_s: float = 10.0
    deliver: tuple[tuple[str, str, int], ...] = ()  # (device id, subject, count)
    utc_claims: int = 2


def bridge_toml(mesh: str, own: tuple[bytes, bytes], setup: BridgeSetup) -> str:
    """The text of a new bridge's configuration; `mesh` is a petname, `own` = (mesh id, root public key)."""
    identity, root = own
    text = [
        f"# The bridge {setup.name} of mesh {mesh}. Paths start in this file's folder.",
        "[bridge]",
        f"name = {json.dumps(setup.name)}",
        f'mesh = "{identity.hex()}"',
        "# Root public keys that are known here: our own first, then one for each mesh that we meet.",
        "roots = [",
        *(f'  "{one.hex()}",' for one in (root, *setup.peer_roots)),
        "]",
        'key = "bridge.key"            # mode 0600',
        'store = "store.db"',
        'tokens = "tokens"             # *.cwt: credentials, endorsements, equivalences, revocations, schemas',
        'links = "links"               # a device\'s key file lets it free what it gave us',
        'agreement = "agreement.proof" # from `fieldpost agreement bind`',
        f"utc_claims = {setup.utc_claims}                # devices that must agree before UTC is believed",
        "",
        "# A serial port; repeat the table for each. A device behind a socket instead, in a test or an emulator:",
        '# kind = "tcp" and port = "7712" (on this machine) or "HOST:7712".',
        *_link_tables(setup.links),
        *_radio_tables(setup.radios),
        "# Where other bridges meet this one. Loopback and Unix sockets alone unless you write otherwise;",
        '# "serial:/dev/ttyUSB0@115200" on both sides is a cable between two bridges.',
        *_boundary_table(setup),
    ]
    for device, subject, count in setup.deliver:
        text += [
            "",
            "[[deliver]]",
            f'device = "{device}"',
            f"subject = {json.dumps(subject)}",
            f"count = {count}",
        ]
    return "\n".join(text) + "\n"


def _link_tables(links: Sequence[tuple[str, int]]) -> list[str]:
    if not links:
        return ["# [[link]]", '# port = "/dev/ttyACM0"', "# baud = 115200", "# turnaround_ms = 20", ""]
    text: list[str] = []
    for port, baud in links:
        text += ["[[link]]", f"port = {json.dumps(port)}", f"baud = {baud}", ""]
    return text


def _radio_tables(radios: Sequence[tuple[str, int, int, int]]) -> list[str]:
    text: list[str] = []
    for port, channel_khz, factor, bandwidth_khz in radios:
        text += [
            "# A board in gateway mode, and how its radio is set.",
            "[[link]]",
            'kind = "lora"',
            f"port = {json.dumps(port)}",
            f"channel_khz = {channel_khz}",
            f"factor = {factor}",
            f"bandwidth_khz = {bandwidth_khz}",
            "",
        ]
    return text


def _boundary_table(setup: BridgeSetup) -> list[str]:
    if not setup.listen and not setup.dial:
        return [
            "# [boundary]",
            '# listen = "unix:boundary.sock"   # or "tcp:127.0.0.1:7711"',
            '# dial = "unix:/path/to/the/other/boundary.sock"   # several of either: ["...", "..."]',
            "# meet_every_s = 10.0",
        ]
    named = [
        f"{key} = {json.dumps(value)}"
        for key, value in (("listen", setup.listen), ("dial", setup.dial))
        if value
    ]
    return ["[boundary]", *named, f"meet_every_s = {float(setup.meet_every_s)}"]
