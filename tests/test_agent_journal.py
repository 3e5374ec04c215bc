"""The device's log as who uses it sees it: chains, recovery, incarnations, gaps. Cuts stand in test_agent_power_cut."""

from agent_log import Device, Incarnations, Keeper, Settings
from fake_flash import FakeFlash
from vectors_io import fails

from fieldwire import cbor, seal
from fieldwire import observation as obs
from fieldwire.errors import StorageError


def bodies(device):
    return [
        seal.decode(seal.decode_segment(device.journal.read(key, 0, device.journal.length(key)))[0])[1]
        for key in device.journal.held()
    ]


def after_a_cut(flash, incarnations, count, stream=1):
    """Ids of so many observations, durable and under no seal when the power goes."""
    made = Device(flash, incarnations)
    ids = [made.observe(stream, value).id for value in range(count)]
    made.journal.commit()
    return ids


def newest_sector(flash):
    return max(name for name in flash.kept if name.startswith("/log/"))


def test_seals_of_a_stream_form_a_chain_over_boots():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    for _ in range(3):
        device = Device(flash, incarnations)
        for value in range(5):
            device.observe(value=value)
        device.observer.seal_all()
        keeper.drain(device.journal)
    keeper.check_chains()
    assert sorted(key[2] for key in keeper.seals) == [0, 1, 2]
    assert incarnations.taken == 1


def test_what_was_open_at_a_power_cut_is_sealed_as_recovered_under_its_own_boot():
    flash, incarnations = FakeFlash(), Incarnations()
    ids = after_a_cut(flash, incarnations, 3)
    device = Device(flash, incarnations)
    assert device.recovered == 3
    (body,) = bodies(device)
    assert (body.flags, body.boot, body.count) == (seal.RECOVERED, 1, 3)
    assert body.attestation[-4:] == (1).to_bytes(4, "big")
    keeper = Keeper()
    keeper.drain(device.journal)
    assert sorted(keeper.ids.values()) == sorted(ids)


def test_open_leaves_of_several_streams_and_sectors_are_each_sealed_once():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    made = Device(flash, incarnations)
    ids = [made.observe(stream, value).id for value in range(30) for stream in (3, 2, 1)]
    made.journal.commit()
    device = Device(flash, incarnations)
    assert device.recovered == 90 and Device(flash, incarnations).recovered == 0
    keeper.drain(device.journal)
    assert sorted(keeper.ids.values()) == sorted(ids)
    assert len({name for name in flash.kept if name.startswith("/log/")}) >= 3


def test_what_was_not_committed_is_lost_with_the_power_and_its_positions_are_not_used_again():
    flash, incarnations = FakeFlash(), Incarnations()
    made = Device(flash, incarnations)
    lost = [made.observe(value=value).observation[obs.SEQ] for value in range(3)]
    device = Device(flash, incarnations)
    assert device.recovered == 0
    assert device.observe().observation[obs.SEQ] > max(lost)


def test_a_torn_record_at_the_end_is_left_out_and_its_position_is_not_used_again():
    flash, incarnations = FakeFlash(), Incarnations()
    after_a_cut(flash, incarnations, 3)
    name = newest_sector(flash)
    flash.kept[name] = flash.kept[name][:-1]
    device = Device(flash, incarnations)
    assert device.recovered == 2
    assert device.observe().observation[obs.SEQ] > 2


def test_a_flipped_bit_costs_one_leaf_and_those_around_it_are_sealed():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    ids = after_a_cut(flash, incarnations, 5)
    name = newest_sector(flash)
    data = bytearray(flash.kept[name])
    data[len(data) // 2] ^= 1
    flash.kept[name] = bytes(data)
    device = Device(flash, incarnations)
    assert device.recovered == 4 and incarnations.taken == 1
    keeper.drain(device.journal)
    keeper.check_chains()
    assert sorted(keeper.ids.values()) == sorted(ids[:2] + ids[3:])


def test_a_seal_that_is_torn_is_made_again_as_it_was():
    """It may have left before its bytes turned: another seal for that segment would be a fork."""
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    made = Device(flash, incarnations)
    for value in range(3):
        made.observe(value=value)
    made.observer.seal_all()
    keeper.drain(made.journal)
    name = newest_sector(flash)
    flash.kept[name] = flash.kept[name][:-9]
    device = Device(flash, incarnations)
    keeper.drain(device.journal)
    assert device.recovered == 3 and len(keeper.seals) == 1


def test_seq_never_repeats_however_often_the_power_goes():
    flash, incarnations = FakeFlash(), Incarnations()
    seen = []
    for boot in range(6):
        device = Device(flash, incarnations)
        seen.extend(device.observe(value=boot).observation[obs.SEQ] for _ in range(boot * 30 + 1))
    assert len(seen) == len(set(seen)) and seen == sorted(seen)


def test_a_boot_after_an_orderly_end_goes_on_where_the_last_one_stopped():
    flash, incarnations = FakeFlash(), Incarnations()
    for boot in range(3):
        device = Device(flash, incarnations)
        assert device.observe().observation[obs.SEQ] == boot
        device.observer.seal_all()
        device.journal.close()
    assert len([name for name in flash.kept if name.startswith("/log/")]) == 1


def test_a_log_that_is_gone_begins_a_new_incarnation():
    flash, incarnations = FakeFlash(), Incarnations()
    after_a_cut(flash, incarnations, 1)
    for name in [name for name in flash.kept if name.startswith("/log/")]:
        del flash.kept[name]
    made = Device(flash, incarnations).observe()
    assert made.observation[obs.INCARNATION] == b"\x02" * 8 and made.observation[obs.SEQ] == 0


def spoilt(flash):
    """More damage in the newest sector than a cut leaves: a seal may be lost there."""
    name = newest_sector(flash)
    data = bytearray(flash.kept[name])
    for at in range(len(data) // 2, len(data), 40):
        data[at] ^= 0xFF
    flash.kept[name] = bytes(data)


def test_three_incarnations_that_nobody_drained_all_drain():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    ids = []
    for _ in range(3):
        device = Device(flash, incarnations)
        ids.extend([device.observe(stream).id for stream in (1, 0, 1)])
        device.observer.seal_all()
        for value in range(20):  # what will be spoilt
            device.observe(2, value)
        device.journal.commit()
        spoilt(flash)
    device = Device(flash, incarnations)
    keeper.drain(device.journal)
    assert not [identity for identity in ids if identity not in keeper.ids.values()]
    assert len({key[0] for key in keeper.seals}) == 3
    assert [key[1] for key in device.journal.held()][:6] == [0, 0, 0, 1, 1, 1]
    for key in list(device.journal.held()):
        assert device.journal.free(key) >= 1
    device.journal.commit()
    assert Device(flash, incarnations).journal.segments_held == 0


def test_the_chain_goes_on_after_all_was_freed_and_the_board_restarted():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    for _ in range(2):
        device = Device(flash, incarnations)
        device.observe()
        device.observer.seal_all()
        keeper.drain(device.journal)
        for key in list(device.journal.held()):
            device.journal.free(key)
    keeper.check_chains()
    assert len(keeper.seals) == 2


def test_a_segment_is_read_in_pieces_of_any_size_and_from_anywhere():
    device = Device(FakeFlash(), Incarnations())
    for value in range(30):
        device.observe(value=value)
        device.observe(2, value)
    device.observer.seal_all()
    key = next(device.journal.held())
    size = device.journal.length(key)
    whole = device.journal.read(key, 0, size)
    pieces = [device.journal.read(key, at, 97) for at in range(0, size, 97)]
    assert b"".join(pieces) == whole and len(whole) == size
    for at in range(size, 0, -211):
        assert device.journal.read(key, at, 50) == whole[at : at + 50]
    assert len(seal.decode_segment(whole)[1]) == 30


def test_segments_are_sealed_by_count_by_age_and_before_they_outgrow_a_segment():
    device = Device(FakeFlash(), Incarnations())
    for value in range(7):
        device.observe(value=value)
    device.observer.seal_due(device.now_ms, 10_000)
    assert device.journal.segments_held == 0
    device.observe()
    device.observer.seal_due(device.now_ms, 10_000)
    assert [body.count for body in bodies(device)] == [8]
    device.observe()
    device.observer.seal_due(device.now_ms + 999, 1_000)
    assert device.journal.segments_held == 1
    device.observer.seal_due(device.now_ms + 1_000, 1_000)
    assert device.journal.segments_held == 2
    for _ in range(70):
        device.observe()
    assert [body.count for body in bodies(device)] == [8, 1, 64]


def test_an_urgent_observation_is_signed_at_once_and_its_id_returns_in_the_seal():
    device = Device(FakeFlash(), Incarnations())
    made = device.observe(stream=0)
    keeper = Keeper()
    keeper.take_early(made.early_copy)
    assert [entry[3] for entry in device.observer.early()] == [made.early_copy]
    assert device.observer.signed == 1
    device.observer.seal_all()
    keeper.drain(device.journal)
    assert list(keeper.ids.values()) == [made.id]
    assert device.observer.early() == [] and device.observer.signed == 1


class Small(Settings):
    journal_bytes = 131_072


def test_dropping_goes_on_for_as_long_as_nobody_drains():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    device = Device(flash, incarnations, Small)
    for value in range(1_500):
        device.observe(1 + value % 3)
        device.observer.seal_due(device.now_ms, 10_000)
        device.journal.idle()
    assert device.observer.dropped > 0
    assert sum(len(data) for data in flash.kept.values()) <= Small.journal_bytes
    keeper.drain(Device(flash, incarnations, Small).journal)


def test_custody_out_of_order_never_keeps_the_log_from_going_round():
    """One segment at the tail stays for as long as a hundred others come and go: it is moved, and reads the same."""
    flash, incarnations = FakeFlash(), Incarnations()
    device = Device(flash, incarnations, Small)
    device.observe(3)
    device.observer.seal_all()
    (kept,) = device.journal.held()
    before = device.journal.read(kept, 0, 4_096)
    for value in range(900):
        device.observe(value=value)
        device.observer.seal_due(device.now_ms, 10_000)
        for key in list(device.journal.held()):
            if key != kept:
                device.journal.free(key)
        device.journal.idle()
    assert device.observer.dropped == 0
    assert device.journal.read(kept, 0, 4_096) == before
    assert Device(flash, incarnations, Small).journal.read(kept, 0, 4_096) == before


class Refusing(FakeFlash):
    """A flash that is full from a given operation on, until it is told otherwise."""

    full = False

    def commit(self, path, data, flushed):
        if self.full:
            raise OSError(28, path)
        super().commit(path, data, flushed)


def test_a_flash_that_refuses_a_write_loses_what_was_not_committed_and_breaks_nothing():
    flash, incarnations, keeper = Refusing(), Incarnations(), Keeper()
    device = Device(flash, incarnations)
    kept = [device.observe(value=1).id]
    device.journal.commit()
    flash.full = True
    device.observe(value=5)
    fails(StorageError, device.journal.commit)
    flash.full = False
    kept.append(device.observe(value=2).id)
    device.observer.seal_all()
    keeper.drain(device.journal)
    keeper.check_chains()
    assert sorted(keeper.ids.values()) == sorted(kept)
    assert len(keeper.seals) == 2


def test_a_log_of_another_program_is_refused_by_name():
    flash = FakeFlash()
    flash.folders.add("/log")
    flash.kept["/log/heads"] = b"\x00" * 40
    assert "/log/heads" in str(fails(StorageError, Device, flash, Incarnations()))


def test_a_log_of_another_format_is_refused_with_both_versions():
    flash, incarnations = FakeFlash(), Incarnations()
    after_a_cut(flash, incarnations, 1)
    from binascii import crc32

    name = newest_sector(flash)
    data = flash.kept[name]
    begin = b"FPJ\x07" + data[4:10]
    flash.kept[name] = begin + crc32(begin).to_bytes(4, "big") + data[14:]
    text = str(fails(StorageError, Device, flash, incarnations))
    assert "format 7" in text and "format 1" in text


def test_leaves_are_not_taken_before_the_log_has_recovered():
    from fieldagent.journal import Journal
    from fieldagent.journal_files import Files
    from fieldagent.sector_files import SectorFiles

    journal = Journal(SectorFiles(Files("", FakeFlash()), 131_072), Incarnations())
    leaf = cbor.encode({obs.SEQ: 0})
    fails(ValueError, journal.append, 1, leaf, (1, b"", b""), 0)
    assert not journal.is_recovered and journal.leaves_held() == 0
