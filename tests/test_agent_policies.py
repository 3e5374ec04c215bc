"""A full journal: each policy keeps what it promises, and every loss is told by a durable gap record. SPEC 6.6"""

from agent_log import Device, Incarnations, Keeper, QuickSigner, Settings, Who, quick_verify
from fake_flash import FakeFlash, PowerCut

from fieldagent import gap, losses
from fieldagent.journal_files import Files
from fieldagent.observer import Observer
from fieldagent.outbox import Outbox
from fieldagent.space import _thinned
from fieldwire import cbor, limits, seal
from fieldwire import observation as obs
from fieldwire.errors import StorageError

NEVER_MS = 1 << 40


def small(policy):
    class Small(Settings):
        seal_count = 4
        journal_bytes = 131_072
        full = policy

    return Small


def turn(device, stream=1):
    """One reading and one turn of the agent's housekeeping; True when the reading was taken."""
    made = device.observe(stream)
    device.observer.tend(device.now_ms, NEVER_MS)
    return made is not None


def segments(device):
    """{key: (seal body, seal hash, [observation ...])} of all that is held."""
    found = {}
    for key in device.journal.held():
        data = device.journal.read(key, 0, device.journal.length(key))
        body, seal_hash, opened, _ = seal.open_segment(data, QuickSigner.public, Who.device, quick_verify)
        found[key] = (body, seal_hash, [one[0] for one in opened])
    return found


def told(device):
    """Every entry of every gap record that is held, also under early copies of what is not sealed yet."""
    entries = []
    held = segments(device)
    for key in sorted(held):
        for observation in held[key][2]:
            if observation[obs.FORMAT] == obs.GAP_FORMAT:
                assert key[1] == obs.URGENT and observation[obs.SUBJECT] == "log/gap"
                entries.extend(cbor.decode(observation[obs.PAYLOAD]))
    return entries


def named(entries):
    """Keys of the segments that these entries call dropped."""
    keys = set()
    for entry in entries:
        if len(entry) != 6:
            keys.update((entry[0], entry[1], number) for number in range(entry[2], entry[3] + 1))
    return keys


def check_chains(device):
    """From the last seal of each stream back to segment 0, over seals held and runs that gap records name."""
    held, over = segments(device), {}
    for entry in told(device):
        if len(entry) == 9:
            over[entry[8]] = (entry[7], entry[2])
    before = {one[1]: (one[0].previous, one[0].segment) for one in held.values()}
    for _, stream, segment, at in device.journal.heads():
        while at is not None:
            at, number = before.get(at) or over[at]
            assert number <= segment, "stream %d: segment %d before %d" % (stream, number, segment)
            segment = number - 1
        assert segment == -1, "stream %d: the chain ends at segment %d" % (stream, segment + 1)


def filled(policy, readings=600, stream_of=lambda number: 1):
    device = Device(FakeFlash(), Incarnations(), small(policy))
    for number in range(readings):
        turn(device, stream_of(number))
        assert device.journal.bytes <= device.journal.capacity
    device.observer.seal_all()
    return device


def numbers(device, stream):
    return sorted([key[2] for key in segments(device) if key[1] == stream])


def missing(device):
    """Keys of the segments that were sealed and are not held."""
    held, gone = segments(device), set()
    for incarnation, stream, last, _ in device.journal.heads():
        gone.update((incarnation, stream, number) for number in range(last + 1))
    return gone - set(held)


def test_dropping_the_oldest_keeps_the_newest_without_a_hole():
    device = filled("drop-oldest")
    kept = numbers(device, 1)
    last = device.journal.heads()[1][2]
    assert kept == list(range(kept[0], last + 1)) and len(kept) >= 3
    assert named(told(device)) == missing(device) and len(missing(device)) >= kept[0]
    check_chains(device)


def test_thinning_keeps_segments_over_the_whole_time_about_evenly():
    device = filled("thin")
    kept = numbers(device, 1)
    last = device.journal.heads()[1][2]
    assert kept[0] == 0 and kept[-1] == last and len(kept) >= 4
    steps = [kept[index + 1] - kept[index] for index in range(len(kept) - 1)]
    assert max(steps) <= 4 * (last // len(kept)), steps
    assert named(told(device)) == missing(device) and missing(device)
    assert {entry[4] for entry in told(device)} == {losses.THINNED}
    check_chains(device)


class Listed:
    """A journal of segments of a hundred bytes."""

    def __init__(self, keys):
        self._keys = keys

    def held(self, streams):
        return iter([key for key in self._keys if key[1] in streams])

    def length(self, key):
        return 100


def test_thinning_takes_every_second_segment_from_the_oldest_on_before_it_comes_back():
    listed = [(b"i" * 8, 1, number) for number in range(9)] + [(b"i" * 8, 0, 0)]
    assert [key[2] for key in _thinned(Listed(listed), 400)] == [1, 3, 5, 7]
    assert [key[2] for key in _thinned(Listed(listed), 700)] == [1, 3, 5, 7, 2, 6, 4]
    assert [key[2] for key in _thinned(Listed(listed), 9_999)] == [1, 3, 5, 7, 2, 6, 4]
    two = [(b"i" * 8, 1, 0), (b"j" * 8, 1, 0), (b"j" * 8, 1, 1), (b"j" * 8, 1, 2)]
    assert _thinned(Listed(two), 999) == [(b"j" * 8, 1, 1)], "the ends of each incarnation stay"
    assert _thinned(Listed([]), 1) == []


def test_the_least_urgent_stream_goes_first_and_urgent_readings_last():
    for policy in ("drop-oldest", "thin"):
        device = Device(FakeFlash(), Incarnations(), small(policy))
        urgent = {device.observe(0).id for _ in range(4)}
        for number in range(400):
            turn(device, 3 if number < 20 else 1 + number % 2)
        gone = named(told(device))
        keeper = Keeper()
        keeper.drain(device.journal)
        assert gone and urgent <= set(keeper.ids.values()), policy
        assert {key[1] for key in gone} >= {3}, policy
        if [key for key in gone if key[1] == 1]:
            assert len(numbers(device, 3)) == 0


def test_stopping_keeps_the_oldest_and_tells_when_it_began_and_how_much_was_refused():
    device = Device(FakeFlash(), Incarnations(), small("stop"))
    taken = [turn(device) for _ in range(300)]
    accepted = taken.index(False)
    assert True not in taken[accepted:] and device.observer.refused == taken.count(False)
    stopped_ms = (accepted + 1) * 10
    assert device.observer.dropped == 0
    device.observer.seal_all()
    log = device.journal.incarnation
    assert told(device) == [[log, 1, accepted, [1, stopped_ms], 0, losses.STOPPED]]

    for key in list(device.journal.held())[:8]:
        device.journal.free(key)
    device.observer.tend(device.now_ms, NEVER_MS)
    while device.journal.segments_held and not turn(device):
        device.journal.free(list(device.journal.held())[-1])
    device.observer.seal_all()
    went_on = [entry for entry in told(device) if entry[5] == losses.WENT_ON]
    assert went_on == [[log, 1, accepted, [1, stopped_ms], device.observer.refused, losses.WENT_ON]]
    body = segments(device)[log, 1, numbers(device, 1)[-1]][0]
    assert body.first == accepted, "no position was used up by what was refused"


def test_while_it_is_stopped_urgent_readings_go_on():
    device = Device(FakeFlash(), Incarnations(), small("stop"))
    while turn(device):
        pass
    assert turn(device, 0) and not turn(device, 1) and not turn(device, 2)
    device.observer.seal_all()
    assert [(entry[1], entry[5]) for entry in told(device)] == [(1, losses.STOPPED), (2, losses.STOPPED)]
    for _ in range(600):
        assert turn(device, 0), "urgent readings take the room of others in the end"
    gone = named(told(device))
    assert gone and {key[1] for key in gone} >= {1}


def test_a_stop_that_a_cut_ends_is_told_anew_at_the_next_boot():
    flash, incarnations = FakeFlash(), Incarnations()
    device = Device(flash, incarnations, small("stop"))
    while turn(device):
        pass
    again = Device(flash, incarnations, small("stop"))
    assert not turn(again)
    again.observer.seal_all()
    assert [(entry[3][0], entry[5]) for entry in told(again)] == [(1, losses.STOPPED), (2, losses.STOPPED)]


def test_when_everything_is_urgent_the_oldest_goes_and_earlier_gaps_are_told_again():
    for policy in ("drop-oldest", "thin", "stop"):
        device = filled(policy, 900, lambda number: 0)
        assert missing(device) and device.observer.refused == 0, policy
        assert named(told(device)) == missing(device), "%s: a loss is told by no record that is held" % policy
        check_chains(device)


def test_gap_records_do_not_crowd_out_what_they_are_about():
    for policy in ("drop-oldest", "thin"):
        device = filled(policy, 3_000)
        held = segments(device)
        about = [one for key, (_, _, seen) in held.items() if key[1] == obs.URGENT for one in seen]
        assert len(about) <= 2 * len(numbers(device, 1)), "%s: %d records" % (policy, len(about))
        assert len(numbers(device, 1)) > len(held) // 2, policy


def test_a_refusal_told_in_an_urgent_segment_outlives_it():
    device = Device(FakeFlash(), Incarnations(), small("stop"))
    while turn(device):
        pass
    for _ in range(900):
        turn(device, 0)
    assert (device.journal.incarnation, 0, 0) in named(told(device))
    assert losses.STOPPED in [entry[5] for entry in told(device) if len(entry) == 6]


def test_the_longest_entries_fit_their_record_and_neighbouring_runs_become_one():
    seq = limits.COUNT_MAX
    run = [b"i" * 8, 3, (1 << 32) - 2, (1 << 32) - 1, losses.FULL, seq, seq, b"p" * 32, b"h" * 32]
    stop = [b"i" * 8, 3, seq, [seq, seq], seq, losses.STOPPED]
    records = gap.payloads([run] * 9 + [stop] * 4)
    assert len(records) == 4 and max([len(one) for one in records]) <= limits.PAYLOAD_MAX
    assert sum([len(cbor.decode(one)) for one in records]) == 13

    def one_run(first, last, reason=losses.FULL, stream=1):
        before, after = b"%032d" % (first - 1), b"%032d" % last
        return [b"i" * 8, stream, first, last, reason, first * 10, last * 10 + 9, before, after]

    entries = [
        one_run(4, 5),
        one_run(1, 3),
        one_run(6, 6, losses.THINNED),
        one_run(2, 3),
        one_run(7, 7, losses.FULL, 2),
    ]
    assert gap.joined(entries) == [
        one_run(1, 5),
        one_run(6, 6, losses.THINNED),
        one_run(7, 7, losses.FULL, 2),
    ]


def test_a_log_without_a_sealed_segment_seals_before_it_drops():
    class Open(Settings):
        seal_count = 64
        journal_bytes = 65_536

    device = Device(FakeFlash(), Incarnations(), Open)
    for number in range(400):
        device.observe(number % 4)
    assert device.journal.bytes <= Open.journal_bytes and device.observer.dropped > 0


def survives(policy, cut_at):
    """False when the life had ended before that operation. What is not held and not named was lost silently."""
    flash, incarnations, settings = FakeFlash(), Incarnations(), small(policy)
    device = Device(flash, incarnations, settings)
    for number in range(46):
        turn(device, 1 + number % 2)
    device.observer.seal_all()
    keeper = Keeper()
    keeper.drain(device.journal)
    began = flash.operations
    flash.cut_at = began + cut_at
    try:
        for _ in range(24):
            turn(device, 1)
        was_cut = False
    except PowerCut:
        was_cut = True
    flash.power_on()
    again = Device(flash, incarnations, settings)
    keeper.drain(again.journal)
    ever = set(keeper.seals)
    assert ever - set(segments(again)) <= named(told(again)), "cut at %d" % cut_at
    return was_cut


def test_no_cut_while_a_full_journal_drops_loses_a_segment_that_no_record_names():
    for policy in ("drop-oldest", "thin"):
        cut_at = 1
        while survives(policy, cut_at):
            cut_at += 1
        assert cut_at > 8


class Rotten:
    """A journal of which the flash no longer gives one segment back."""

    def __init__(self, journal, key):
        self._journal = journal
        self._key = key

    def __getattr__(self, name):
        return getattr(self._journal, name)

    def _check(self, key):
        if tuple(key) == self._key:
            raise StorageError("segment %r: the flash does not give it back" % (key,))

    def read(self, key, offset, size):
        self._check(key)
        return self._journal.read(key, offset, size)

    def seal_hash(self, key):
        self._check(key)
        return self._journal.seal_hash(key)


def test_a_segment_that_cannot_be_read_is_named_as_unreadable_and_freed():
    flash = FakeFlash()
    device = Device(flash, Incarnations())
    for _ in range(3):
        device.observe(1)
        device.observer.seal_all()
    key = (device.journal.incarnation, 1, 1)
    rotten = Rotten(device.journal, key)
    device.observer = Observer(Who, 1, b"\x09" * 16, rotten, Settings, lambda: None)
    outbox = Outbox(rotten, device.observer, None, Files("", flash))
    assert outbox.take_unreadable() == []
    assert outbox.read_segment(*key, 0, 100) == b"" and outbox.seal_hash(*key) is None
    unreadable = outbox.take_unreadable()
    assert unreadable == [key] and outbox.take_unreadable() == []
    device.observer.drop(unreadable, losses.UNREADABLE, device.now_ms)
    device.observer.seal_all()
    assert told(device) == [[key[0], 1, 1, 1, losses.UNREADABLE]]
    assert numbers(device, 1) == [0, 2] and device.observer.dropped == 1
