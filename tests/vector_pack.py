"""Golden vectors of packed segments: what they stand for, and bytes that stand for none. SPEC 6.7"""

import vector_inputs as given
from vector_inputs import bad, good, observation
from vector_observations import derived
from vector_seals import body_of, hash_of, sealed

from fieldwire import cbor, seal
from fieldwire import observation as obs
from fieldwire.pack_writer import Packer
from fieldwire.salt import Salts, salt_key

SALT_KEY = salt_key(given.K_DEV)
ROOM = 1 << 20
WALK = (
    0,
    3,
    1,
    -2,
    -3,
    0,
    2,
    1,
    -1,
    3,
    3,
    -2,
)  # steps of a slow value; and of a clock that is not quite even, in ms
JITTER = (12, -340, 501, 77, -499, 0, 250, -250, 8, 411, -3, 90)
SIGNATURE, SHORT_HEAD = bytes(64), bytes((31 << 3, 1, 0, 3)) + given.CREDENTIAL + given.ATTESTATION
TOPIC = b"\x7f\x71\x05n/air"  # content format 112


def leaf(seq, **changed):
    """A reading as devices make it now, its salt by the salt key."""
    made = observation(seq, **changed)
    made[obs.SALT] = Salts(SALT_KEY, given.DEVICE_ID, given.INCARNATION).at(obs.READINGS, seq)
    return obs.encode(made)


def readings(first=0, count=12, **changed):
    """Three slow integers about once a minute."""
    found, values = [], [2_150, 6_520, 311]
    for index in range(count):
        values = [value + WALK[(index * step) % 12] for value, step in zip(values, (1, 5, 7))]
        ms = 60_000 * (first + index) + 600 + JITTER[index % 12]
        found.append(leaf(first + index, tref=[3, ms], payload=cbor.encode([*values, None]), **changed))
    return found


def odd(payloads, **changed):
    """Leaves with these payloads, a minute apart."""
    return [leaf(seq, tref=[3, 60_000 * seq], payload=one, **changed) for seq, one in enumerate(payloads)]


def segment_of(leaves, segment=0, first=0, previous=None, **changed):
    made = sealed(body_of(segment, first, len(leaves), previous, **changed), leaves)
    return made, leaves


def _packed(name, runs, key=SALT_KEY, follows=True):
    """A row of the last of `runs`, the others having been packed before it in the same transfer."""
    packer, before = Packer(given.DEVICE_ID, key, ROOM), []
    for number, (made, leaves) in enumerate(runs[:-1]):
        before.append([number, packer.pack([made, *leaves]).hex()])
    if not follows:
        packer.forget(obs.READINGS)
    made, leaves = runs[-1]
    inputs = {"segment": seal.encode_segment(made, leaves), "number": len(runs) - 1, "before": before}
    return good(name, "packed", packer.pack([made, *leaves]), salt_key=key, **inputs)


def pack_rows():
    first = segment_of(readings())
    second = segment_of(readings(12), 1, 12, hash_of(*first))
    skipping = segment_of(readings(400), 1, 400, hash_of(*first))
    other = segment_of(
        [leaf(12 + n, tref=[3, 800_000 + 977 * n], payload=cbor.encode([n])) for n in range(5)],
        *(1, 12, hash_of(*first)),
    )
    rows = [
        _packed("A first segment tells its author and its topic.", [first]),
        _packed("A later segment names both by number, and goes on from the one before it.", [first, second]),
        _packed("After one that did not come the seal before is told.", [first, second], follows=False),
        _packed("Sequence numbers that were skipped are told.", [first, skipping]),
        _packed("Another layout of the topic goes on from nothing.", [first, other]),
        _packed("Salts are told where the receiver has no key for them.", [first], None),
        _packed(
            "Salts are told where the device made them in another way.",
            [segment_of([obs.encode(observation(seq)) for seq in range(5)])],
        ),
        _packed("One leaf is packed as well.", [segment_of(readings(0, 1))]),
        _packed(
            "A segment may say that it was recovered.",
            [segment_of(readings(0, 4), flags=seal.RECOVERED)],
        ),
    ]
    rows += [_packed(name, [segment_of(leaves)]) for name, leaves in _kinds()]
    rows += [
        bad(name, "packed", data, "pack-shape", None, salt_key=SALT_KEY, number=0, before=[])
        for name, data in _malformed(bytes.fromhex(rows[0]["hex"]))
    ]
    later, told = bytes.fromhex(rows[1]["hex"]), [0, rows[0]["hex"]]
    rows += [
        bad(
            "A segment that goes on from one that did not come is not guessed.",
            *("packed", later, "pack-unknown", None),
            **{"number": 2, "before": [told], "salt_key": SALT_KEY},
        ),
        bad(
            "A segment that comes again goes on from none.",
            *("packed", later, "pack-unknown", None),
            **{"number": 1, "before": [told, [1, later.hex()]], "salt_key": SALT_KEY},
        ),
        bad(
            "Salts that are left out take the key.",
            *("packed", bytes.fromhex(rows[0]["hex"]), "pack-unknown", None),
            **{"number": 0, "before": [], "salt_key": None},
        ),
        bad(
            "A number of another transfer means nothing.",
            *("packed", later, "pack-shape", None),
            **{"number": 1, "before": [], "salt_key": SALT_KEY},
        ),
    ]
    return [{**row, "device": given.DEVICE_ID.hex(), "incarnation": given.INCARNATION.hex()} for row in rows]


def _kinds():
    """Segments of leaves of each kind."""
    at = [471_234_567, 85_123_456, 2_000]
    sky = ["clear", "cloud", "clear", None, "rain", "cloud"]
    each = [[2_150, text, at, bytes((7, n, 9, 9, 9, 9, n))] for n, text in enumerate(sky)]
    each[4][2] = None
    utc = [[3, 60_000 * n + 5, obs.utc(1_767_225_600_250 + 60_001 * n, 1_500)] for n in range(4)]
    del utc[2][2]
    means = []
    for seq in range(2, 5):
        made = derived(seq=seq)[0]
        made[obs.SALT] = Salts(SALT_KEY, given.DEVICE_ID, given.INCARNATION).at(obs.READINGS, seq)
        means.append(obs.encode(made))
    turns = [leaf(seq, subject=("n/air", "n/soil", "n/rain")[seq % 3]) for seq in range(7)]
    mixed = readings(0, 3) + [leaf(3, payload=b"\x81\x81\x00", format=obs.GAP_FORMAT), *means[2:]]
    numbers = [5, 6, 8_000, 9, 9, -(2**64), 10, 11, 2**64 - 1, 2**63, 12, 11]
    return [
        ("Text, positions, bytes and absent values have columns.", odd(map(cbor.encode, each))),
        (
            "UTC readings stand beside the local ones, where there are any.",
            [leaf(n, tref=one) for n, one in enumerate(utc)],
        ),
        ("A jump costs its own leaf, not its neighbours.", odd(cbor.encode([one]) for one in numbers)),
        ("Topics may take turns.", turns),
        ("Leaves of any kind may stand in one segment.", mixed),
        (
            "A payload that is no list goes whole, by its differences.",
            odd([cbor.encode({0: "urn:dev:a", 2: 100 + n, -1: b"\0" * n}) for n in range(4)], format=112),
        ),
        (
            "A value of another kind in a column takes its payload along.",
            odd([b"\x81\x01", b"\x81\x61a", b"\x81\x02", b"\x81\xf5"]),
        ),
        ("A payload that is no CBOR goes whole.", odd([b"\xff\x00", b"", b"\xff"])),
        ("A payload of no values has no columns.", odd([b"\x80", b"\x80"])),
        ("A payload of seventeen values goes whole.", odd([cbor.encode([n] * 17) for n in range(2)])),
    ]


def _one(columns, layout=1, head=SHORT_HEAD, topic=TOPIC):
    """A segment of one leaf with these columns behind its signature."""
    return head + topic + bytes((layout,)) + SIGNATURE + columns


def _two(columns, layout=1, order=b""):
    """The same of two leaves, or of two topics of one layout."""
    head = SHORT_HEAD[:1] + b"\x02" + SHORT_HEAD[2:]
    topics = b"\xff" + TOPIC[1:] + bytes((layout,)) if order else b""
    return head + topics + TOPIC + bytes((layout,)) + SIGNATURE + order + columns


def _malformed(whole):
    head, ms, value = SHORT_HEAD, b"\x00\x0a", b"\x00\x02"
    pair = b"\x00\x0a" + value
    return [
        ("No bytes are refused.", b""),
        ("A segment cut short is refused.", whole[:-1]),
        ("A byte behind the last column is refused.", whole + b"\0"),
        ("No leaves are refused.", b"\xf8\x00" + head[2:] + TOPIC + b"\x00" + SIGNATURE),
        ("Sixty-five leaves are refused.", b"\xf8\x41" + head[2:] + TOPIC + b"\x00" + SIGNATURE + ms),
        ("An author that was not told is refused.", b"\x00\x01\x00" + TOPIC + b"\x00" + SIGNATURE + ms),
        ("A topic that was not told is refused.", _one(ms, topic=b"\x00")),
        ("A first segment with a seal before it is refused.", _one(ms, 0, b"\xfa" + head[1:] + bytes(32))),
        (
            "A sequence number of 43 bits is refused.",
            _one(ms, 0, head[:2] + b"\x80" * 6 + b"\x01" + head[3:]),
        ),
        ("A padded number is refused.", _one(ms, 0, b"\xf8\x81\x00" + head[2:])),
        ("A number of 71 bits is refused.", _one(b"\x00" + b"\xff" * 10 + b"\x01", 0)),
        ("An integer of 65 bits is refused.", _one(ms + b"\x00" + b"\x80" * 9 + b"\x04")),
        ("A content format of 17 bits is refused.", _one(ms, 0, topic=b"\x7f\x81\x80\x04\x01a")),
        ("A subject in capitals is refused.", _one(ms, 0, topic=b"\x7f\x71\x01A")),
        ("A subject beyond ASCII is refused.", _one(ms, 0, topic=b"\x7f\x71\x02\xc3\xa4")),
        (
            "More topics than leaves are refused.",
            head + b"\xff" + TOPIC[1:] + b"\0" + TOPIC + b"\0" + SIGNATURE,
        ),
        ("Seventeen values are refused.", _one(ms + b"\xc0" * 17, 17)),
        ("A topic without leaves is refused.", _two(ms + ms, 0, b"\x00\x00")),
        ("A leaf of a third topic is refused.", _two(ms + ms, 0, b"\x20\x00\x04")),
        ("A shape that is none is refused.", _one(ms + b"\xc5\x00")),
        ("A column of one integer has no width.", _one(ms + b"\x01\x02\x00")),
        ("A step of nothing is refused.", _two(b"\x20\x0a\x00" + value)),
        ("Bits behind a column are refused.", _two(b"\x01\x0a\xc1" + value)),
        ("A column that ends beyond the last byte is refused.", _two(b"\x00\x0a\x1f\x02")),
        ("An exponential code without end is refused.", _two(b"\x80\x0a" + bytes(12) + b"\x80" + value)),
        ("A column of which all rows have a value says nothing of it.", _two(b"\x00\x0a\xc4\xc0" + value)),
        ("A column of which no row has a value says nothing more.", _two(b"\x00\x0a\xc4\x00" + value)),
        ("Some rows have no value of no kind.", _two(b"\x00\x0a\xc4\x80\xc0")),
        (
            "A string that was not told is refused.",
            _one(ms + b"\xc2" + b"\x00\x02" + b"\x02a\x02b"),
        ),
        ("Text that is not UTF-8 is refused.", _one(ms + b"\xc1\x00\x00\x02\xff")),
        (
            "A run longer than the string before is refused.",
            _two(b"\x00\x0a\xc2\x20\x00\x02\x04ab\x09\x03\x01c"),
        ),
        ("A run of no bytes of its own is refused.", _two(b"\x00\x0a\xc2\x20\x00\x02\x04ab\x09\x02\x00")),
        ("A string longer than a segment is refused.", _one(ms + b"\xc2\x00\x00\x82\x80\x04")),
        ("A whole payload is bytes.", _one(ms + value, 63)),
        ("A UTC reading is three integers.", _one(ms + value + value, 129)),
        ("A lineage is bytes.", _one(ms + value + value, 65)),
        (
            "A leaf longer than an observation is refused.",
            _one(ms + b"\xc2\x00\x00\x80\x10" + bytes(1024), 63),
        ),
        ("A table that ends early is refused.", _two(pair)[:-1]),
    ]


FILES = {"pack": pack_rows}
