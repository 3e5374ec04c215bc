"""Golden vectors of item heads, transfers and session frames without CBOR. SPEC 8.2, 8.9"""

from session_fakes import BRIDGE, DEVICE, INCARNATION, K
from vector_inputs import bad, good

from fieldwire import custody, transfer_head
from fieldwire import session_frames as frames
from fieldwire.transfer_head import CARRIED, EARLY, PACKED, SEGMENT, TOKEN
from fieldwire.transfer_sending import Sending

OTHER = bytes(range(8, 16))
IDENTITY = b"\x01\x02\x03\x04"


def _head(name, kind, key, total, before=None):
    data = transfer_head.encode(kind, key, total, before)
    place = list(key) if kind else key
    return good(name, "item-head", data, before=before, item=[kind, place, total])


def _bad_head(name, data, before=None):
    return bad(name, "item-head", data, "frame-shape", "accepts", before=before)


def head_rows():
    segment, named = (INCARNATION, 1, 300), b"\x29\x64" + INCARNATION
    return [
        _head("A token of 60 bytes.", TOKEN, bytes(16), 60),
        _head("The first segment names its incarnation.", SEGMENT, segment, 3_840),
        _head("A segment of the incarnation before.", SEGMENT, segment, 3_840, INCARNATION),
        _head("A segment of another incarnation.", SEGMENT, segment, 3_840, OTHER),
        _head(
            "An early copy with the largest seq.", EARLY, (INCARNATION, 3, (1 << 42) - 1), 200, INCARNATION
        ),
        _head("A packed segment.", PACKED, (INCARNATION, 0, 0), 32_768, INCARNATION),
        _head("A carried segment.", CARRIED, (DEVICE, OTHER, 2, 300), 3_840, INCARNATION),
        _head("A carried segment before all others.", CARRIED, (DEVICE, INCARNATION, 0, 0), 16_384),
        _bad_head("A sixth kind.", b"\x05\x05" + bytes(25), INCARNATION),
        _bad_head(
            "A carried segment that names its incarnation twice.", b"\x24\x05" + bytes(25), INCARNATION
        ),
        _bad_head("A carried segment longer than any.", b"\x04\x81\x80\x01" + bytes(25)),
        _bad_head("A carried segment beyond the last.", b"\x04\x05" + bytes(24) + b"\x80\x80\x80\x80\x10"),
        _bad_head("A bit that means nothing.", b"\x41\x05\x00", INCARNATION),
        _bad_head("A token with a stream.", b"\x08\x05" + bytes(16)),
        _bad_head("An item of no bytes.", b"\x01\x00\x00", INCARNATION),
        _bad_head("A token longer than any.", b"\x00\x81\x08" + bytes(16)),
        _bad_head("A segment longer than any.", b"\x01\x81\x80\x02\x00", INCARNATION),
        _bad_head("An early copy longer than any.", b"\x02\x81\x09\x00", INCARNATION),
        _bad_head("A padded number.", b"\x01\x85\x00\x00", INCARNATION),
        _bad_head("A number without end.", b"\x01\x05" + b"\xff" * 6, INCARNATION),
        _bad_head("A segment beyond the last.", b"\x01\x05\x80\x80\x80\x80\x10", INCARNATION),
        _bad_head("A first item that names no incarnation.", b"\x01\x05\x00"),
        _bad_head("An incarnation that was named already.", named + b"\x00", INCARNATION),
    ]


def _items():
    """(kind, key, bytes) of a token, two segments of one incarnation and an early copy of another."""
    return (
        (TOKEN, bytes(range(16)), bytes(range(30))),
        (SEGMENT, (INCARNATION, 1, 7), bytes(range(100))),
        (SEGMENT, (INCARNATION, 1, 8), b"short"),
        (EARLY, (OTHER, 0, 70_000), bytes(50)),
        (CARRIED, (DEVICE, INCARNATION, 1, 9), bytes(range(70))),
        (SEGMENT, (OTHER, 1, 0), b"again"),
    )


def _packed_items():
    """Packed segments, and one between them as it is."""
    return (
        (PACKED, (INCARNATION, 1, 7), bytes(range(90))),
        (SEGMENT, (INCARNATION, 1, 8), bytes(range(100))),
        (PACKED, (INCARNATION, 2, 300), bytes(range(50))),
    )


def stream(items):
    """The bytes of a whole transfer."""
    sending = Sending(IDENTITY)
    sending.read = lambda data, at, size: data[at : at + size]
    for kind, key, data in items:
        proof = custody.item_proof(K, IDENTITY, kind, key, [data])
        sending.place(data, kind, key, len(data), proof)
    return b"".join(sending.frame(sending.end)[1])


def transfer_rows():
    whole, packed = stream(_items()), stream(_packed_items())
    items, packed_items = (
        [[kind, list(key) if kind else key, data] for kind, key, data in made]
        for made in (_items(), _packed_items())
    )
    altered = whole[:20] + bytes((whole[20] ^ 1,)) + whole[21:]
    proof_at = transfer_head.encode(TOKEN, bytes(16), 30, None)
    cut = len(proof_at) + 30
    return [
        good(
            "A token, three segments, an early copy and a carried segment.",
            "transfer",
            whole,
            identity=IDENTITY,
            items=items,
        ),
        bad(
            "A bit of an item is changed.",
            "transfer",
            altered,
            "frame-tag",
            "accepts",
            identity=IDENTITY,
            items=[],
        ),
        bad(
            "A bit of a proof is changed.",
            "transfer",
            whole[:cut] + bytes((whole[cut] ^ 1,)) + whole[cut + 1 :],
            "frame-tag",
            "accepts",
            identity=IDENTITY,
            items=[],
        ),
        good("Packed segments.", "transfer", packed, identity=IDENTITY, items=packed_items),
        bad(
            "A packed segment that says that it is not.",
            "transfer",
            bytes((packed[0] ^ PACKED ^ SEGMENT,)) + packed[1:],
            "frame-tag",
            "accepts",
            identity=IDENTITY,
            items=[],
        ),
        bad("Another transfer.", "transfer", whole, "frame-tag", "accepts", identity=bytes(4), items=[]),
    ]


def _frame(name, kind, frame, body):
    return good(name, kind, frame if kind in frames.UNTAGGED else frame + bytes(8), body=body)


def _bad_frame(name, kind, frame):
    return bad(name, kind, frame if kind in frames.UNTAGGED else frame + bytes(8), "frame-shape", "accepts")


def hello_rows():
    return [
        good(
            "A call.",
            "HELLO",
            frames.encode_call(DEVICE, bytes(8), IDENTITY),
            body=[0, 0, DEVICE, bytes(8), IDENTITY, None],
        ),
        _frame(
            "A confirmation.",
            "HELLO",
            frames.encode_confirmation(IDENTITY, None),
            [0, 0, b"", b"", IDENTITY, None],
        ),
        _frame(
            "A confirmation that asks.",
            "HELLO",
            frames.encode_confirmation(IDENTITY, 8_191),
            [0, 0, b"", b"", IDENTITY, 8_191],
        ),
        _bad_frame(
            "A confirmation that asks beyond the last number.",
            "HELLO",
            frames.encode_confirmation(IDENTITY, 8_192),
        ),
        _frame(
            "A bridge's HELLO.",
            "HELLO",
            frames.encode_answer(0, BRIDGE, bytes(8)),
            [0, 0, BRIDGE, bytes(8), b"", None],
        ),
        _frame(
            "A bridge's HELLO that takes packed segments, where the transfer goes on.",
            "HELLO",
            frames.encode_answer(frames.PACKS, b"", bytes(8)),
            [0, 1, b"", bytes(8), b"", None],
        ),
        good(
            "A call of a later version with two bytes more.",
            "HELLO",
            b"\x41\x01\x00" + DEVICE + bytes(8) + IDENTITY + b"xx",
            body=[1, 0, DEVICE, bytes(8), IDENTITY, None],
            encodes=False,
        ),
        bad(
            "A call with two bytes more.",
            "HELLO",
            frames.encode_call(DEVICE, bytes(8), IDENTITY + b"xx"),
            "frame-shape",
            "accepts",
        ),
        _bad_frame("A HELLO of nothing.", "HELLO", b"\x41"),
    ]


def data_rows():
    place = [INCARNATION, 1, 300]
    return [
        _frame(
            "One tile, then more.", "DATA", frames.encode_data(8_191, 0, [bytes(12)]), [8_191, 0, bytes(12)]
        ),
        _frame(
            "Two tiles, then we listen.", "DATA", frames.encode_data(5, 1, [bytes(24)]), [5, 1, bytes(24)]
        ),
        _bad_frame("No tile.", "DATA", b"\x80\x00"),
        _bad_frame("A tile and a byte.", "DATA", frames.encode_data(0, 0, [bytes(13)])),
        _frame("A question.", "POLL", frames.encode_poll(8_191, None), [8_191, None]),
        _frame("A question about a segment.", "POLL", frames.encode_poll(1, place), [1, place]),
        _bad_frame("A question of two bytes.", "POLL", b"\x45\x00"),
        _bad_frame("A question beyond the last number.", "POLL", b"\x45\x20\x00"),
        _bad_frame("A question about half a place.", "POLL", frames.encode_poll(1, place[:2])),
    ]


def have_rows():
    two = [[18, 36], [300, 2_600]]
    return [
        _frame("All is held.", "HAVE", frames.encode_have(77, 0, 4_096, [], 64), [77, 4_096, 0, [], 0]),
        _frame(
            "Two gaps, the second with a long run behind it.",
            "HAVE",
            frames.encode_have(77, 3, 0, two, 64),
            [77, 0, 3, two, 2_600],
        ),
        _frame(
            "A report that is cut, and the transfer is lost.",
            "HAVE",
            frames.encode_have(1, 8, 0, two, 8),
            [1, 0, 12, two[:1], 36],
        ),
        _bad_frame("A report of four bytes.", "HAVE", b"\x02\x00\x00\x00"),
        _bad_frame("A flag that is none.", "HAVE", b"\x02\x00\x00\x00\x20"),
        _bad_frame("Missing tiles with nothing behind them.", "HAVE", b"\x02\x00\x00\x00\x00\x05"),
        _bad_frame("No tiles.", "HAVE", b"\x02\x00\x00\x00\x00\x05\x00"),
        _bad_frame("Half a long run.", "HAVE", b"\x02\x00\x00\x00\x00\x05\xe0"),
    ]


def carried_rows():
    place = [INCARNATION, 1, 300]
    return [
        _frame(
            "A question about a carried segment.",
            "POLL",
            frames.encode_poll(1, [DEVICE] + place),
            [1, [DEVICE] + place],
        ),
        _bad_frame("A question about half a device.", "POLL", frames.encode_poll(1, [DEVICE[:8]] + place)),
        _frame(
            "Custody for carried segments.",
            "CARRIED",
            frames.encode_carried(DEVICE, INCARNATION, 3, 0, 300, bytes(range(8))),
            [DEVICE, INCARNATION, 3, 0, 300, bytes(range(8))],
        ),
        _frame(
            "No custody for a carried segment.",
            "CARRIED",
            frames.encode_carried(DEVICE, INCARNATION, 1, 7, 7, None),
            [DEVICE, INCARNATION, 1, 7, 7, None],
        ),
        _bad_frame(
            "Carried segments of a fifth stream.",
            "CARRIED",
            frames.encode_carried(DEVICE, INCARNATION, 4, 7, 7, None),
        ),
        _bad_frame(
            "Carried segments that end before they begin.",
            "CARRIED",
            frames.encode_carried(DEVICE, INCARNATION, 1, 7, 6, None),
        ),
        _bad_frame(
            "Half a custody for carried segments.",
            "CARRIED",
            frames.encode_carried(DEVICE, INCARNATION, 1, 7, 7, bytes(4)),
        ),
    ]


FILES = {
    "item_head": head_rows,
    "transfer": transfer_rows,
    "session_binary": lambda: hello_rows() + data_rows() + have_rows() + carried_rows(),
}
