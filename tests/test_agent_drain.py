"""What is drained next, and what that costs the flash: few looks for each segment, however many there are."""

from agent_log import Device, Settings
from fake_flash import FakeFlash
from session_fakes import INCARNATION, Keeper, Link, Pair, open_pair
from session_fakes import Outbox as FakeOutbox

from fieldagent.identity import Attestations
from fieldagent.journal_files import Files
from fieldagent.outbox import Outbox
from fieldagent.own_tokens import OwnTokens
from fieldwire.session_outgoing import Outgoing

BOOTS = 3


class Few(Settings):
    seal_count = 2


class CountingFlash(FakeFlash):
    """Counts how often a file of the log, and one of a token, is opened to be read."""

    def __init__(self):
        super().__init__()
        self.loads = self.tokens = 0

    def open(self, path, mode):
        self.loads += mode == "rb" and path.startswith("/log/")
        self.tokens += mode == "rb" and path.startswith("/state/boots/")
        return super().open(path, mode)


class LogOutbox(Outbox):
    def free(self, stream, first, last):
        self.custody(INCARNATION, stream, first, last)


class Trusting(Keeper):
    """Gives custody of whatever comes; `hash_of(incarnation, stream, segment)`."""

    def __init__(self, hash_of):
        super().__init__()
        self._hash_of = hash_of

    def proven(self, stream, segment, data):
        return True

    def grant(self, session, stream, segment):
        found = self._hash_of(INCARNATION, stream, segment)
        session.grant_custody(INCARNATION, stream, segment, segment, found)


def filled(flash, segments):
    """A log of three streams, as a device has it that starts."""
    device = Device(flash, lambda: INCARNATION, Few)
    for number in range(segments):
        for _ in range(2):
            device.observe(1 + number % 3, number)
        device.observer.seal_all()
    device.journal.close()
    return Device(flash, lambda: INCARNATION, Few)


def drained(segments):
    """(looks at the log for each segment, at tokens in all)"""
    flash = CountingFlash()
    device = filled(flash, segments)
    files = Files("", flash)
    attestations = Attestations(files)
    for boot in range(BOOTS):
        attestations.add(boot, bytes([boot]) * 300)
    outbox = LogOutbox(device.journal, device.observer, OwnTokens([], Attestations(files)), files)
    assert device.journal.segments_held == segments
    pair = Pair(outbox, Trusting(outbox.seal_hash), Link(1_024))
    flash.loads = 0
    open_pair(pair, 1_000_000)
    assert device.journal.segments_held == 0 and len(pair.keeper.tokens) == BOOTS
    return flash.loads / segments, flash.tokens


def test_a_segment_costs_as_many_looks_at_the_flash_in_a_long_log_as_in_a_short_one():
    short, long = drained(30)[0], drained(300)[0]
    assert long <= 6 and long <= short + 1


def test_a_token_is_read_once_to_name_it_and_once_to_send_it():
    assert drained(30)[1] == 2 * BOOTS


def test_a_seal_that_cannot_be_read_any_more_is_told_and_its_segment_freed():
    flash = CountingFlash()
    device = filled(flash, 3)
    journal = device.journal
    outbox = LogOutbox(journal, device.observer, None, Files("", flash))
    first, second, third = journal.held()
    [name] = [path for path in flash.kept if path.startswith("/log/")]
    turned = bytearray(flash.kept[name])
    begin = bytes(turned).find(journal.seal_hash(second))
    turned[begin] ^= 1
    flash.kept[name] = bytes(turned)
    device.observe()  # what was read is read again
    journal.commit()
    assert journal.holds(second) and outbox.length(*second) == 0 and outbox.seal_hash(*second) is None
    assert list(outbox.places()) == [first, third]
    assert outbox.take_unreadable() == [second]
    device.observer.drop([second], "unreadable", device.now_ms)
    assert not journal.holds(second) and journal.holds(first) and journal.damaged == []
    for key in list(journal.held()):
        journal.free(key)
    assert journal.segments_held == 0 and journal.leaves_held() == 0


def test_a_segment_too_long_for_the_budget_is_measured_once():
    asked = []

    class Measured(FakeOutbox):
        def length(self, *place):
            asked.append(place[1:])
            return super().length(*place)

    outgoing = Outgoing(Measured(segments=[(1, 0, 900), (1, 1, 300), (2, 0, 800), (3, 0, 200)]))
    outgoing.take_want(None, 550)
    items = [outgoing.next_item([])]
    items.append(outgoing.next_item(items))
    assert [item.key[1:] for item in items] == [(1, 1), (3, 0)] and outgoing.next_item(items) is None
    assert sorted(asked) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    outgoing.take_want(None, None)
    assert outgoing.next_item(items).key[1:] == (1, 0)


def test_the_least_urgent_stream_has_every_eighth_and_is_found_without_a_look_at_the_others():
    outbox = FakeOutbox(segments=[(stream, number, 100) for stream in (1, 3) for number in range(9)])
    outgoing = Outgoing(outbox)
    items = []
    for _ in range(10):
        items.append(outgoing.next_item(items))
    assert [item.key[1] for item in items] == [1] * 7 + [3] + [1] * 2
