"""The bridge's only loop: cables, the boundary, and the moments at which things are reconciled.

Shell. Decides when to solve (after a quiet moment) and when to meet; what follows from inputs is the
pipeline's. Refuses to start next to a root's private key.
"""

import asyncio
import fcntl
import logging
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fieldpost import keyfile
from fieldpost.bridge_needs import awaited
from fieldpost.config import Config, LinkTable
from fieldpost.desk import Desk
from fieldpost.device_link import DeviceLink, Terms, foreign_objects
from fieldpost.links import boundary_stream
from fieldpost.links.radio_modem import RadioModem
from fieldpost.links.serial_port import SerialPort
from fieldpost.links.tcp_port import TcpPort
from fieldpost.own_log import OwnLog, boot_attestation
from fieldpost.own_time import utc_at
from fieldpost.pipeline import Bridge
from fieldpost.signing import Signer
from fieldpost.state import State
from fieldpost.store import Store
from fieldpost.timeline.evidence import Interval
from fieldwire import cbor, keys, limits, link_terms, tokens
from fieldwire import observation as obs

log = logging.getLogger(__name__)
QUIET_S = 0.4  # nothing new for this long: place and judge what came
TICK_S = 0.005
LOOK_S = 1.0
KEY_TEXT_MAX = 256  # bytes of a file that could hold a key as text
IDLE_MEETINGS = 6  # without news of our own we still call this many times less often: the peer may have some


class StartError(Exception):
    """The bridge cannot start; the message names the thing, the cause and the remedy."""


@dataclass
class App:
    """One running bridge. `folder`: where the configuration's paths start."""

    config: Config
    folder: Path
    random: Callable[[int], bytes] = os.urandom
    links: list[tuple[SerialPort | TcpPort, DeviceLink]] = field(default_factory=list)
    _modems: list[RadioModem] = field(default_factory=list)
    _changed_at: float | None = None
    _delivered: set[tuple[str, bytes]] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _proof: bytes = b""
    _looked_at: float = 0.0
    _news: int = 1  # how often there was something new to tell
    _epochs: int = 0

    def __post_init__(self) -> None:
        table = self.config.bridge
        refuse_root_keys(self.folder, [bytes.fromhex(one) for one in table.roots])
        self.signer = keyfile.signer(self.folder / table.key, "fieldpost mesh bridge")
        self.thumbprint = keys.thumbprint(self.signer.public)
        self._started = time.monotonic()
        self._alone = alone_on(self.folder / table.store)
        self._store = Store(self.folder / table.store)
        self.boot = 1 + self._store.query("SELECT coalesce(max(boot), 0) FROM input")[0][0]
        self.desk = Desk(self._store, Bridge(), self.signer, lambda: (self.boot, self.now_ms()))
        if self.desk.difference is not None:
            log.warning("%s: %s; ask `fieldpost rebuild` what differs", table.store, self.desk.difference)

    def now_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    def utc(self) -> Interval | None:
        """What UTC it is now, in ns since 1970, by the evidence that the bridge holds."""
        return utc_at(self.desk.state, self.boot, self.now_ms())

    def start(self) -> None:
        """Everything that stands before the first byte: profile, roots, tokens, agreement, own attestation."""
        table = self.config.bridge
        mesh = bytes.fromhex(table.mesh)
        inputs = [("config", cbor.encode([mesh, self.thumbprint, table.name, table.utc_claims]))]
        known = self.desk.state.trust
        inputs += [
            ("root", bytes.fromhex(one))
            for one in table.roots
            if keys.thumbprint(bytes.fromhex(one)) not in known.roots
        ]
        attestation = boot_attestation(self.signer, self.boot, self.random(8))
        self.desk.submit_many([*inputs, ("token", attestation)])
        self._look_at_folder()
        absent = awaited(self.config, self.folder)
        for what, remedy in absent:
            log.warning("%s: %s; %s", table.name, what, remedy)
        self.own = OwnLog(self.signer, self._own_credential(mesh), tokens.token_id(attestation), self.random)

    def _look_at_folder(self) -> None:
        """Tokens and the agreement that were laid into the bridge's folder since the last look."""
        table, trust = self.config.bridge, self.desk.state.trust
        found: list[tuple[str, bytes]] = []
        for path in sorted((self.folder / table.tokens).glob("*.cwt")):
            if path.name not in self._seen:
                self._seen.add(path.name)
                data = path.read_bytes()
                found += [] if trust.holds(tokens.token_id(data)) else [("token", data)]
        proof = self.folder / table.agreement
        data = proof.read_bytes() if proof.is_file() else b""
        if data and data not in (self._proof, self.desk.state.agreement_proof):
            self._proof = data
            found.append(("agreement", data))
        if found:
            self.desk.submit_many(found)
            self._changed()

    def _ask_for_prompts(self) -> None:
        """Who lays `<device id>.prompt` beside the link keys wants to work on that device when it is on the line."""
        for path in sorted((self.folder / self.config.bridge.links).glob("*.prompt")):
            for _, link in self.links:
                if link.device is not None and link.device.hex() == path.stem:
                    log.info("device %s is asked for its prompt", path.stem)
                    link.ask_for_prompt()
                    path.unlink(missing_ok=True)

    def _own_credential(self, mesh: bytes) -> bytes:
        for identity, one in self.desk.state.trust.credentials.items():
            if one.public == self.signer.public and one.claims[tokens.MESH] == mesh:
                return identity
        raise StartError(
            f"no credential of mesh {mesh.hex()[:16]} for this bridge's key; run `fieldpost mesh bridge`"
        )

    def key_for(self, device: bytes) -> bytes | None:
        """K(device, bridge), if the authority handed it over."""
        return self._link_secret(device, "key")

    def salt_key_for(self, device: bytes) -> bytes | None:
        """The key of the device's salts; bridges that were given their link keys by an older desk hold none."""
        return self._link_secret(device, "salt")

    def _link_secret(self, device: bytes, kind: str) -> bytes | None:
        path = self.folder / self.config.bridge.links / f"{device.hex()}.{kind}"
        return keyfile.read(path) if path.is_file() else None

    def close(self) -> None:
        """Let go of the store; everything submitted is in it."""
        self._store.close()
        self._alone.close()

    async def run(self) -> None:
        """Until cancelled."""
        self.start()
        async with asyncio.TaskGroup() as tasks:
            for table in self.config.link:
                tasks.create_task(self._radio(table) if table.kind == "lora" else self._cable(table))
            tasks.create_task(self._ticks())
            cables = f"{len(self.config.link)} cable{'' if len(self.config.link) == 1 else 's'}"
            log.info("%s: %s, boot %d", self.config.bridge.name, cables, self.boot)
            for one in self.config.boundary.addresses("listen"):
                address = self._address(one)
                log.info("%s: listening at %s", self.config.bridge.name, address)
                tasks.create_task(boundary_stream.serve(address, self.desk, self._met, self.utc))
            for one in self.config.boundary.addresses("dial"):
                tasks.create_task(self._dial(self._address(one)))

    def _address(self, address: str) -> str:
        """A path starts in the configuration's folder; told the short way, a Unix socket's name holds 107 bytes."""
        kind, _, path = address.partition(":")
        if kind == "tcp":
            return address
        return f"{kind}:{os.path.relpath(self.folder / path)}"

    async def _cable(self, table: LinkTable) -> None:
        """A device on a serial port, or behind a socket."""

        def received(data: bytes) -> None:
            link.received(data)

        def opened() -> None:
            link.opened()

        if table.kind == "tcp":
            _, host, number = boundary_stream.parse(f"tcp:{table.port}")
            port = TcpPort((host, number), received, opened)
        else:
            port = SerialPort(str(self.folder / table.port), table.baud, received, opened)
        link = self._link(link_terms.Serial(table.baud, table.turnaround_ms, limits.FRAME_MAX), port.write)
        self.links.append((port, link))
        await port.run()

    async def _radio(self, table: LinkTable) -> None:
        """Devices behind a board on a serial port that lends its radio."""
        factor, channel_khz = table.factor or 0, table.channel_khz or 0  # the configuration was checked
        terms = link_terms.lora(factor, table.bandwidth_khz * 1_000)
        modem = RadioModem(
            (channel_khz, factor, table.bandwidth_khz, table.power_dbm, table.duty_ppm),
            terms,
            lambda data: port.write(data),
            lambda one: link.heard(one),
            lambda: link.device,
            self.now_ms,
        )

        def opened() -> None:
            modem.opened()
            link.opened()

        port = SerialPort(str(self.folder / table.port), table.baud, modem.received, opened)
        link = self._link(terms, modem.send)
        link.framed, link.clear, link.salt_key_for = bytes, modem.is_clear, self.salt_key_for
        self.links.append((port, link))
        self._modems.append(modem)
        await port.run()

    def _link(self, terms: Terms, write: Callable[[bytes], None]) -> DeviceLink:
        return DeviceLink(
            self.desk,
            self.own,
            self.thumbprint,
            terms,
            self.key_for,
            self.random,
            self.now_ms,
            write,
            self.boot,
            self._changed,
        )

    def _changed(self) -> None:
        self._changed_at = time.monotonic()
        self._news += 1

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for modem in self._modems:
                modem.tick()
            for port, link in self.links:
                if port.is_open:
                    link.tick()
            if self._changed_at is not None and time.monotonic() - self._changed_at > QUIET_S:
                self._changed_at = None
                self.desk.submit("solve", b"")
                for _, link in self.links:
                    link.hand_down_revocations()
            if time.monotonic() - self._looked_at > LOOK_S:
                self._looked_at = time.monotonic()
                self._look_at_folder()
                self._ask_for_prompts()

    async def _dial(self, address: str) -> None:
        """Call whenever there is news and nothing waits to be placed; now and then without news of our own."""
        every_s, called_at, said, told = self.config.boundary.meet_every_s, -math.inf, "", 0
        while True:
            waited_s = time.monotonic() - called_at
            wanted = told != self._news or waited_s > IDLE_MEETINGS * every_s
            if self._changed_at is None and wanted and waited_s >= every_s:
                told, called_at = self._news, time.monotonic()
                meeting = await boundary_stream.meet(address, self.desk, self.utc)
                if not meeting.done and meeting.why != said:
                    log.warning("%s: no meeting: %s", address, meeting.why)
                said = meeting.why
                mine = told == self._news
                self._met()
                if not meeting.done:
                    told = 0
                elif mine:
                    told = self._news  # what this peer brought is news to the others
            await asyncio.sleep(LOOK_S / 5)

    def _met(self) -> None:
        """After a meeting: tell other peers if it brought anything; hand down what devices are to derive from."""
        if len(self.desk.state.epochs) != self._epochs:
            self._epochs = len(self.desk.state.epochs)
            self._news += 1
        for rule in self.config.deliver:
            for identity in newest_mapped(self.desk.state, rule.subject, rule.count):
                self._deliver(rule.device, identity)

    def _deliver(self, device: str, identity: bytes) -> None:
        for port, link in self.links:
            if (
                port.is_open
                and link.device is not None
                and link.device.hex() == device
                and (device, identity) not in self._delivered
            ):
                for one in foreign_objects(self.desk, identity):
                    link.hand_down(one)
                self._delivered.add((device, identity))


def newest_mapped(state: State, subject: str, count: int) -> list[bytes]:
    """The last `count` ids, by position, of a subject tree's foreign observations that are admitted so far."""
    numbers = (
        one for one in range(1, state.entries.count + 1) if state.verdicts.of(one)[1] == "admitted-mapped"
    )
    mapped = [
        one for one in state.entries.several(numbers) if obs.covers(subject, one.observation[obs.SUBJECT])
    ]
    return [one.id for one in sorted(mapped, key=lambda one: obs.position(one.observation))[-count:]]


def alone_on(store: Path) -> IO[str]:
    """The lock of a store's one running bridge, held while the file is open; StartError while another holds it."""
    lock = store.with_name(f"{store.name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StartError(
            f"{store}: another bridge runs on this store; end it, or give this one a store and a key of its own"
        ) from None
    return lock


def refuse_root_keys(folder: Path, roots: list[bytes]) -> None:
    """StartError when a root's private key lies in the bridge's folders: it belongs to the authority's desk.

    Under whatever name: every small file that holds a key's 64 hexadecimal digits is looked at.
    """
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        if path.suffix == ".key":
            try:
                secret = keyfile.read(path)
            except keyfile.KeyFileError as error:
                raise StartError(str(error)) from None
        elif path.stat().st_size <= KEY_TEXT_MAX:
            secret = keyfile.digits(path.read_bytes())
        else:
            continue
        if secret is not None and (Signer(secret).public in roots or path.name == "root.key"):
            raise StartError(
                f"{path}: a mesh's root key lies in the bridge's folder; move it off this machine and start again"
            )
