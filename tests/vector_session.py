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

from fieldwire import custody
from fieldwire import session_frames as frames

DEVICE_NONCE, BRIDGE_NONCE = b"device-1", b"bridge-1"
OTHER_KEY = custody.link_key(K_DEV, bytes(32))
PLACE = [INCARNATION, 1, 0]


def told():
    """A Pair after a session with each kind of frame but BYE."""
    outbox = Outbox(tokens=[60], early=[(0, 9, 90)], segments=[(1, 0, 300), (1, 1, 50), (2, 4, 200)])
    keeper = Keeper()
    keeper.refused[(1, 1)] = 25
    keeper.durable[(2, 4)] = outbox.past[(2, 4)]
    pair = Pair(outbox, keeper, Link(128, 9_600, 20), DEVICE_NONCE, BRIDGE_NONCE)
    pair.device.open(pair.now_ms)
    pair.run()
    pair.device.ask_time(b"askdevic", pair.now_ms)
    pair.bridge.ask_time(b"askbridg", pair.now_ms)
    pair.bridge.send_object(b"a signed object")
    pair.bridge.request_seal()
    pair.bridge.want(None, 100_000)
    pair.run()
    return pair


def _tagged(by_bridge, frame, key=K, device_nonce=DEVICE_NONCE):
    return frame + custody.tag(key, by_bridge, device_nonce, BRIDGE_NONCE, frame)


def _body(by_bridge, name, body, key=K, device_nonce=DEVICE_NONCE):
    return _tagged(by_bridge, frames.encode(name, body), key, device_nonce)


def _custody(place, seal_hash, key=K):
    mac = custody.custody_mac(key, DEVICE, BRIDGE, *place, seal_hash)
    return _body(1, "CUSTODY", list(place) + [mac])


def _have(word, runs=b""):
    return _tagged(1, b"\x02" + word.to_bytes(4, "big") + runs)


def _refused_by_device():
    there = (INCARNATION, 1, 0, 0)
    good = _body(1, "BYE", [])
    unfit = _body(1, "CUSTODY", PLACE[:2] + [1, 0, bytes(8)])
    return (
        ("Nothing follows the type.", "frame-shape", b"\x0a"),
        ("A BYE under another bridge's key.", "frame-tag", _body(1, "BYE", [], OTHER_KEY)),
        ("A BYE of another session.", "frame-tag", _body(1, "BYE", [], K, b"device-0")),
        ("A device's BYE sent back to it.", "frame-tag", _body(0, "BYE", [])),
        ("A BYE with one bit of its tag changed.", "frame-tag", good[:-1] + bytes((good[-1] ^ 1,))),
        ("A BYE that says something.", "frame-shape", _body(1, "BYE", [0])),
        (
            "A HELLO when none is awaited.",
            "frame-state",
            _tagged(1, frames.encode_answer(0, BRIDGE, bytes(8))),
        ),
        ("Custody of other bytes than the device's.", "custody-mac", _custody(there, bytes(32))),
        ("Custody of what is not in the log.", "custody-mac", _custody((INCARNATION, 3, 0, 0), bytes(32))),
        ("Custody that ends before it begins.", "frame-shape", unfit),
        ("Custody of a fifth stream.", "frame-shape", _body(1, "CUSTODY", [INCARNATION, 4, 0, 0, bytes(8)])),
        (
            "A rejection that the bridge did not make.",
            "custody-mac",
            _body(1, "REJECT", PLACE + [25, bytes(8)]),
        ),
        ("A command that was carried out long ago.", "frame-stale", _body(1, "CTRL", [0, "seal", None])),
        ("A command that comes too early.", "frame-stale", _body(1, "CTRL", [3, "seal", None])),
        ("An answer to no ask.", "frame-stale", _body(1, "TIME", [b"askother", 3, 1, 9, 1, 1])),
        ("An ask that was answered.", "frame-stale", _body(1, "TIME", [b"askbridg", 9, 1])),
        ("A stamp that is negative.", "frame-shape", _body(1, "TIME", [b"askother", 9, -1])),
        ("A range held that ends before it begins.", "frame-shape", _body(1, "HELD", [_held(3, 2), []])),
        ("A token held without a whole id.", "frame-shape", _body(1, "HELD", [[], [bytes(15)]])),
        ("A range wanted that ends before it begins.", "frame-shape", _body(1, "WANT", [_held(3, 2), None])),
        ("A budget below nothing.", "frame-shape", _body(1, "WANT", [None, -1])),
        ("DATA, which only a device sends.", "frame-state", frames.encode_data(0, 0, [bytes(12)])),
        ("An unknown type that may be skipped.", "frame-unknown", b"\x3f\x80"),
        (
            "A body that is not deterministic.",
            "cbor-not-shortest",
            _tagged(1, b"\x06\x83\x18\x02\x64seal\xf6"),
        ),
        ("An empty frame.", "frame-size", b""),
        ("A frame longer than the link's.", "frame-size", good + bytes(128)),
    )


def _refused_while_polling():
    """To a device that waits for the answer to its question 1, asked by its confirmation."""
    one = 1 << 19
    return (
        ("A HAVE that answers nothing.", "frame-stale", _have(2 << 19)),
        ("A HAVE with a flag that is none.", "frame-shape", _have(one | 0x10)),
        ("A HAVE that is cut.", "frame-shape", _tagged(1, b"\x02\0\0\0")),
        ("A run of missing tiles with nothing held behind it.", "frame-shape", _have(one, b"\x05")),
        ("A run of no tiles.", "frame-shape", _have(one, b"\x05\x00")),
        ("A long run that is cut.", "frame-shape", _have(one, b"\x05\xe0")),
        ("A HAVE under another bridge's key.", "frame-tag", b"\x02" + one.to_bytes(4, "big") + bytes(8)),
    )


def _refused_by_bridge():
    hello = frames.encode_confirmation(bytes(4), None)
    return (
        ("DATA without a tile.", "frame-shape", b"\x80\x00"),
        ("DATA of a tile and a half.", "frame-shape", frames.encode_data(0, 0, [bytes(18)])),
        ("A POLL without its number.", "frame-shape", b"\x45\x00"),
        ("A POLL of a number beyond any.", "frame-shape", b"\x45\x20\x00"),
        ("A POLL that awaits half a place.", "frame-shape", frames.encode_poll(1, PLACE[:2])),
        (
            "A POLL that awaits a segment of a fifth stream.",
            "frame-shape",
            frames.encode_poll(1, [INCARNATION, 4, 0]),
        ),
        ("A POLL whose place is cut.", "cbor-truncated", b"\x45\x00\x01\x83\x01"),
        ("A confirmation under another key.", "frame-tag", _tagged(0, hello, OTHER_KEY, b"device-2")),
        (
            "A confirmation of no call.",
            "frame-tag",
            _tagged(0, hello, K, b"device-2"),
        ),
        ("A call by a bridge.", "frame-shape", _tagged(1, frames.encode_answer(0, BRIDGE, bytes(8)))),
        (
            "A confirmation that names no transfer.",
            "frame-shape",
            _tagged(0, frames.encode_answer(0, b"", DEVICE_NONCE)),
        ),
        (
            "A call without a transfer.",
            "frame-shape",
            frames.encode_call(DEVICE, bytes(8), b""),
        ),
        ("An answer to no command.", "frame-stale", _body(0, "CTRL", [0, "object", None])),
        ("A bridge's BYE sent back to it.", "frame-tag", _body(1, "BYE", [])),
        ("Custody, which only a bridge gives.", "frame-state", _body(0, "CUSTODY", PLACE + [0, bytes(8)])),
        ("A map for a body.", "frame-tag", b"\x06\xa0" + bytes(8)),
        ("A map for a body, tagged.", "frame-shape", _tagged(0, b"\x06\xa0")),
    )


def _held(first, last):
    return [[INCARNATION, 1, [[first, last]]]]


def polling():
    """A Pair whose device has asked its first question and was not answered yet."""
    pair = Pair(Outbox(segments=[(1, 0, 300)]), Keeper(), Link(128, 9_600, 20), DEVICE_NONCE, BRIDGE_NONCE)
    pair.device.open(pair.now_ms)
    pair.lost = lambda from_device, frame: pair.device.state == "polling"
    while pair.device.deadline() is None or pair.device.state != "polling":
        pair.step()
    return pair


def refused():
    """(name, before, to the device, code, frame) of each frame that is refused `told` or `polling`."""
    rows = []
    for before, to_device, listed in (
        ("told", True, _refused_by_device()),
        ("polling", True, _refused_while_polling()),
        ("told", False, _refused_by_bridge()),
    ):
        rows.extend((name, before, to_device, code, frame) for name, code, frame in listed)
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
            "before": before,
            "by": "bridge" if to_device else "device",
            "hex": hexed(frame),
            "error": code,
        }
        for name, before, to_device, code, frame in refused()
    ]


FILES = {"session": session_rows}
