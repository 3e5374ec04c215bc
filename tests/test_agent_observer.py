"""When a segment is closed, and what goes out before that: one signature at a time, urgent first, durable first."""

from agent_log import Device, Incarnations, Keeper, Settings, Who
from fake_flash import FakeFlash, PowerCut

from fieldagent.battery import Battery
from fieldagent.observer import Observer
from fieldwire import observation as obs
from fieldwire import seal

NEVER_MS = 1 << 40


def bodies(device):
    """The bodies of all sealed segments, by (stream, segment)."""
    found = {}
    for key in device.journal.held():
        head = seal.decode_segment(device.journal.read(key, 0, 1 << 16))[0]
        found[key[1], key[2]] = seal.decode(head)[1]
    return found


def tended(device, age_ms=NEVER_MS):
    """Streams that are sealed by calling `tend` until it has nothing to do, one a call."""
    order = []
    while True:
        before, signatures = set(bodies(device)), device.observer.signatures
        if not device.observer.tend(device.now_ms, age_ms):
            return order
        [(stream, _)] = set(bodies(device)) - before
        assert device.observer.signatures == signatures + 1, "one signature a call"
        order.append(stream)


def test_at_link_up_each_stream_is_sealed_in_a_turn_of_its_own_urgent_first():
    device = Device(FakeFlash(), Incarnations())
    for stream in (3, 1, 2, 0):
        device.observe(stream)
    device.observer.want_seals()
    assert tended(device) == [0, 1, 2, 3]
    assert tended(device) == []


def test_what_comes_after_link_up_waits_for_its_count_or_age_again():
    device = Device(FakeFlash(), Incarnations())
    device.observe(1)
    device.observer.want_seals()
    assert tended(device) == [1]
    device.observe(1)
    assert tended(device) == []
    device.now_ms += Settings.seal_age_ms
    assert tended(device, Settings.seal_age_ms) == [1]


def test_of_several_full_segments_the_urgent_one_is_sealed_first():
    device = Device(FakeFlash(), Incarnations())
    for stream in (1, 0):
        for _ in range(Settings.seal_count):
            device.observe(stream)
    assert tended(device) == [0, 1]


def test_a_new_credential_closes_what_is_open_under_the_old_one():
    flash = FakeFlash()
    device = Device(flash, Incarnations())

    class Renewed(Who):
        credential = Who.credential

    who = Renewed()
    device.observer = Observer(who, 1, b"\x09" * 16, device.journal, Settings, lambda: None)
    device.observe(1)
    device.observe(2)
    who.credential = b"\x18" * 16
    made = device.observe(1)
    assert made.observation[obs.CREDENTIAL] == who.credential
    device.observer.seal_all()
    named = {place: body.credential for place, body in bodies(device).items()}
    assert named == {(1, 0): Who.credential, (2, 0): Who.credential, (1, 1): who.credential}
    Keeper().drain(device.journal)


def test_a_new_boot_closes_what_the_old_one_left_and_says_that_it_was_recovered():
    flash, incarnations = FakeFlash(), Incarnations()
    made = Device(flash, incarnations)
    made.observe(1)
    made.journal.commit()
    device = Device(flash, incarnations)
    device.observe(1)
    device.observer.seal_all()
    found = bodies(device)
    assert [(found[1, n].boot, found[1, n].flags) for n in (0, 1)] == [(1, seal.RECOVERED), (2, 0)]


def test_an_early_copy_is_the_same_whenever_it_is_made_from_the_durable_leaf():
    flash, incarnations, keeper = FakeFlash(), Incarnations(), Keeper()
    made = Device(flash, incarnations).observe(stream=0)
    keeper.take_early(made.early_copy)
    again = Device(flash, incarnations)
    [key] = again.journal.held()
    [leaf] = seal.decode_segment(again.journal.read(key, 0, 4_096))[1]
    assert obs.early_copy(leaf, Who.signer) == made.early_copy
    keeper.drain(again.journal)
    assert len(keeper.ids) == 1


def test_what_was_early_and_unsealed_at_a_cut_is_the_first_that_is_offered_after_it():
    flash, incarnations = FakeFlash(), Incarnations()
    device = Device(flash, incarnations)
    device.observe(1)
    device.observer.seal_all()
    made = device.observe(stream=0)
    again = Device(flash, incarnations)
    first = next(again.journal.held())
    [leaf] = seal.decode_segment(again.journal.read(first, 0, 4_096))[1]
    assert obs.observation_id(leaf) == made.id and first[1] == 0


def test_an_urgent_observation_that_the_flash_did_not_keep_has_no_early_copy():
    for cut in range(1, 40):
        flash = FakeFlash()
        device = Device(flash, Incarnations())
        flash.cut_at = flash.operations + cut
        try:
            made = device.observe(stream=0)
        except PowerCut:
            assert device.observer.early() == [] and device.observer.signatures == 0
            continue
        flash.power_on()
        keeper = Keeper()
        keeper.drain(Device(flash, Incarnations()).journal)
        assert list(keeper.ids.values()) == [made.id]
        assert cut > 1
        return
    raise AssertionError("an observation takes less than 40 operations")


def test_at_most_sixteen_early_copies_wait_in_memory_and_all_of_them_go_under_the_seal():
    device, keeper = Device(FakeFlash(), Incarnations()), Keeper()
    made = [device.observe(stream=0).id for _ in range(20)]
    assert [entry[2] for entry in device.observer.early()] == list(range(4, 20))
    device.observer.seal_all()
    keeper.drain(device.journal)
    assert sorted(keeper.ids.values()) == sorted(made)
    assert device.observer.signed == 20 and device.observer.signatures == 21


def test_a_utc_receiver_that_returns_junk_claims_nothing_and_loses_no_reading():
    device = Device(FakeFlash(), Incarnations())
    for junk in ((-1, 0, 50), (1_700_000_000, 1, -5), (1 << 60, 0, 0), (1_700_000_000.5, 0, 50)):
        device.observer._utc = lambda junk=junk: junk
        assert len(device.observe().observation[obs.TREF]) == 2
    device.observer._utc = lambda: (1_700_000_000, 5, 50)
    assert len(device.observe().observation[obs.TREF]) == 3
    assert device.observer.utc_faults == 4


class Cell:
    """A battery whose voltage a test sets."""

    value = 4_000

    def __call__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_a_falling_battery_counts_once_for_each_fall():
    cell, now_ms, found = Cell(), 0, []
    battery = Battery(cell, 3_400)
    for value in (
        4_000,
        3_399,
        3_300,
        3_450,
        3_390,
        3_500,
        3_200,
        None,
        OSError(5),
        3_100,
        "3000",
        3_600,
        3_000,
    ):
        cell.value = value
        if battery.has_fallen(now_ms):
            found.append(value)
        assert not battery.has_fallen(now_ms + 4_999), "it looks every five seconds"
        now_ms += 5_000
    assert found == [3_399, 3_200, 3_000]
