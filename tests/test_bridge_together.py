"""One process that serves several meshes: each with its own key, store and log, and nothing in common but the loop."""

import asyncio
import logging
import shutil
import time

import pytest
from test_bridge_covenant import between
from typer.testing import CliRunner
from world import stream_of

from fieldpost import provision, together
from fieldpost.app import StartError
from fieldpost.bridge_text import BridgeSetup
from fieldpost.cli.main import app as commands
from fieldpost.config import load
from fieldpost.discovery import listing
from fieldpost.mesh import Mesh, Validity
from fieldpost.reading import profile_of, trust_of
from fieldpost.store import Store
from fieldwire import tokens

MEET_S_MAX = 20


class Three:
    """North and south call middle, which has an address for each; all are parties of one agreement."""

    def __init__(self, folder):
        self.folder = folder
        self.valid = Validity.days(int(time.time()), 30)
        self.meshes = {
            name: Mesh.found(folder / "desk" / name, name, ["ops"], self.valid, stream_of(name))
            for name in ("north", "middle", "south")
        }
        self.made = {
            "north": self._bridge("north", dial="unix:../middle/n.sock"),
            "middle": self._bridge("middle", listen=("unix:n.sock", "unix:s.sock")),
            "south": self._bridge("south", dial="unix:../middle/s.sock"),
        }
        for one, other in (("north", "middle"), ("middle", "south")):
            self._join(one, other)
            self._join(other, one)
        proof = between(*self.meshes.values())
        for name in self.meshes:
            (folder / name / "agreement.proof").write_bytes(proof)

    def _bridge(self, name, **addresses):
        peers = tuple(mesh.root_public for key, mesh in self.meshes.items() if key != name)
        setup = BridgeSetup(name, peers, meet_every_s=0.2, **addresses)
        random = stream_of(name + " bridge")
        return provision.make_bridge(self.meshes[name], self.folder / name, "ops", self.valid, setup, random)

    def _join(self, name, host):
        """The host mesh lets the other one's bridge speak at its boundary; both bridges are given the token."""
        mesh = self.meshes[host]
        token = mesh.token(mesh.boundary(self.made[name].public, self.valid))
        for folder in (name, host):
            provision.put_token(self.folder / folder, token)

    def configured(self, *names):
        return [(load(self.folder / name / "bridge.toml"), self.folder / name) for name in names]


@pytest.fixture
def three(tmp_path):
    return Three(tmp_path)


async def until(fact):
    end = time.monotonic() + MEET_S_MAX
    while not fact():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def meet_all(started):
    """Run until north and south have both talked with middle."""
    running = asyncio.ensure_future(together.run(started))
    try:
        await until(
            lambda: (
                running.done()
                or [
                    len([each for each in listing(one.desk.state) if each.code == "talks"]) for one in started
                ]
                == [1, 2, 1]
            )
        )
    finally:
        running.cancel()
    return await asyncio.gather(running, return_exceptions=True)


def test_one_process_serves_three_meshes_which_meet_only_across_their_boundaries(three, caplog):
    with together.bridges(three.configured("north", "middle", "south")) as started:
        with caplog.at_level(logging.INFO):
            [ended] = asyncio.run(meet_all(started))
        assert isinstance(ended, asyncio.CancelledError)
        heard = {
            one.config.bridge.name: {each.thumbprint for each in listing(one.desk.state)} for one in started
        }
    made = {name: one.thumbprint for name, one in three.made.items()}
    assert any(one.startswith(f"north: met {made['middle'].hex()[:16]}: ") for one in caplog.messages)
    assert any(one.startswith(f"middle: met {made['south'].hex()[:16]}: ") for one in caplog.messages)
    assert heard == {
        "north": {made["middle"]},
        "middle": {made["north"], made["south"]},
        "south": {made["middle"]},
    }


def test_the_stores_of_meshes_that_one_process_serves_hold_nothing_of_each_other_but_what_crossed(three):
    with together.bridges(three.configured("north", "middle", "south")) as started:
        asyncio.run(meet_all(started))
    far = {"north": "south", "south": "north"}
    for name, mesh in three.meshes.items():
        store = Store.read_only(three.folder / name / "store.db")
        try:
            assert profile_of(store)[:2] == (mesh.id, three.made[name].thumbprint)
            if name in far:
                other = three.meshes[far[name]].id
                held = trust_of(store).credentials.values()
                assert not [one for one in held if one.claims[tokens.MESH] == other]
        finally:
            store.close()


def test_two_bridges_with_one_key_are_refused_for_two_logs_under_one_key_are_a_fork(three):
    shutil.copy(three.folder / "north" / "bridge.key", three.folder / "south" / "bridge.key")
    with (
        pytest.raises(StartError, match="bridge north has this key too"),
        together.bridges(three.configured("north", "south")),
    ):
        raise AssertionError("they were started")


def test_two_bridges_on_one_store_are_refused(three):
    with (
        pytest.raises(StartError, match="was given twice, by bridge north and by bridge north"),
        together.bridges(three.configured("north", "north")),
    ):
        raise AssertionError("they were started")
    with together.bridges(three.configured("north")):
        pass  # nothing of the failed start holds the store


def test_the_command_refuses_what_cannot_be_served_together_and_names_it(three):
    words = [str(three.folder / name / "bridge.toml") for name in ("north", "north")]
    result = CliRunner().invoke(commands, ["bridge", "run", *words])
    assert result.exit_code == 2 and "north/bridge.toml: was given twice" in result.stderr.replace("\n", "")


def test_a_bridge_with_several_addresses_says_all_of_them(three):
    result = CliRunner().invoke(commands, ["bridge", "check", str(three.folder / "middle" / "bridge.toml")])
    assert "listens at unix:n.sock and listens at unix:s.sock" in result.stdout
