"""The device's log: chains, recovery, incarnations, gaps. Cuts at every operation stand in test_agent_power_cut."""

from agent_log import Device, Incarnations, Keeper, Settings, Who
from fake_flash import FakeFlash
from vectors_io import fails

from fieldagent import segment_file
from fieldwire import cbor, seal
from fieldwire import observation as obs
from fieldwire.errors import StorageError


def bodies(device):
    return [
        seal.decode(seal.decode_segment(device.journal.read(row[:3], 0, row[3]))[0])[1]
        for row in device.journal.held()
    ]


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
    made = Device(flash, incarnations)
    ids = [made.observe(value=value).id for value in range(3)]
    device = Device(flash, incarnations)
    assert device.recovered == 3
    (body,) = bodies(device)
    assert (body.flags, body.boot, body.count) == (seal.RECOVERED, 1, 3)
    assert body.attestation[-4:] == (1).to_bytes(4, "big")
    keeper = Keeper()
    keeper.drain(device.journal)
    assert sorted(keeper.ids.values()) == sorted(ids)


def test_a_torn_record_at_the_end_is_left_out_and_its_position_is_not_used_again():
    flash, incarnations = FakeFlash(), Incarnations()
    made = Device(flash, incarnations)
    for value in range(3):
        made.observe(value=value)
    (name,) = [name for name in flash.kept if name.endswith(".open")]
    flash.kept[name] = flash.kept[name][:-1]
    device = Device(flash, incarnations)
    assert device.recovered == 2
    assert device.observe().observation[obs.SEQ] == 64


def test_a_flipped_bit_ends_an_open_segment_before_it():
    flash = FakeFlash()
    made = Device(flash, Incarnations())
    for value in range(3):
        made.observe(value=value)
    (name,) = [name for name in flash.kept if name.endswith(".open")]
    data = bytearray(flash.kept[name])
    data[len(data) // 2] ^= 1
    flash.kept[name] = bytes(data)
    assert Device(flash, Incarnations()).recovered == 1


def test_seq_never_repeats_however_often_the_power_goes():
    flash, incarnations = FakeFlash(), Incarnations()
    seen = []
    for boot in range(6):
        device = Device(flash, incarnations)
        seen.extend(device.observe(value=boot).observation[obs.SEQ] for _ in range(boot * 30 + 1))
    assert len(seen) == len(set(seen)) and seen == sorted(seen)


def test_a_log_that_cannot_prove_its_last_seq_begins_a_new_incarnation():
    for damage in (b"", b"\x00" * 40, None):
        flash, incarnations = FakeFlash(), Incarnations()
        Device(flash, incarnations).observe()
        if damage is None:
            del flash.kept["/log/heads"]
        else:
            flash.kept["/log/heads"] = damage
        device = Device(flash, incarnations)
        made = device.observe()
        assert made.observation[obs.INCARNATION] == b"\x02" * 8 and made.observation[obs.SEQ] == 0
        assert [(body.incarnation[0], body.flags) for body in bodies(device)] == [(1, seal.RECOVERED)]


def test_heads_older_than_the_segments_begin_a_new_incarnation():
    flash, incarnations = FakeFlash(), Incarnations()
    device = Device(flash, incarnations)
    device.observe()
    device.observer.seal_all()
    old = flash.kept["/log/heads"]
    for _ in range(2):
        device.observe()
        device.observer.seal_all()
    flash.kept["/log/heads"] = old
    assert Device(flash, incarnations).observe().observation[obs.INCARNATION] == b"\x02" * 8


def test_three_incarnations_that_nobody_drained_all_drain():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    ids = []
    for _ in range(3):
        device = Device(flash, incarnations)
        for stream in (1, 0, 1):
            ids.append(device.observe(stream).id)
        del flash.kept["/log/heads"]
    device = Device(flash, incarnations)
    keeper.drain(device.journal)
    keeper.check_chains()
    assert sorted(keeper.ids.values()) == sorted(ids)
    assert len({key[0] for key in keeper.seals}) == 3
    assert [row[1] for row in device.journal.held()] == [0, 0, 0, 1, 1, 1]
    for row in device.journal.held():
        assert device.journal.free(row[:3]) in (1, 2)
    assert not [name for name in flash.kept if name.endswith(".seg")]


def test_the_chain_goes_on_after_all_was_freed_and_the_board_restarted():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    for _ in range(2):
        device = Device(flash, incarnations)
        device.observe()
        device.observer.seal_all()
        keeper.drain(device.journal)
        for row in device.journal.held():
            device.journal.free(row[:3])
    keeper.check_chains()
    assert len(keeper.seals) == 2


def test_a_segment_is_read_in_pieces_of_any_size():
    device = Device(FakeFlash(), Incarnations())
    for value in range(30):
        device.observe(value=value)
    device.observer.seal_all()
    (row,) = device.journal.held()
    whole = device.journal.read(row[:3], 0, row[3])
    pieces = [device.journal.read(row[:3], at, 97) for at in range(0, row[3], 97)]
    assert b"".join(pieces) == whole
    assert len(seal.decode_segment(whole)[1]) == 30


def test_segments_are_sealed_by_count_by_age_and_before_they_outgrow_a_segment():
    device = Device(FakeFlash(), Incarnations())
    for value in range(7):
        device.observe(value=value)
    device.observer.seal_due(device.now_ms, 10_000)
    assert device.journal.held() == []
    device.observe()
    device.observer.seal_due(device.now_ms, 10_000)
    assert [body.count for body in bodies(device)] == [8]
    device.observe()
    device.observer.seal_due(device.now_ms + 999, 1_000)
    assert len(device.journal.held()) == 1
    device.observer.seal_due(device.now_ms + 1_000, 1_000)
    assert len(device.journal.held()) == 2
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
    journal_bytes = 65_536


def test_a_full_journal_drops_the_oldest_of_the_least_urgent_and_says_so_in_the_urgent_stream():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    device = Device(flash, incarnations, Small)
    urgent = device.observe(stream=0)
    bulk = [device.observe(stream=3).id for _ in range(16)]
    made = 17
    while device.observer.dropped == 0:
        device.observe(stream=1)
        device.observer.seal_due(device.now_ms, 10_000)
        made += 1
    device.observer.seal_all()
    assert device.journal.bytes <= Small.journal_bytes
    keeper.drain(device.journal)
    kept = list(keeper.ids.values())
    assert urgent.id in kept and not [identity for identity in bulk[:8] if identity in kept]
    named = []
    for leaf in gap_leaves(device):
        for entry in cbor.decode(leaf[obs.PAYLOAD]):
            incarnation, stream, first, last, reason = entry[:5]
            assert reason == "journal full"
            named.extend((incarnation, stream, segment) for segment in range(first, last + 1))
    assert named and all(key not in keeper.seals for key in named)
    assert named[0] == (device.journal.incarnation, 3, 0)
    gaps = device.observer.journalled - made
    assert len(keeper.ids) == device.observer.journalled - device.observer.dropped and gaps >= 1


def gap_leaves(device):
    found = []
    for row in device.journal.held():
        for leaf in seal.decode_segment(device.journal.read(row[:3], 0, row[3]))[1]:
            observation = obs.decode(leaf)
            if observation[obs.FORMAT] == obs.GAP_FORMAT:
                assert observation[obs.STREAM] == obs.URGENT and observation[obs.SUBJECT] == "log/gap"
                found.append(observation)
    return found


def test_dropping_goes_on_for_as_long_as_nobody_drains():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    device = Device(flash, incarnations, Small)
    for _ in range(400):
        device.observe()
        device.observer.seal_due(device.now_ms, 10_000)
    assert device.journal.bytes <= Small.journal_bytes
    keeper.drain(Device(flash, incarnations, Small).journal)


class Refusing(FakeFlash):
    """A flash that is full from a given operation on, until it is told otherwise."""

    full = False

    def commit(self, path, data, flushed):
        if self.full:
            raise OSError(28, path)
        super().commit(path, data, flushed)


def test_a_flash_that_refuses_a_write_loses_that_reading_and_breaks_nothing():
    flash, incarnations, keeper = Refusing(), Incarnations(), Keeper()
    device = Device(flash, incarnations)
    kept = [device.observe(value=1).id]
    flash.full = True
    fails(StorageError, device.observe)
    fails(StorageError, device.observe)
    flash.full = False
    kept.append(device.observe(value=2).id)
    device.observer.seal_all()
    keeper.drain(device.journal)
    keeper.check_chains()
    assert sorted(keeper.ids.values()) == sorted(kept)
    assert len(keeper.seals) == 2


def test_an_open_file_that_outlived_its_seal_is_not_sealed_a_second_time():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    device = Device(flash, incarnations)
    device.observe()
    left = [(name, data) for name, data in flash.kept.items() if name.endswith(".open")]
    device.observer.seal_all()
    keeper.drain(device.journal)
    flash.kept.update(left)
    del flash.kept["/log/heads"]
    device = Device(flash, incarnations)
    assert device.recovered == 0 and not [name for name in flash.kept if name.endswith(".open")]
    keeper.drain(device.journal)


class Sticky(FakeFlash):
    """A flash that once fails to remove an open file."""

    failed = False

    def remove(self, path):
        if path.endswith(".open") and not self.failed:
            self.failed = True
            raise OSError(5, path)
        super().remove(path)


def test_an_open_file_that_could_not_be_removed_goes_with_its_segment():
    flash, incarnations = Sticky(), Incarnations()
    device = Device(flash, incarnations)
    device.observe()
    fails(StorageError, device.observer.seal_all)
    assert device.journal.free(device.journal.held()[0][:3]) == 1
    del flash.kept["/log/heads"]
    assert Device(flash, incarnations).recovered == 0


def test_a_segment_file_name_tells_its_place_and_other_files_are_left_alone():
    key = (Who.device[:8], 3, 70_000)
    assert segment_file.parse(segment_file.name(key, segment_file.SEALED)[4:]) == (key, segment_file.SEALED)
    assert segment_file.parse("heads") is None and segment_file.parse("heads.tmp") is None
    assert segment_file.parse(segment_file.name(key, "seg.tmp")[4:]) is None
