"""Golden vectors of a whole session: what both sides say, and frames that are refused. SPEC 8.2 to 8.5

Runs on both runtimes, so that the wire tests tell the same story again: `told`, and `refused` at its end.
"""

from session_fakes import (
    BRIDGE,
    DEVICE,
    INCARNATION,
    K_DEV,
    K,
    Keeper,
    Link,
    Outbox,
    Pair,
)
from vectors_io import hexed

from fieldwire import cbor, custody

DEVICE_NONCE, BRIDGE_NONCE = b"device-1", b"bridge-1"
OTHER_KEY = custody.link_key(K_DEV, bytes(32))
PLACE = [INCARNATION, 1, 0]


def told():
    """A Pair after a session with each kind of frame but BYE."""
    outbox = Outbox(tokens=[60], early=[(0, 9, 90)], segments=[(1, 0, 300), (1, 1, 50)])
    keeper = Keeper()
    keeper.refused[(1, 1)] = 25
    pair = Pair(outbox, keeper, Link(128, 9_600, 20), DEVICE_NONCE, BRIDGE_NONCE)
    pair.device.open(pair.now_ms)
    pair.run()
    pair.device.ask_time(b"askdevic", pair.now_ms)
    pair.bridge.ask_time(b"askbridg", pair.now_ms)
    pair.bridge.send_object(b"a signed object")
    pair.bridge.request_seal()
    pair.run()
    return pair


def _tagged(by_bridge, number, body, key=K, device_nonce=DEVICE_NONCE):
    frame = bytes((number,)) + cbor.encode(body)
    return frame + custody.tag(key, by_bridge, device_nonce, BRIDGE_NONCE, frame)


def _custody(place, seal_hash, key=K):
    mac = custody.custody_mac(key, DEVICE, BRIDGE, *place, seal_hash)
    return _tagged(1, 0x88, list(place) + [mac])


def _refused_by_device():
    there = (INCARNATION, 1, 0, 0)
    good = _tagged(1, 0x0A, [])
    have = [[[INCARNATION, 1, [[3, 2]]]], None, []]
    return (
        ("Nothing follows the type.", "frame-shape", b"\x0a"),
        ("A BYE under another bridge's key.", "frame-tag", _tagged(1, 0x0A, [], OTHER_KEY)),
        ("A BYE of another session.", "frame-tag", _tagged(1, 0x0A, [], K, b"device-0")),
        ("A device's BYE sent back to it.", "frame-tag", _tagged(0, 0x0A, [])),
        ("A BYE with one bit of its tag changed.", "frame-tag", good[:-1] + bytes((good[-1] ^ 1,))),
        ("A BYE that says something.", "frame-shape", _tagged(1, 0x0A, [0])),
        ("A HAVE that answers nothing.", "frame-state", _tagged(1, 0x02, [[], None, []])),
        ("A range that ends before it begins.", "frame-state", _tagged(1, 0x02, have)),
        ("Custody of other bytes than the device's.", "custody-mac", _custody(there, bytes(32))),
        ("Custody of what is not in the log.", "custody-mac", _custody((INCARNATION, 3, 0, 0), bytes(32))),
        (
            "Custody that ends before it begins.",
            "frame-shape",
            _tagged(1, 0x88, PLACE[:2] + [1, 0, bytes(8)]),
        ),
        ("Custody of a fifth stream.", "frame-shape", _tagged(1, 0x88, [INCARNATION, 4, 0, 0, bytes(8)])),
        (
            "A rejection that the bridge did not make.",
            "custody-mac",
            _tagged(1, 0x89, PLACE + [25, bytes(8)]),
        ),
        ("A command that was carried out long ago.", "frame-stale", _tagged(1, 0x06, [0, "seal", None])),
        ("A command that comes too early.", "frame-stale", _tagged(1, 0x06, [3, "seal", None])),
        ("An answer to no ask.", "frame-stale", _tagged(1, 0x07, [b"askother", 3, 1, 9, 1, 1])),
        ("An ask that was answered.", "frame-stale", _tagged(1, 0x07, [b"askbridg", 9, 1])),
        ("A stamp that is negative.", "frame-shape", _tagged(1, 0x07, [b"askother", 9, -1])),
        (
            "DATA, which only a device sends.",
            "frame-state",
            b"\x84" + cbor.encode([1, 0, bytes(16), 1, 0, b"x"]),
        ),
        ("WANT, which is reserved.", "frame-state", _tagged(1, 0x03, [])),
        ("An unknown type that may be skipped.", "frame-unknown", b"\x7f\x80"),
        ("A body that is not deterministic.", "cbor-not-shortest", _raw(1, b"\x06\x83\x18\x02\x64seal\xf6")),
        ("An empty frame.", "frame-size", b""),
        ("A frame longer than the link's.", "frame-size", good + bytes(128)),
    )


def _refused_by_bridge():
    first = int.from_bytes(DEVICE_NONCE[:2], "big") << 16
    data = [first | 9, 1, PLACE, 40, 0, b"x"]
    return (
        ("DATA of another session.", "frame-stale", _plain(0x84, [1 << 16 | 9] + data[1:])),
        ("DATA of an item that is done with.", "frame-stale", _plain(0x84, [first | 1] + data[1:])),
        ("A segment longer than any.", "frame-shape", _plain(0x84, data[:3] + [32_769, 0, b"x"])),
        ("A token longer than any.", "frame-shape", _plain(0x84, [first | 9, 0, bytes(16), 1_025, 0, b"x"])),
        (
            "An early copy longer than any.",
            "frame-shape",
            _plain(0x84, [first | 9, 2, PLACE, 1_153, 0, b"x"]),
        ),
        ("A chunk that leaves its item.", "frame-shape", _plain(0x84, data[:3] + [40, 39, b"xx"])),
        ("A chunk of no bytes.", "frame-shape", _plain(0x84, data[:3] + [40, 0, b""])),
        ("An item of a fourth kind.", "frame-shape", _plain(0x84, [first | 9, 3] + data[2:])),
        ("A token with a segment's key.", "frame-shape", _plain(0x84, [first | 9, 0] + data[2:])),
        ("A POLL of another session.", "frame-stale", _plain(0x85, [9, 9, None])),
        ("A POLL with too few elements.", "frame-shape", _plain(0x85, [first | 9, 9])),
        ("A confirmation under another key.", "frame-tag", _tagged(0, 0x81, _hello(b"device-2"), OTHER_KEY)),
        ("A call by a bridge.", "frame-shape", _plain(0x81, [0, 0, BRIDGE, bytes(8)]) + bytes(8)),
        ("A call without a nonce.", "frame-shape", _plain(0x81, [0, 0, DEVICE]) + bytes(8)),
        ("An answer to no command.", "frame-stale", _tagged(0, 0x06, [0, "object", None])),
        ("A bridge's BYE sent back to it.", "frame-tag", _tagged(1, 0x0A, [])),
        ("Custody, which only a bridge gives.", "frame-state", _tagged(0, 0x88, PLACE + [0, bytes(8)])),
        ("A cut body.", "cbor-truncated", b"\x85\x83\x01"),
        ("A map for a body.", "frame-shape", b"\x85\xa0"),
    )


def _hello(nonce):
    return [0, 0, DEVICE, nonce]


def _plain(number, body):
    return bytes((number,)) + cbor.encode(body)


def _raw(role, frame):
    return frame + custody.tag(K, role, DEVICE_NONCE, BRIDGE_NONCE, frame)


def refused():
    """(name, to the device, code, frame) of each frame that the ended story refuses."""
    rows = []
    for to_device, listed in ((True, _refused_by_device()), (False, _refused_by_bridge())):
        rows.extend((name, to_device, code, frame) for name, code, frame in listed)
    return rows


def session_rows():
    said = [
        {"kind": "said", "by": "device" if by_device else "bridge", "hex": hexed(frame), "error": None}
        for by_device, frame in told().seen
    ]
    return said + [
        {
            "kind": "refused",
            "name": name,
            "by": "bridge" if to_device else "device",
            "hex": hexed(frame),
            "error": code,
        }
        for name, to_device, code, frame in refused()
    ]


FILES = {"session": session_rows}
