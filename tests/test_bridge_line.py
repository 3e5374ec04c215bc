"""A byte stream over a serial line: whole and in order whatever the line does, and never another stream's bytes."""

from random import Random

import pytest
from vectors_io import hexed, load_json, raises, unhex

from fieldpost import line
from fieldpost.emulator.losses import ByteErrors
from fieldpost.emulator.serial_line import SerialLine
from fieldpost.emulator.simulation import Simulation
from fieldpost.line import Line
from fieldwire.link_terms import Serial

BAUD = 115_200
MESSAGE = Random(1).randbytes(120_000)


class Wire:
    """Two ends, the near one of which begins streams, and what each heard of which stream."""

    def __init__(self, errors=0.0, seed=1):
        terms = Serial(BAUD, 5, line.HEAD.size + line.PART_MAX)
        carrier = SerialLine(("near", "far"), terms, lambda random: ByteErrors(errors, random), seed)
        self.simulation = Simulation(carrier, self.settle)
        self.simulation.seen = lambda name, frame: self.frames.append((name, frame))
        self.frames, self.heard, self.ended = [], {}, []
        self.ends = {}
        self.replace("near", listens=False)
        self.replace("far", listens=True)

    def replace(self, name, listens):
        self.ends[name] = Line(BAUD, listens)
        self.simulation.join(name, self.ends[name], 5, half_duplex=False)

    def settle(self):
        for name, end in self.ends.items():
            while (event := end.next_event()) is not None:
                if event[0] == "begun":
                    self.heard[name] = (event[1], b"")
                elif event[0] == "data":
                    stream, before = self.heard[name]
                    self.heard[name] = (stream, before + event[1])
                else:
                    self.ended.append((name, event[1]))

    def begin(self, stream):
        self.ends["near"].begin(stream, self.simulation.now_ms)
        self.settle()

    def run(self, ms, done=lambda: False):
        return self.simulation.run(self.simulation.now_us + ms * 1_000, done)


@pytest.mark.parametrize("row", load_json("line"), ids=lambda row: row["name"])
def test_frames_are_those_of_the_vectors(row):
    data = unhex(row["hex"])
    if row["error"]:
        raises(row["error"], line.decode, data)
        return
    body = line.decode(data)
    assert [hexed(one) if isinstance(one, bytes) else one for one in body] == row["body"]
    assert line.encode(*body) == data


def test_a_stream_arrives_whole_both_ways_at_the_pace_of_the_line():
    wire = Wire()
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", MESSAGE)
    assert wire.run(100, lambda: "far" in wire.heard)
    wire.ends["far"].write(b"one.", MESSAGE[::-1])
    assert wire.run(30_000, lambda: len(wire.heard["far"][1]) == len(wire.heard["near"][1]) == len(MESSAGE))
    assert wire.heard == {"far": (b"one.", MESSAGE), "near": (b"one.", MESSAGE[::-1])}
    assert wire.simulation.now_ms < 1.1 * len(MESSAGE) * 10_000 / BAUD


@pytest.mark.parametrize(("errors", "share"), [(1e-5, 0.93), (1e-4, 0.5)])
def test_errors_on_the_line_cost_time_and_no_byte(errors, share):
    wire = Wire(errors)
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", MESSAGE)
    assert wire.run(300_000, lambda: len(wire.heard.get("far", (b"", b""))[1]) == len(MESSAGE))
    assert wire.heard["far"][1] == MESSAGE
    assert wire.simulation.now_ms * share < len(MESSAGE) * 10_000 / BAUD


def test_who_closes_is_heard_out_and_both_ends_learn_it():
    wire = Wire(1e-4)
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", MESSAGE[:30_000])
    wire.ends["near"].close(b"one.", 0)
    wire.ends["near"].write(b"one.", b"too late")
    assert wire.run(60_000, lambda: len(wire.ended) == 2)
    assert wire.heard["far"][1] == MESSAGE[:30_000] and {one for one, _ in wire.ended} == {"near", "far"}


def test_who_closes_towards_nobody_ends_all_the_same():
    wire = Wire()
    wire.simulation.leave("far")
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", b"is anybody there?")
    wire.ends["near"].close(b"one.", 0)
    assert wire.run(line.LINGER_MS + 500, lambda: bool(wire.ended))


def test_an_end_that_was_restarted_says_that_it_knows_no_such_stream():
    wire = Wire()
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", b"half a message")
    wire.run(500)
    wire.replace("far", listens=True)
    assert wire.run(line.KEEP_MS + 100, lambda: wire.ended == [("near", b"one.")])


def test_a_stream_that_is_begun_replaces_the_one_before_and_hears_none_of_its_bytes():
    wire = Wire()
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", MESSAGE)
    wire.run(1_000)
    wire.replace("near", listens=False)
    wire.begin(b"two.")
    wire.ends["near"].write(b"two.", b"anew")
    wire.ends["near"].write(b"one.", b"of yesterday")
    wire.run(3_000)
    assert wire.heard["far"] == (b"two.", b"anew") and ("far", b"one.") in wire.ended


def test_a_stream_that_has_ended_does_not_begin_again_by_a_frame_that_was_repeated():
    wire = Wire()
    wire.begin(b"one.")
    wire.ends["near"].write(b"one.", b"hello")
    wire.run(500)
    wire.ends["far"].close(b"one.", wire.simulation.now_ms)
    assert wire.run(1_000, lambda: len(wire.ended) == 2)
    first = next(frame for name, frame in wire.frames if name == "near")
    far = wire.ends["far"]
    far.receive(first, wire.simulation.now_ms)
    assert far.next_event() is None
    wire.run(200)
    assert line.decode(wire.frames[-1][1])[0] == line.END


def test_an_end_that_does_not_listen_begins_nothing():
    far = Line(BAUD, listens=False)
    far.receive(line.encode(0, b"one.", 0, 0, b"hello"), 0)
    assert far.next_event() is None and far.to_send(0) is None


def test_an_answer_to_more_than_was_sent_is_no_answer():
    near = Line(BAUD, listens=False)
    near.begin(b"one.", 0)
    near.write(b"one.", b"hello")
    near.to_send(0)
    near.receive(line.encode(0, b"one.", 0, 6), 10)
    assert near.waiting == 5
    near.receive(line.encode(0, b"one.", 0, 5), 10)
    assert near.waiting == 0


def test_no_frame_of_any_kind_stops_an_end():
    random = Random(2)
    far = Line(BAUD, listens=True)
    for _ in range(3_000):
        said = line.encode(
            random.randrange(4), b"one.", random.randrange(3), random.randrange(3), b"x" * random.randrange(4)
        )
        far.receive(said[: random.randrange(len(said) + 1)] if random.random() < 0.3 else said, 0)
        far.to_send(1 << 30)
    far.begin(b"two.", 0)
    far.write(b"two.", b"still here")
    sent = [far.to_send(1 << 31), far.to_send(1 << 32)]
    assert b"still here" in [line.decode(one)[4] for one in sent if one is not None]
