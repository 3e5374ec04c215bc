"""Every decoder of bytes from outside answers damaged golden bytes with a value or a WireError, never otherwise.

The damage is seeded, so a failure comes again. What is accepted must have only one encoding.
"""

import contextlib
import random
from collections.abc import Callable
from typing import Any

import pytest
from vectors_io import load_json

from fieldagent import foreign
from fieldagent.enrolment import Enrolment
from fieldagent.neighbours import Neighbours
from fieldagent.trust import Trust
from fieldpost import agreement_cbor, boundary_messages, covenant, enrol, epoch, plan
from fieldpost.proof.check import check
from fieldwire import (
    cbor,
    cose,
    frame,
    keys,
    limits,
    schema,
    seal,
    senml,
    session_frames,
    tokens,
    transfer_head,
)
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer
from fieldwire.errors import WireError
from fieldwire.transfer_receiving import Receiving

SEED = 20_261_122
ROUNDS = 60
PUBLIC, DEVICE = b"\x01" * 32, b"\x02" * 16
HEADS = (
    0x00,
    0x18,
    0x1B,
    0x20,
    0x3B,
    0x40,
    0x5B,
    0x60,
    0x80,
    0x9B,
    0xA0,
    0xBB,
    0xC2,
    0xD2,
    0xF4,
    0xF5,
    0xF6,
    0xFB,
)
ODD_VALUES = (
    0,
    1,
    -1,
    2**63,
    2**64 - 1,
    -(2**64),
    b"",
    b"\x00" * 16,
    b"\xff" * 32,
    "",
    "a/b",
    [],
    {},
    [[]],
    None,
)
ODD = (*ODD_VALUES, True, False, {0: 1}, {"x": b""}, cbor.Tag(18, []), cbor.Tag(1001, {1: 0}))


def golden(*names: str) -> list[bytes]:
    """The distinct bytes of the accepted rows of these vector files."""
    rows = [
        row for name in names for row in load_json(name) if row["error"] is None and row["kind"] != "said"
    ]
    return list(dict.fromkeys(bytes.fromhex(row["hex"]) for row in rows))


def damaged(draw: random.Random, data: bytes) -> bytes:
    """`data` with one to three bytes changed, a piece cut, doubled or put in, or a head in another's place."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(found) + 1)
        kind = draw.randrange(6)
        if kind == 0 and at < len(found):
            found[at] ^= 1 << draw.randrange(8)
        elif kind == 1 and at < len(found):
            found[at] = draw.choice(HEADS)
        elif kind == 2:
            found[at : at + draw.randint(1, 9)] = b""
        elif kind == 3:
            found[at:at] = found[at : at + draw.randint(1, 40)]
        elif kind == 4:
            found[at:at] = bytes((draw.choice(HEADS),))
        else:
            found[at : at + 9] = bytes((draw.choice(HEADS),)) + draw.randbytes(8)
    return bytes(found)


def replaced(draw: random.Random, value: Any) -> Any:
    """`value` with one item somewhere inside it replaced, left out or doubled; still sound CBOR."""
    if isinstance(value, cbor.Tag) and draw.randrange(8):
        return cbor.Tag(value.number, replaced(draw, value.value))
    if isinstance(value, bytes) and len(value) > 20 and draw.randrange(8):
        try:
            return cbor.encode(replaced(draw, cbor.decode(value)))
        except WireError:
            return draw.choice(ODD)
    if isinstance(value, list) and value and draw.randrange(8):
        at, found = draw.randrange(len(value)), list(value)
        found[at : at + 1] = draw.choice(([replaced(draw, value[at])],) * 6 + ([], [value[at]] * 2))
        return found
    if isinstance(value, dict) and value and draw.randrange(8):
        key, found = draw.choice(list(value)), dict(value)
        if draw.randrange(8):
            found[key] = replaced(draw, value[key])
        else:
            found[draw.choice((0, 13, -2, "x", b"x"))] = found.pop(key)
        return found
    return draw.choice(ODD)


def _believes(public: bytes, message: bytes, signature: bytes) -> bool:
    """Any signature holds, so that what lies behind the check is reached too."""
    return True


def _token(data: bytes) -> None:
    made = tokens.decode(data)
    if made.claims:
        assert (
            cose.assemble(made.message.protected_bytes, cbor.encode(made.claims), made.message.signature)
            == data
        )


def _same(data: bytes, again: bytes) -> None:
    assert again == data, "a second encoding of one value"


def _early(data: bytes) -> None:
    message = cose.decode(data, cose.EARLY)
    trust = Trust(bytes(32), PUBLIC, _believes)
    for token in golden("credential"):
        _try(trust.add, token)
    _try(trust.open_early, data)
    obs.decode(message.payload or b"")


def _try(call: Callable[..., Any], *arguments: Any) -> None:
    with contextlib.suppress(WireError):
        call(*arguments)


def _enrolment(data: bytes) -> None:
    """As the second frame of an enrolment, and as the third."""
    held = golden("credential")[:2]
    whole = [bytes(32), PUBLIC, keys.thumbprint(PUBLIC), bytes(16), held]
    for first in (b"\x20" + cbor.encode([bytes(32)]), b"\x22" + cbor.encode(whole)):
        device = Enrolment(b"hw", b"fake", bytes(32), lambda given: given, lambda: 0)
        device.receive(first, 0)
        device.receive(data, 0)
        device.next_event()
        device.receive(data, 0)
    host = enrol.Enrolment(bytes(32))
    host.open(0)
    host.receive(data, 0)


class _Config:
    beacon_ms = exchange_ms = 1_000


def _neighbours(data: bytes) -> None:
    trust = Trust(bytes(32), PUBLIC, _believes)
    link = Neighbours(DEVICE, 1, trust, [], list, bytes, _Config)
    link.receive(data, 0)
    link.on_deadline(0)
    while link.to_send(0) is not None:
        pass


def _handed(data: bytes) -> None:
    trust = Trust(bytes(32), PUBLIC, _believes)
    foreign.HandedDown(trust).take(data)


def _session(data: bytes) -> None:
    for name in (*session_frames.TYPE, "DATA"):
        _try(session_frames.decode, name, data)


def _transfer(data: bytes) -> None:
    receiving = Receiving(bytes(4), lambda kind, key, item: bytes(4))
    receiving.take(0, data[: len(data) // 12 * 12])
    if receiving.broken is not None:
        raise WireError(receiving.broken, "")


def _head(data: bytes) -> None:
    try:
        kind, key, total, size = transfer_head.decode(data, DEVICE[:8])
    except transfer_head.Short:
        return
    _same(data[:size], transfer_head.encode(kind, key, total, DEVICE[:8]))


def _segment(data: bytes) -> None:
    again = seal.encode_segment(*seal.decode_segment(data))
    _same(data, again)
    seal.open_segment(data, PUBLIC, DEVICE, _believes)


def _receipt(data: bytes) -> None:
    message = seal.decode(data)[0]
    _same(data, cose.assemble(message.protected_bytes, None, message.signature, message.unprotected))
    for leaf in golden("observation")[:3]:
        _try(seal.open_receipt, data, leaf, PUBLIC, DEVICE, _believes)


def _portable(data: bytes) -> None:
    found = check(data)
    if found["outcome"] == "refused":
        raise WireError(found["code"], found["reason"])


def _message(data: bytes) -> None:
    name, fields = boundary_messages.decode(data)
    _same(data, boundary_messages.encode(name, *fields))


def _senml(data: bytes) -> None:
    assert len(senml.claims(data)) <= limits.SENML_RECORDS_MAX


def _schema(data: bytes) -> None:
    name, fields = schema.decode(data)
    _same(data, schema.encode(name, fields))


def _payloads(data: bytes) -> None:
    for one in golden("schema"):
        _try(schema.claims, schema.decode(one)[1], data)


def _frames() -> list[bytes]:
    rows = load_json("session")
    return [bytes.fromhex(row["hex"]) for row in rows if row["error"] is None]


def _stuffed() -> list[bytes]:
    return [bytes.fromhex(row["wire"]) for row in load_json("frame")["accepted"] if len(row["wire"]) < 2_000]


def _deframed(data: bytes) -> None:
    _try(frame.decode, data)
    for one in frame.Deframer(64).feed(data):
        assert len(one) <= 64


def _messages() -> list[bytes]:
    credentials, items, copies = golden("credential"), golden("item"), golden("early")
    lane = [DEVICE, bytes(8), 1, [[0, 3], [5, 5]], []]
    return golden("boundary")[:1] + [
        boundary_messages.encode("PROOF", copies[0], [PUBLIC], credentials),
        boundary_messages.encode("STANDING", copies[0], None, copies),
        boundary_messages.encode("FRONTIER", [lane], [DEVICE]),
        boundary_messages.encode("ITEMS", items),
        boundary_messages.encode("DONE", [[PUBLIC, "not-held"]]),
        boundary_messages.encode("OFFER", 7, golden("offer")[0]),
        boundary_messages.encode("BYE", "done", "nothing is left"),
    ]


def _local() -> list[bytes]:
    heads = [[bytes(8), 1, 0, PUBLIC]]
    bodies = (
        [DEVICE, 1, 2, heads],
        golden("credential")[:1],
        golden("early")[:1],
        [PUBLIC[:16], bytes(8), 1, 2],
        [DEVICE, PUBLIC[:16], bytes(8), 1, 2, 3, 4, 5],
    )
    return [bytes((0x10 + number,)) + cbor.encode(body) for number, body in enumerate(bodies)]


def _enrolments() -> list[bytes]:
    whole = [bytes(32), PUBLIC, keys.thumbprint(PUBLIC), bytes(16), golden("credential", "endorsement")]
    request = [PUBLIC, b"hw", b"fake", bytes(32)]
    bodies = ([bytes(32)], request, whole, [DEVICE])
    return [bytes((0x20 + number,)) + cbor.encode(body) for number, body in enumerate(bodies)]


def _proofs() -> list[bytes]:
    signer = Ed25519Signer(bytes(32))
    texts = golden("agreement")
    return [covenant.proof(text, [cose.sign(cose.AGREEMENT, text, signer)]) for text in texts]


TOKENS = ("credential", "endorsement", "boot", "equivalence", "revocation", "rotation", "schema_token")
OBSERVATIONS = golden("observation")
DECODERS: dict[str, tuple[Callable[[bytes], Any], list[bytes]]] = {
    "cbor": (lambda data: _same(data, cbor.encode(cbor.decode(data))), OBSERVATIONS + golden("agreement")),
    "cose": (cose.decode, golden("early", "seal", "receipt", *TOKENS)),
    "tokens": (_token, golden(*TOKENS)),
    "seals": (seal.decode, golden("seal", "receipt")),
    "segments": (_segment, golden("segment")),
    "receipts": (_receipt, golden("receipt")),
    "observations": (lambda data: _same(data, obs.encode(obs.decode(data))), OBSERVATIONS),
    "early copies": (_early, golden("early")),
    "SenML": (_senml, golden("senml")),
    "schemas": (_schema, golden("schema")),
    "payloads": (_payloads, golden("payload")),
    "framing": (_deframed, _stuffed()),
    "session frames": (_session, _frames()),
    "transfers": (_transfer, [bytes.fromhex(row["hex"]) for row in load_json("transfer")]),
    "item heads": (_head, [bytes.fromhex(row["hex"]) for row in load_json("item_head")]),
    "local link": (_neighbours, _local()),
    "enrolment": (_enrolment, _enrolments()),
    "handed down": (_handed, golden("handed_down")),
    "boundary messages": (_message, _messages()),
    "offers": (epoch.read_offer, golden("offer")),
    "merge plans": (lambda data: _same(data, plan.read_plan(data).to_cbor()), golden("plan")[:2]),
    "agreements": (agreement_cbor.from_cbor, golden("agreement")),
    "portable proofs": (_portable, golden("proof")),
    "agreement proofs": (lambda data: covenant.open_proof(data, {}), _proofs()),
}


def altered(draw: random.Random, data: bytes) -> bytes:
    """`data` damaged byte by byte, or item by item where it is CBOR, after a type byte if it has one."""
    head = data[:1] if data[0] < 0x24 or 0x41 <= data[0] <= 0x4B else b""
    if draw.randrange(2):
        try:
            return head + cbor.encode(replaced(draw, cbor.decode(data[len(head) :])))
        except (WireError, ValueError):
            pass
    return damaged(draw, data)


def fuzzed(name: str, seed: int, rounds: int) -> int:
    """How many of so many altered bytes the decoder refused; what raises anything else fails here."""
    draw = random.Random(f"{name}/{seed}")
    decode, seeds = DECODERS[name]
    refused = 0
    for _ in range(rounds):
        data = altered(draw, draw.choice(seeds))
        try:
            decode(data)
        except WireError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{name} answered {data.hex()} with {error!r}") from error
    return refused


@pytest.mark.parametrize("name", DECODERS)
def test_damaged_bytes_are_answered_with_a_wire_error_and_with_nothing_else(name):
    refused = fuzzed(name, SEED, ROUNDS)
    silent = (
        "payloads",
        "framing",
        "session frames",
        "transfers",
        "item heads",
        "local link",
        "enrolment",
    )  # they count or pass over
    assert refused > ROUNDS // 3 or name in silent
