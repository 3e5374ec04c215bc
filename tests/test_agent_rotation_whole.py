"""A whole board in memory rotates its key: nothing that was logged is lost, and no cut leaves it without a key."""

from agent_world import EnrollingHost, config, install, segments_left
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash, PowerCut
from rotation_world import K_DEV, MESH, HeirsBridge, RotatingHost

from fieldagent import app, identity
from fieldagent.handover import next_k_dev
from fieldagent.journal_files import Files
from fieldwire import cbor, cose, keys, rotation, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer
from fieldwire.error_numbers import NUMBER
from fieldwire.errors import StorageError


def run(board, flash):
    """Runs the board's own loop until the power goes off or is cut; False when it was cut."""
    app.Files = lambda root: Files(root, flash)
    try:
        app.run(board)
    except PowerOff:
        return True
    except PowerCut:
        return False
    raise AssertionError("the loop ended by itself")


BOOTS = []


def stored(flash):
    return identity.load(Files("", flash))


def enrolled(text=None):
    flash, hosts = FakeFlash(), []
    install(Files("", flash), config(observe=[]))
    board = FakeBoard(1, {}, 400, lambda now_ms: hosts[0].turn(now_ms))
    hosts.append(EnrollingHost(MESH, board.host_uart, K_DEV))
    run(board, flash)
    Files("", flash).replace("config.json", [(text or config()).encode()])
    return flash


def boot(flash, other_of, readings=(), off_ms=8_000):
    """One boot with `other_of(pipe)` at the other end of the cable; returns (what that made, False when cut)."""
    others = []
    board = FakeBoard(1, {"t": readings}, off_ms, lambda now_ms: others[0].turn(now_ms))
    BOOTS.append(board)
    board._drawn = 11 * len(BOOTS)  # no two boots draw the same random bytes
    others.append(other_of(board.host_uart))
    return others[0], run(board, flash)


def bridge_of(k_devs):
    return lambda pipe: HeirsBridge(pipe, k_devs)


def both_keys(flash):
    """{device id: K_dev} of what the device is and was."""
    known = stored(flash)
    found = {known.device: known.k_dev}
    if known.former is not None:
        found[known.former.device] = known.former.k_dev
    return found


def values(observations):
    return [cbor.decode(one[obs.PAYLOAD])[0] for one in observations if one[obs.STREAM] == obs.READINGS]


def test_a_board_rotates_and_what_it_logged_drains_under_the_id_that_signed_it():
    flash = enrolled()
    old = stored(flash).device
    host, _ = boot(flash, RotatingHost, list(range(60)), 5_000)
    new = stored(flash)
    assert host.rotated == new.device != old and new.k_dev == next_k_dev(K_DEV, new.signer.public)
    assert new.former.device == old and host.calls[0] == old

    bridge, _ = boot(flash, bridge_of(both_keys(flash)), off_ms=20_000)
    under_old, under_new = values(bridge.drained[old]), values(bridge.drained[new.device])
    assert under_old == list(range(len(under_old))) and under_old
    assert under_new == list(range(len(under_new))) and len(under_new) > 20, (
        "the record begins anew at a boot"
    )
    assert not segments_left(flash)

    statement = rotation.decode(host.accepted)
    assert {tuple(end[:2]) for end in statement.ends} == {
        (one[obs.INCARNATION], one[obs.STREAM]) for one in bridge.drained[old]
    }
    assert all(statement.covers(*key) for key in bridge.segments if key[0] == statement.ends[0][0])
    assert {body.incarnation for body in bridge.bodies} != {statement.ends[0][0]}
    boots = {body.boot for body in bridge.bodies if body.incarnation != statement.ends[0][0]}
    assert min(boots) > statement.boot
    rotations = [data for data in bridge.tokens.values() if tokens.decode(data).typ == cose.ROTATION]
    assert len(rotations) == 1


def test_a_former_device_is_forgotten_once_nothing_of_its_log_is_left():
    flash = enrolled()
    boot(flash, RotatingHost, list(range(60)), 5_000)
    assert stored(flash).former is not None
    boot(flash, bridge_of(both_keys(flash)), off_ms=20_000)
    boot(flash, bridge_of(both_keys(flash)), off_ms=300)
    assert stored(flash).former is None


def test_a_bridge_that_holds_one_id_only_drains_that_and_the_other_waits():
    flash = enrolled()
    boot(flash, RotatingHost, list(range(60)), 5_000)
    known = stored(flash)
    for device, k_dev in sorted(both_keys(flash).items()):
        bridge, _ = boot(flash, bridge_of({device: k_dev}), off_ms=25_000)
        assert list(bridge.drained) == [device]
    assert stored(flash).device == known.device
    assert not segments_left(flash)


def test_a_former_log_that_no_bridge_takes_leaves_the_cable_to_the_present_id_in_time():
    flash = enrolled()
    old = stored(flash).device
    boot(flash, RotatingHost, list(range(60)), 5_000)

    def stingy(pipe):
        bridge = HeirsBridge(pipe, both_keys(flash))
        bridge.custodian = False
        return bridge

    bridge, _ = boot(flash, stingy, off_ms=60_000)
    assert set(bridge.drained) == {old, stored(flash).device}
    assert len(segments_left(flash)) == len(bridge.segments) > 2


def test_a_handover_that_nobody_answers_stops_the_readings_for_half_a_minute_and_changes_nothing():
    flash = enrolled()
    before = stored(flash)
    host, _ = boot(flash, lambda pipe: RotatingHost(pipe, answers=False), list(range(600)), 40_000)
    assert host.accepted is not None and host.rotated is None
    assert stored(flash).device == before.device and stored(flash).former is None
    bridge, _ = boot(flash, bridge_of(both_keys(flash)), off_ms=20_000)
    read = values(bridge.drained[before.device])
    assert 60 < len(read) < 330 and read[0] == 0
    again, _ = boot(flash, RotatingHost, [], 5_000)
    assert rotation.decode(again.accepted).new == rotation.decode(host.accepted).new, "the next key waits"
    assert again.rotated == stored(flash).device


def test_a_host_without_k_dev_is_not_answered_and_no_reading_is_lost():
    flash = enrolled()
    host, _ = boot(flash, lambda pipe: RotatingHost(pipe, b"\x08" * 32), list(range(40)), 5_000)
    assert host.accepted is None and host.refused is None and stored(flash).former is None
    bridge, _ = boot(flash, bridge_of(both_keys(flash)), off_ms=20_000)
    assert values(bridge.drained[stored(flash).device])[:40] == list(range(40))


def test_a_second_rotation_waits_until_the_former_log_is_drained():
    flash = enrolled()
    boot(flash, RotatingHost, list(range(60)), 5_000)
    known = stored(flash)

    def present(pipe):
        host = RotatingHost(pipe, known.k_dev)
        host.only, host.host_bytes = known.device, b"\x67" * 32
        return host

    host, _ = boot(flash, present, [], 9_000)
    assert host.refused == NUMBER["frame-state"] and stored(flash).device == known.device
    boot(flash, bridge_of(both_keys(flash)), off_ms=20_000)
    host, _ = boot(flash, present, [], 9_000)
    assert host.rotated == stored(flash).device != known.device


def test_a_damaged_identity_is_named_and_no_key_is_made_in_its_place():
    flash = enrolled()
    whole = flash.kept["/state/identity"]
    for damaged in (
        whole[:-1],
        whole[1:],
        b"",
        b"\x00" * 40,
        whole[:20] + b"\x00" + whole[21:],
        whole + b"\x00",
    ):
        flash.kept["/state/identity"] = damaged
        try:
            stored(flash)
            raise AssertionError("taken: %r" % damaged[:8])
        except StorageError as error:
            assert "state/identity is damaged" in str(error) and "enrol a new device" in str(error)
    flash.kept["/state/identity"] = whole
    assert stored(flash).device


def next_device(flash):
    """The id of the key that waits in flash to follow, None where there is none."""
    seed = flash.kept.get("/state/next", b"")[4:]
    return keys.device_id(Ed25519Signer(seed).public) if len(seed) == 32 else None


def lacks_nothing(flash, host, old):
    """The device is the old one or the new one, whole; everything in its log drains; then it can rotate, or has."""
    known, follows = stored(flash), next_device(flash)
    if host.rotated is not None:
        assert known.device == host.rotated, "the host was told that it is durable"
    if known.device != old:
        assert known.device == keys.device_id(rotation.decode(host.accepted).new)
    bridge, _ = boot(flash, bridge_of(both_keys(flash)), [1, 2, 3], 6_000)
    assert not segments_left(flash)
    positions = [obs.position(one) for observations in bridge.drained.values() for one in observations]
    assert len(set(positions)) == len(positions)
    assert {1, 2, 3} <= set(values(bridge.drained[known.device]))
    if known.device == old and follows is not None:
        again, _ = boot(flash, RotatingHost, [], 2_500)
        assert again.rotated == stored(flash).device == follows, "a next key that was durable is used"


def sweep(torn_parts):
    """Cuts the power at every operation on the flash from the order to rotate to the new device's first readings."""
    base, cut_at, outcomes = enrolled(), 1, set()
    old = stored(base).device
    while True:
        flash = FakeFlash(cut_at=cut_at, torn_part=torn_parts[cut_at % len(torn_parts)])
        flash.kept, flash.folders = dict(base.kept), set(base.folders)
        host, ended = boot(flash, RotatingHost, [7, 8, 9], 2_500)
        flash.power_on()
        if ended:
            break
        outcomes.add(stored(flash).device == old)
        lacks_nothing(flash, host, old)
        cut_at += 1
    assert cut_at > 20, cut_at
    return outcomes


def test_a_cut_at_any_operation_of_a_rotation_leaves_the_old_device_or_the_new_one():
    assert sweep((0,)) == {True, False}


def test_a_cut_that_tears_or_keeps_what_was_being_written_leaves_the_old_device_or_the_new_one():
    assert sweep((2, 4)) == {True, False}
