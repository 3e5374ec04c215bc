"""What draining a log costs its flash: so many looks at it for each segment, however many there are."""

from agent_log import Device, Settings
from fake_flash import FakeFlash
from session_fakes import INCARNATION, Keeper, Link, Pair, open_pair

from fieldagent.identity import Attestations
from fieldagent.journal_files import Files
from fieldagent.outbox import Outbox
from fieldagent.own_tokens import OwnTokens

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
