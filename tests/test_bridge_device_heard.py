"""What a board says while nobody asks: frames and console lines that share a port."""

import json

import pytest

from fieldpost.device.heard import Heard
from fieldwire import frame, session_frames

DEVICE = bytes(range(16))
CALL = frame.encode(session_frames.encode_call(DEVICE, bytes(8), bytes(4)))
STATUS = b'status {"device": "%s", "journalled": 3}\r\n' % DEVICE.hex().encode()


def heard(*pieces):
    one = Heard()
    lines = [line for piece in pieces for line in one.feed(piece)]
    return one, lines


def test_a_call_between_lines_is_counted_and_the_lines_stay():
    one, lines = heard(b"boot\r\n" + CALL + STATUS + CALL + b"end\r\n\0")
    assert (one.frames, one.is_agent) == (2, True)
    assert lines == ["boot", STATUS.decode().strip(), "end"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_any_size_say_the_same(size):
    data = b"boot\r\n" + CALL + STATUS + CALL
    one, lines = heard(*(data[at : at + size] for at in range(0, len(data), size)))
    assert (one.frames, one.status, one.device) == (2, json.loads(STATUS[7:]), DEVICE.hex())
    assert lines == ["boot", STATUS.decode().strip()]


def test_a_device_is_known_by_its_call_or_by_its_status_line():
    assert heard(CALL)[0].device == DEVICE.hex()
    assert heard(STATUS)[0].device == DEVICE.hex()


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", b"login: ", b"status nonsense\n", b"status [1]\n", CALL[:-3]]
)
def test_what_is_no_agents_is_not_taken_for_one(data):
    assert not heard(data)[0].is_agent


def test_a_broken_frame_is_neither_a_frame_nor_a_line():
    broken = bytes((CALL[0],)) + bytes((CALL[1] ^ 1,)) + CALL[2:]
    one, lines = heard(broken + b"after\n\0")
    assert (one.frames, lines) == (0, ["after"])


def test_endless_bytes_without_an_end_take_no_memory():
    one = Heard()
    for _ in range(1_000):
        one.feed(b"\x01" * 1_000)
    assert one.bytes == 1_000_000
    assert len(one._run) + len(one._text) <= 8_192
