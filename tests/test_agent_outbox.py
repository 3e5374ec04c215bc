"""What a session is offered, and that exactly what a custody names is freed."""

from agent_log import Device, Incarnations
from fake_flash import FakeFlash

from fieldagent import app, sensors
from fieldagent.identity import Attestations
from fieldagent.journal_files import Files
from fieldagent.outbox import Outbox
from fieldagent.own_tokens import OwnTokens

BRIDGE, OTHER = b"\x51" * 32, b"\x52" * 32
TOKENS = [b"first token", b"second token"]


def filled(flash, streams=(1, 1, 1, 1)):
    device = Device(flash, Incarnations())
    for stream in streams:
        device.observe(stream)
        device.observer.seal_all()
    return device, outbox_of(device, flash)


def outbox_of(device, flash):
    files = Files("", flash)
    return Outbox(device.journal, device.observer, OwnTokens(TOKENS, Attestations(files)), files)


def numbers(outbox, *streams):
    return [place[1:] for place in outbox.places(*streams)]


def test_urgent_segments_come_first_and_tokens_in_their_order():
    _, outbox = filled(FakeFlash(), (2, 1, 0, 1))
    assert numbers(outbox) == [(0, 0), (1, 0), (1, 1), (2, 0)]
    assert [outbox.token(identity) for identity in outbox.tokens()] == TOKENS


def test_a_custody_frees_its_range_in_its_stream_and_incarnation_and_nothing_else():
    device, outbox = filled(FakeFlash(), (1, 1, 1, 1, 2))
    incarnation = device.journal.incarnation
    assert outbox.custody(b"\x00" * 8, 1, 0, 9) == 0
    assert outbox.custody(incarnation, 0, 0, 9) == 0
    assert outbox.custody(incarnation, 1, 1, 2) == 2
    assert numbers(outbox) == [(1, 0), (1, 3), (2, 0)]
    assert outbox.custody(incarnation, 1, 1, 2) == 0
    assert outbox.seal_hash(incarnation, 1, 1) is None and outbox.read_segment(incarnation, 1, 1, 0, 9) == b""
    assert len(outbox.seal_hash(incarnation, 1, 3)) == 32


def test_a_rejected_segment_is_kept_from_that_bridge_and_last_for_others_over_a_restart():
    flash = FakeFlash()
    device, outbox = filled(flash)
    outbox.bridge = BRIDGE
    outbox.reject(device.journal.incarnation, 1, 0)
    assert numbers(outbox) == [(1, 1), (1, 2), (1, 3)]
    again = outbox_of(device, flash)
    again.bridge = OTHER
    assert numbers(again) == [(1, 1), (1, 2), (1, 3), (1, 0)]
    again.bridge = BRIDGE
    assert numbers(again) == [(1, 1), (1, 2), (1, 3)]
    again.custody(device.journal.incarnation, 1, 0, 0)
    assert not outbox_of(device, flash)._rejected


class Board:
    def sensor(self, name):
        return lambda: "the board's " + name

    def now_ms(self):
        return 7


def test_a_persons_own_sensor_goes_before_the_boards():
    @sensors.sensor("soil")
    def soil_moisture():
        return 412

    read_of = app._reader(Board(), Board())
    assert read_of("soil")() == (412, 7)
    assert read_of("air")() == ("the board's air", 7)
