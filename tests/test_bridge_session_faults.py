"""Sessions under seeded schedules of faults: nothing is freed that is not kept, nothing is stuck, nobody seems forked.

The schedules are those of the bench (`fieldpost.bench.link.faults`), which plays many more of them.
"""

import pytest

from fieldpost.bench.link import fault_ends, faults
from fieldwire import custody, session_packing


@pytest.mark.parametrize(
    "kinds",
    [
        ("loss",),
        ("copy", "delay"),
        ("loss", "copy", "delay"),
        ("cut",),
        ("crash",),
        ("loss", "cut", "crash"),
        ("flip",),
        ("replay", "forge"),
        ("loss", "restore"),
        ("loss", "replay", "format"),
        ("replay", "device"),
        ("loss", "replay", "bridge"),
        faults.ALL,
    ],
    ids="+".join,
)
def test_whatever_happens_only_what_a_bridge_keeps_is_freed_and_all_drains(kinds):
    for seed in range(160):
        world = faults.play(seed, kinds)
        if "flip" not in kinds and "forge" not in kinds:
            assert not any(disk.unproven for disk in world.disks), (seed, "an item was put together wrongly")


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_a_million_more_schedules_free_nothing_that_no_bridge_keeps(block):
    found = faults.tally(range(10**6 + block * 50_000, 10**6 + (block + 1) * 50_000))
    assert not found.unsafe and not found.stuck


def test_under_a_wrong_device_key_nothing_is_sent_and_nothing_freed():
    for seed in range(60):
        world = faults.World(seed, ("loss", "copy", "delay", "replay"))
        world.log.k_dev = faults.WRONG_KEY
        world.new_device(None)
        world.run(faults.HOSTILE_MS)
        assert world.log.kept == world.log.past
        assert not world.disk.ever and not world.disk.tokens
        assert world.device.state == "calling"


def test_a_device_without_a_key_at_the_bridge_frees_nothing_and_hears_nothing():
    for seed in range(60):
        world = faults.World(seed, ("loss", "copy", "forge"))
        world.disk.keys.clear()
        world.run(faults.HOSTILE_MS)
        assert world.log.kept == world.log.past
        assert not any(not from_device for from_device, _ in world.past), "the bridge is not silent"


def test_the_schedules_reach_what_they_are_for():
    closed, dropped = set(), {}
    formatted = elsewhere = restored = 0
    for seed in range(160):
        world = faults.play(seed)
        for session in (world.device, world.bridge):
            world.count(session)
        for code, count in world.dropped.items():
            dropped[code] = dropped.get(code, 0) + count
        closed |= set(world.closed)
        formatted += any(
            place not in world.log.past for device, place in world.disks[0].ever if device == world.log.device
        )
        elsewhere += len(world.disks) > 1 and bool(world.disks[1].ever)
        restored += any(disk.durable != disk.ever for disk in world.disks)
    assert {"timeout", "lost", "bye"} <= closed
    for code in ("frame-state", "frame-tag", "frame-stale", "frame-unknown"):
        assert dropped.get(code), (code, dropped)
    assert formatted > 3 and elsewhere > 3 and restored > 3, (formatted, elsewhere, restored)


def test_a_share_of_the_schedules_has_packed_segments_and_bridges_that_cannot_expand_them():
    packed = refused = plain = 0
    for seed in range(100):
        world = faults.World(seed, faults.ALL)
        if not world.packs:
            plain += 1
            continue
        world = faults.play(seed)
        packed += sum(disk.packed for disk in world.disks)
        refused += sum(disk.refused for disk in world.disks)
    assert 70 < plain < 90 and packed > 100 and refused > 5, (plain, packed, refused)


def test_the_judge_finds_a_device_that_takes_a_refused_segment_for_delivered(monkeypatch):
    monkeypatch.setattr(session_packing.Packing, "refuse", lambda packing, place: False)
    monkeypatch.setattr(faults, "PATIENCE_MS", 120_000)
    assert faults.tally(range(60)).stuck


def test_a_piece_that_a_cut_leaves_in_the_deframer_spoils_at_most_the_next_frame():
    world = faults.World(1, ())
    framed = faults.frame.encode(b"a frame that was cut")
    for size in range(len(framed)):
        world.torn[True] = framed[:size]
        assert world.on_the_line(True, b"the next")[-1:] in ([], [b"the next"])
        assert world.on_the_line(True, b"the one after") == [b"the one after"]


def test_the_judge_finds_a_bridge_that_promises_before_its_disk_has_written(monkeypatch):
    take = fault_ends.Disk.take

    def eager(disk, event, session):
        take(disk, event, session)
        for device, place, data in disk.written:
            if device == session.device:
                session.grant_custody(*place, place[2], fault_ends.seal_hash(data))

    monkeypatch.setattr(fault_ends.Disk, "take", eager)
    assert len(faults.tally(range(60)).unsafe) > 10


def test_the_judge_finds_a_device_that_believes_any_mac(monkeypatch):
    monkeypatch.setattr(custody, "matches", lambda expected, found: True)
    assert len(faults.tally(range(100)).unsafe) > 5


def test_the_judge_finds_a_session_that_never_asks_again(monkeypatch):
    monkeypatch.setattr(faults.DeviceSession, "deadline", lambda session: None)
    found = faults.tally(range(40), ("loss",))
    assert len(found.stuck) > 5 and not found.unsafe
