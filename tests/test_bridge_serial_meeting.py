"""Two bridges, run as they are run, meet over a serial cable between them, whatever happens to one or to the line."""

import asyncio
import os
import sys
import time
import tty
from collections import Counter
from contextlib import asynccontextmanager
from random import Random

import pytest
from test_bridge_killed import rows
from world import VALID, World

from fieldpost import provision
from fieldpost.app import App
from fieldpost.config import load
from fieldpost.emulator.cable import Cable
from fieldpost.emulator.losses import ByteErrors
from fieldwire import observation as obs

BAUD = 115_200
READINGS = 24  # of each of two boards on either side
WAIT_S = 40


class Cord:
    """A cable with a port at either end, which counts the bytes that pass and strikes some."""

    def __init__(self, folder, errors):
        self.carried, self.struck = Counter(), Counter()
        near, far = self._way("to bravo", errors), self._way("to alpha", errors)
        self._cable = Cable(folder / "alpha.tty", near, BAUD, far)
        self._far, self._port = os.openpty()
        tty.setraw(self._port)
        (folder / "bravo.tty").symlink_to(os.ttyname(self._port))

    def _way(self, name, errors):
        line = ByteErrors(errors, Random(f"{name} 15"))

        def through(data):
            arrives = line.strike(data)
            self.carried[name] += len(data)
            self.struck[name] += arrives != data
            return arrives

        return through

    def put_in(self):
        self._cable.power(self._far)
        self._cable.plug()

    def pull_out(self):
        self._cable.close()
        os.close(self._port)


def made(folder):
    """Bridges alpha, which listens, and bravo, which dials; each holds what two boards of its mesh have said."""
    world = World(folder / "desks")
    for side, other in world.pairs():
        world.equate(side, other)
    address = {
        "alpha": {"listen": f"serial:../alpha.tty@{BAUD}"},
        "bravo": {"dial": f"serial:../bravo.tty@{BAUD}"},
    }
    bridges = {}
    for side, other in world.pairs():
        words = provision.BridgeSetup(
            side.name, (other.mesh.root_public,), meet_every_s=0.5, utc_claims=1, **address[side.name]
        )
        bridges[side.name] = provision.make_bridge(
            side.mesh, folder / side.name, "ops", VALID, words, os.urandom
        )
    for side, other in world.pairs():
        token = side.mesh.token(side.mesh.boundary(bridges[other.name].public, VALID))
        for one in bridges.values():
            provision.put_token(one.folder, token)
    evidence = world.contacts()
    for side in world.sides:
        provision.copy_tokens(side.mesh, bridges[side.name].folder)
        (bridges[side.name].folder / "agreement.proof").write_bytes(world.agreement())
        for number in range(READINGS):
            for board in side.boards[:2]:
                board.reading(f"water/{side.name}", number, 20_000 + 100 * number)
        given = [("token", board.attestation) for board in side.boards]
        given += [*evidence[side.name], *(("segment", board.seal()) for board in side.boards[:2])]
        app = App(load(bridges[side.name].folder / "bridge.toml"), bridges[side.name].folder)
        app.start()
        app.desk.submit_many([*given, ("solve", b"")])
        app.close()
    return {name: one.folder for name, one in bridges.items()}


@asynccontextmanager
async def running(folder):
    words = [sys.executable, "-m", "fieldpost", "bridge", "run", str(folder / "bridge.toml")]
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(fact, folders):
    end = time.monotonic() + WAIT_S
    while not fact():
        logs = {name: (one / "log").read_text()[-1_500:] for name, one in folders.items()}
        assert time.monotonic() < end, logs
        await asyncio.sleep(0.02)


def readings(folder):
    found = rows(folder / "store.db", f"SELECT count(*) FROM observation WHERE stream = {obs.READINGS}")
    return found[0][0] if found else 0


def agreed(folders):
    """The decision digests of the last epoch that both signed, when each holds all that both boards said."""
    last = "SELECT number, decision_digest, joint FROM epoch WHERE agreed = 1 ORDER BY number DESC LIMIT 1"
    found = [rows(one / "store.db", last) for one in folders.values()]
    return (
        all(found) and found[0] == found[1] and all(readings(one) == 4 * READINGS for one in folders.values())
    )


async def meet(folder, errors=0.0, killed=None, after=0):
    folders = await asyncio.to_thread(made, folder)
    cord = Cord(folder, errors)
    cord.put_in()
    try:
        if killed is not None:
            async with running(folders["alpha"]) as alpha, running(folders["bravo"]) as bravo:
                await until(lambda: cord.carried.total() > after, folders)
                ended = {"alpha": alpha, "bravo": bravo}[killed]
                ended.kill()
                await ended.wait()
                assert not agreed(folders), "it was killed in between"
                async with running(folders[killed]):
                    await until(lambda: agreed(folders), folders)
        else:
            async with running(folders["alpha"]), running(folders["bravo"]):
                await until(lambda: agreed(folders), folders)
    finally:
        cord.pull_out()
    return folders, cord


@pytest.mark.parametrize("killed", ["alpha", "bravo"])
def test_bridges_meet_over_a_paced_cable_though_one_is_killed_in_between(tmp_path, killed):
    folders, cord = asyncio.run(meet(tmp_path, killed=killed, after=15_000))
    assert all(count > 15_000 for count in cord.carried.values())
    assert "Traceback" not in "".join((one / "log").read_text() for one in folders.values())


def test_bridges_meet_over_a_cable_with_errors(tmp_path):
    _, cord = asyncio.run(meet(tmp_path, errors=1e-4))
    assert cord.struck["to alpha"] and cord.struck["to bravo"]
