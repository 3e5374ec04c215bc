"""A whole board in memory: it boots, is enrolled, observes, seals, drains, and frees by custody alone."""

from agent_world import Bridge, EnrollingHost, Mesh, config, install
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash
from fieldagent import app, identity
from fieldagent.journal_files import Files
from fieldwire import keys
from fieldwire import observation as obs

MESH = Mesh(10)


def run(board, flash):
    """Runs the board's own loop until the power goes off."""
    try:
        app.run(_with_files(board, flash))
    except PowerOff:
        return
    raise AssertionError("the loop ended by itself")


def _with_files(board, flash):
    app.Files = lambda root: Files(root, flash)
    return board


def enrolled(number=1):
    """A flash with an enrolled identity and the host's end of it."""
    flash = FakeFlash()
    install(Files("", flash), config())
    hosts = []

    def turn(now_ms):
        hosts[0].turn(now_ms)

    board = FakeBoard(number, {"t": []}, 1_000, turn)
    hosts.append(EnrollingHost(MESH, board.host_uart))
    run(board, flash)
    return flash, hosts[0]


def test_a_device_makes_its_key_and_is_enrolled_over_the_cable():
    flash, host = enrolled()
    stored = identity.load(Files("", flash))
    assert host.device == stored.device == keys.device_id(stored.signer.public)
    assert host.request[0] == stored.signer.public
    assert stored.mesh_id == MESH.id and stored.k_dev == b"\x07" * 32


def test_it_drains_what_it_observed_and_frees_it_only_by_custody():
    flash, host = enrolled()
    bridges = []
    board = FakeBoard(1, {"t": list(range(40))}, 12_000, lambda now_ms: bridges[0].turn(now_ms))
    bridges.append(Bridge(board.host_uart, custodian=False))
    run(board, flash)
    readings = [one for one, _ in bridges[0].leaves if one[obs.STREAM] == obs.READINGS]
    assert len(readings) == 40
    assert len([name for name in flash.kept if name.endswith(".seg")]) == len(bridges[0].segments)
    assert len(bridges[0].exchanges) == 3

    board = FakeBoard(1, {"t": []}, 12_000, lambda now_ms: bridges[0].turn(now_ms))
    bridges[0] = Bridge(board.host_uart)
    run(board, flash)
    assert len([one for one, _ in bridges[0].leaves if one[obs.STREAM] == obs.READINGS]) == 40
    left = [name for name in flash.kept if name.endswith(".seg")]
    assert left == [], left
