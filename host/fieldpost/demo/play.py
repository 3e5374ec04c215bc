"""What happens: commissioning, a time apart, the links, the meeting, and a word that crosses back.

Shell. Decides the order of events; waits for facts (what stores and consoles say), never for luck. Every step
goes through the same commands and functions that a person would use; the boards live by `fleet.toml`.
"""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fieldpost import covenant, provision
from fieldpost.agreement_cbor import to_cbor
from fieldpost.agreement_toml import parse_toml
from fieldpost.demo import cast
from fieldpost.emulator import die_with
from fieldpost.emulator.fleet_run import BoardEvent, FleetRun
from fieldpost.emulator.said import statuses
from fieldpost.mesh import Mesh, Validity
from fieldpost.store import Store

MESHES = ("alpha", "bravo")
MADE = {"boards", "agreement.toml"} | {
    f"{name}{end}" for name in MESHES for end in ("", "-desk", ".passport.json")
}
WAIT_S_MAX = 60.0
PLUG_S = 0.3  # from one cable to the next


class DemoError(Exception):
    """The demo cannot go on; the message says at which step and why."""


def clear(folder: Path) -> None:
    """Remove what an earlier run left; DemoError where the folder holds anything else."""
    try:
        found = {one.name for one in folder.iterdir()}
    except FileNotFoundError:
        return
    except OSError as error:
        raise DemoError(f"{folder}: {error.strerror}; name a new folder") from None
    foreign = sorted(found - MADE)
    if foreign:
        raise DemoError(f"{folder} holds {foreign[0]}, which no demo made; name a new folder or an empty one")
    shutil.rmtree(folder)


@dataclass
class Play:
    """One run in `folder`. `say(text)` tells a person what is going on."""

    folder: Path
    say: Callable[[str], None]
    devices: dict[str, str] = field(default_factory=dict)
    bridges: dict[str, provision.BridgeMade] = field(default_factory=dict)
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    consoles: dict[str, dict] = field(default_factory=dict)
    setup_s: float = 0.0

    def __post_init__(self) -> None:
        self._plan = cast.fleet()
        self.parts = {board.name: board for board in self._plan.board if board.enrol is not None}

    @property
    def meshes(self) -> dict[str, Mesh]:
        return self._boards.desks.meshes

    async def run(self) -> None:
        """Everything, in order, until SIGTERM. No process outlives it."""
        told = asyncio.current_task()
        if told is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.cancel)
        clear(self.folder)
        self._boards = FleetRun(
            self._plan, cast.FLEET.parent, self.folder / "boards", self._hear, self.folder
        )
        self.fleet = self._boards.fleet
        tasks = [
            asyncio.create_task(one)
            for one in (self._story(), self.fleet.watch(), self._boards.run(asyncio.Event()))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks[1:]:
                if task.done():
                    task.result()
            await tasks[0]
        finally:
            tasks[0].cancel()
            await self._stop_bridges()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._read_consoles()

    async def _story(self) -> None:
        started = time.monotonic()
        self.say("founding alpha and bravo; flashing and enrolling six boards: each makes its own key")
        await self._until("every board is enrolled", self._boards.enrolled.is_set)
        self.setup_s = time.monotonic() - started
        self.say(
            "apart: the boards observe, hear their neighbours, derive and journal; no bridge is in reach"
        )
        await self._prepare_bridges()
        await self._until("the time apart is over", self._boards.befallen.is_set)
        await self._links_come_up()
        await self._meet()
        await self._word_back()

    def _hear(self, event: BoardEvent) -> None:
        if event.event == "enrolled":
            self.devices[event.board] = event.detail

    async def _prepare_bridges(self) -> None:
        self.say("making the two bridges, attesting equivalences, signing one agreement by both roots")
        now = int(time.time())
        for name, mesh in self.meshes.items():
            passport = json.dumps(mesh.passport(), indent=1)
            (self.folder / f"{name}.passport.json").write_text(passport)
        for name, mesh in self.meshes.items():
            peer = self.meshes["bravo" if name == "alpha" else "alpha"]
            mine = [one for one in self.parts.values() if one.mesh == name]
            links = tuple((f"../boards/{one.name}.uart", 115200) for one in mine if not cast.channel(one))
            channels = [channel for one in mine if (channel := cast.channel(one))]
            radios = tuple((f"../boards/{cast.GATEWAY}.uart", *channel) for channel in channels)
            socket = "boundary.sock" if name == "alpha" else "../alpha/boundary.sock"
            deliver = tuple(
                (self.devices[one], subject, count)
                for one, subject, count in cast.DELIVERIES
                if self.parts[one].mesh == name
            )
            setup = provision.BridgeSetup(
                name, (peer.root_public,), links, radios, listen=f"unix:{socket}" if name == "alpha" else None,
                dial=f"unix:{socket}" if name == "bravo" else None, meet_every_s=1.0, deliver=deliver, utc_claims=1,
            )  # fmt: skip
            validity = Validity.days(now, 365)
            folder = self.folder / name
            command = self._plan.mesh[name].authorities[0]
            made = provision.make_bridge(mesh, folder, command, validity, setup, os.urandom)
            self.bridges[name] = made
            for one in mine:
                provision.hand_over(mesh, bytes.fromhex(self.devices[one.name]), folder)
        for name, mesh in self.meshes.items():
            peer_name = "bravo" if name == "alpha" else "alpha"
            token = mesh.token(mesh.boundary(self.bridges[peer_name].public, Validity.days(now, 365)))
            for made in self.bridges.values():
                provision.put_token(made.folder, token)
        await self._attest()
        self._agree()

    async def _attest(self) -> None:
        """By the command that a person would use; each statement goes into its own mesh's bridge."""
        for name, issuer, peer, foreign, local, subjects in cast.EQUIVALENCES:
            passport = f"{self.folder / peer}.passport.json:{foreign}"
            scope = [word for subject in subjects for word in ("--subject", subject)]
            desk, bridge = str(self.folder / f"{name}-desk"), str(self.folder / name)
            await self.command(
                "taxonomy",
                "attest",
                desk,
                "--as",
                issuer,
                "--foreign",
                passport,
                "--local",
                local,
                *scope,
                "--bridge",
                bridge,
            )

    def _agree(self) -> None:
        ids = {name: mesh.id.hex() for name, mesh in self.meshes.items()}
        text = cast.agreement(ids, self.devices)
        (self.folder / "agreement.toml").write_text(text)
        data = to_cbor(parse_toml(text, "agreement.toml"))
        proof = covenant.proof(data, [mesh.sign_agreement(data) for mesh in self.meshes.values()])
        for made in self.bridges.values():
            (made.folder / "agreement.proof").write_bytes(proof)

    async def _links_come_up(self) -> None:
        self.say(
            "the bridges start; alpha withholds camp/, bravo is partitioned; both are killed and start again"
        )
        for name in self.bridges:
            await self._start(name)
        await self._until(
            "both bridges hold the agreement",
            lambda: all(self._rows(name, "agreement") for name in self.bridges),
        )
        await self.command(
            "channel", "set", "boundary", "open", "--withhold", "camp", "--store", self._store("alpha")
        )
        await self.command("channel", "set", "boundary", "partitioned", "--store", self._store("bravo"))
        for process in self.running.values():
            process.send_signal(signal.SIGKILL)
            await process.wait()
        for name in self.bridges:
            await self._start(name)
        self.say("the links come up one after another, b3's over LoRa; the journals drain")
        for name, part in sorted(self.parts.items()):
            self.fleet[cast.GATEWAY if cast.channel(part) else name].plug()
            await asyncio.sleep(PLUG_S)
        await self._until("every journal is drained", self._drained)

    async def _meet(self) -> None:
        self.say("bravo opens; the bridges meet as boundary agents, exchange, translate, place, decide")
        await self.command("channel", "set", "boundary", "open", "--store", self._store("bravo"))
        await self._until("both bridges signed an epoch", lambda: self._last_epoch() >= 1)

    async def _word_back(self) -> None:
        self.say(
            "bravo's bridge hands alpha's words down to b1 and b2, which derive from them; that crosses back"
        )
        await self._until("a bravo observation derives from an alpha one", self._derived_across)
        await self._until("a later epoch holds it", self._relay_is_joint)
        await self._until("what the boards observed meanwhile is drained too", self._drained)

    # Facts

    def _store(self, name: str) -> str:
        return str(self.folder / name / "store.db")

    def _query(self, name: str, sql: str, *arguments: object) -> list[tuple]:
        """Rows of a bridge's store; none while it is still being made."""
        try:
            store = Store.read_only(self._store(name))
        except (FileNotFoundError, sqlite3.OperationalError):
            return []
        try:
            return store.query(sql, *arguments)
        finally:
            store.close()

    def _rows(self, name: str, table: str) -> int:
        found = self._query(name, f'SELECT count(*) FROM "{table}"')
        return found[0][0] if found else 0

    def _drained(self) -> bool:
        self._read_consoles()
        for name, part in self.parts.items():
            said = self.consoles.get(name, {})
            device = bytes.fromhex(self.devices[name])
            held = self._query(
                part.mesh, "SELECT count(*) FROM observation WHERE device = ? AND sealed = 1", device
            )
            if (
                not said
                or not held
                or not 0 < said["journalled"] == said["signed"] == held[0][0]
                or not said["freed"]
            ):
                return False
        return all(self._settled(name) for name in self.bridges)

    def _settled(self, name: str) -> bool:
        """The last input of the store is a solve: nothing waits to be placed."""
        found = self._query(name, "SELECT kind FROM input ORDER BY n DESC LIMIT 1")
        return bool(found) and found[0][0] not in ("segment", "early", "token")

    def _last_epoch(self) -> int:
        numbers = [
            self._query(name, "SELECT coalesce(max(number), 0) FROM epoch WHERE agreed = 1")
            for name in self.bridges
        ]
        return min((found[0][0] if found else 0) for found in numbers)

    def _derived_across(self) -> bool:
        return bool(self.relays("bravo"))

    def relays(self, name: str) -> list[bytes]:
        """Ids of bravo observations that derive from alpha ones, as one store knows them."""
        sql = (
            "SELECT child.id FROM edge JOIN observation AS child ON child.id = edge.child JOIN observation AS parent"
            " ON parent.id = edge.parent WHERE child.mesh = ? AND parent.mesh = ?"
        )
        return [row[0] for row in self._query(name, sql, self.meshes["bravo"].id, self.meshes["alpha"].id)]

    def _relay_is_joint(self) -> bool:
        held = set(self.relays("alpha"))
        decided = {row[0] for row in self._query("alpha", "SELECT claim FROM decision")}
        later = {row[0] for row in self._query("bravo", "SELECT claim FROM decision")}
        return len(held & decided & later) == len(cast.DELIVERIES)

    async def _until(self, what: str, fact: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT_S_MAX
        while not fact():
            if time.monotonic() > until:
                raise DemoError(
                    f"after {WAIT_S_MAX:.0f} s it is still not so that {what}; logs lie in {self.folder}"
                )
            for name, process in self.running.items():
                if process.returncode is not None:
                    raise DemoError(f"the bridge {name} ended; see {self.folder / name / 'bridge.log'}")
            await asyncio.sleep(0.1)

    # Processes

    async def command(self, *words: str) -> str:
        """Run one fieldpost command as a person would; its output. DemoError with its error text."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fieldpost",
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise DemoError(f"fieldpost {' '.join(words)}: {err.decode().strip()}")
        return out.decode()

    async def _start(self, name: str) -> None:
        with (self.folder / name / "bridge.log").open("ab") as log:
            self.running[name] = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "fieldpost",
                "bridge",
                "run",
                str(self.folder / name / "bridge.toml"),
                stdout=log,
                stderr=log,
                preexec_fn=die_with(os.getpid()),
            )

    async def _stop_bridges(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                process.terminate()
        for process in self.running.values():
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()

    def _read_consoles(self) -> None:
        for board in self.fleet:
            lines = board.console.read_text(errors="replace").splitlines() if board.console.is_file() else []
            said = next((one for one in statuses(reversed(lines)) if "device" in one), None)
            if said is not None:
                self.consoles[board.spec.name] = said
