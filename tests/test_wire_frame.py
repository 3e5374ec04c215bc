"""Frames on a byte stream: golden bytes, and a deframer that noise cannot stop."""

from vectors_io import fails, hexed, load_json, raises, unhex

from fieldwire import frame
from fieldwire.error_numbers import NUMBER
from fieldwire.frame import Deframer
from fieldwire.limits import FRAME_MAX

VECTORS = load_json("frame")


def noise(seed, count):
    """Bytes of a small linear congruential generator: the same on both runtimes."""
    out = bytearray()
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(seed >> 16 & 0xFF)
    return bytes(out)


def test_frames_encode_to_their_golden_bytes():
    for vector in VECTORS["accepted"]:
        assert hexed(frame.encode(unhex(vector["frame"]))) == vector["wire"], vector["why"]


def test_golden_bytes_decode_to_their_frames():
    for vector in VECTORS["accepted"]:
        wire = unhex(vector["wire"])
        assert hexed(frame.decode(wire[1:-1])) == vector["frame"], vector["why"]
        assert Deframer().feed(wire) == [unhex(vector["frame"])], vector["why"]


def test_refused_vectors_are_refused_with_their_codes():
    for vector in VECTORS["refused"]:
        raises(vector["code"], frame.decode, unhex(vector["stuffed"]))


def test_every_frame_code_of_this_layer_has_a_refused_vector():
    covered = {vector["code"] for vector in VECTORS["refused"]}
    assert covered == {"frame-crc", "frame-cobs", "frame-size"}
    for code in covered:
        assert code in NUMBER


def test_the_deframer_counts_each_refused_vector_once_and_reads_on():
    deframer = Deframer()
    expected_bad = 0
    for vector in VECTORS["refused"]:
        stuffed = unhex(vector["stuffed"])
        # A zero inside ends the run early; what stands on either side of it is bad by itself.
        expected_bad += len([run for run in stuffed.split(b"\x00") if run])
        assert deframer.feed(b"\x00" + stuffed + b"\x00") == []
        assert deframer.bad == expected_bad, vector["why"]
        assert deframer.feed(frame.encode(b"sound")) == [b"sound"]


def test_frames_arrive_one_byte_at_a_time():
    deframer = Deframer()
    got = []
    for vector in VECTORS["accepted"]:
        for byte in unhex(vector["wire"]):
            got.extend(deframer.feed(bytes([byte])))
    assert got == [unhex(vector["frame"]) for vector in VECTORS["accepted"]]
    assert deframer.bad == 0


def test_frames_may_share_one_zero():
    wire = frame.encode(b"one")[:-1] + frame.encode(b"two") + frame.encode(b"three")[1:]
    deframer = Deframer()
    assert deframer.feed(wire) == [b"one", b"two", b"three"]
    assert deframer.bad == 0


def test_a_sound_frame_after_any_noise_is_found():
    deframer = Deframer()
    for seed in range(60):
        deframer.feed(noise(seed, 1 + 37 * seed % 400))
        assert deframer.feed(frame.encode(b"sound"))[-1:] == [b"sound"], seed
    assert deframer.bad > 60


def test_a_lost_zero_byte_costs_two_frames_at_most():
    first, second, third = frame.encode(b"first"), frame.encode(b"second"), frame.encode(b"third")
    deframer = Deframer()
    assert deframer.feed(first[:-1] + second[1:] + third) == [b"third"]
    assert deframer.bad == 1


def test_every_flipped_bit_is_noticed():
    wire = frame.encode(b"an observation\x00of two\x00 zeros")
    for index in range(1, len(wire) - 1):
        for bit in range(8):
            damaged = bytearray(wire)
            damaged[index] ^= 1 << bit
            assert Deframer().feed(damaged) == [], (index, bit)


def test_an_endless_run_is_dropped_and_keeps_no_memory():
    deframer = Deframer()
    for _ in range(100):
        assert deframer.feed(b"\x55" * 1000) == []
        assert len(deframer._run) <= frame.stuffed_max(FRAME_MAX)
    assert deframer.feed(frame.encode(b"sound")) == [b"sound"]
    assert deframer.bad == 1


def test_a_smaller_bound_holds_for_both_directions():
    fails(ValueError, frame.encode, b"12345", size_max=4)
    deframer = Deframer(size_max=4)
    assert deframer.feed(frame.encode(b"12345") + frame.encode(b"1234")) == [b"1234"]
    assert deframer.bad == 1


def test_no_frame_is_empty():
    fails(ValueError, frame.encode, b"")
    fails(ValueError, frame.encode, bytes(FRAME_MAX + 1))
