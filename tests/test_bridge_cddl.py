"""The grammar and the golden vectors agree on what is well-formed, as far as a grammar can see."""

from decimal import Decimal

import cbor2
import pytest
from cddl import problems, schema, signed_problems
from vectors_io import load_json

from fieldwire import cbor, session_frames
from fieldwire.errors import WireError

FILES = [
    "key", "observation", "early", "schema", "payload", "senml", "derivation", "function", "seal", "segment",
    "receipt", "item", "credential", "endorsement", "boot", "equivalence", "revocation", "rotation",
    "schema_token", "boundary", "recorder", "exchange", "handed_down", "offer", "plan", "proof",
]  # fmt: skip
RULE = {"derivation": "observation"}
SIGNED = {
    "early", "credential", "endorsement", "boot", "equivalence", "revocation", "rotation", "schema-token", "epoch",
    "handshake", "checkpoint", "report", "seal", "receipt", "vote",
}  # fmt: skip


def rule(row):
    return RULE.get(row["kind"], row["kind"])


@pytest.mark.parametrize("name", FILES)
def test_the_grammar_accepts_and_refuses_each_vector_as_it_says(name):
    wrong = []
    for row in load_json(name):
        found = problems(bytes.fromhex(row["hex"]), rule(row))
        if bool(found) != (row.get("cddl", "accepts") == "refuses"):
            wrong.append((row["name"], found))
    assert not wrong


@pytest.mark.parametrize("name", FILES)
def test_every_accepted_vector_is_deterministic_down_to_what_it_wraps(name):
    for row in load_json(name):
        if row["error"] is None and row["kind"] in SIGNED and row.get("cddl") != "refuses":
            assert not signed_problems(bytes.fromhex(row["hex"]), rule(row)), row["name"]


@pytest.mark.parametrize("name", FILES)
def test_another_cbor_decoder_reads_each_accepted_vector_to_the_same_value(name):
    def plain(value):
        if isinstance(value, cbor.Tag) and value.number == 4:
            return Decimal(value.value[1]).scaleb(value.value[0])
        if isinstance(value, (cbor.Tag, cbor2.CBORTag)):
            number = value.number if isinstance(value, cbor.Tag) else value.tag
            return ("tag", number, plain(value.value))
        if hasattr(value, "items"):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(one) for one in value]
        return value

    for row in load_json(name):
        data = bytes.fromhex(row["hex"])
        if row["error"] is None:
            assert plain(cbor2.loads(data)) == plain(cbor.decode(data)), row["name"]


def test_bytes_that_are_not_deterministic_are_refused_whatever_their_shape():
    assert problems(cbor.encode([0, bytes(16), bytes(32), [bytes(32)]]), "boundary-hello") == []
    long_zero = b"\x84\x18\x00" + cbor.encode([bytes(16), bytes(32), [bytes(32)]])[1:]
    assert problems(long_zero, "boundary-hello")


BODIES = [
    ("HELD", "held", [[[bytes(8), 1, [[0, 3]]]], [bytes(16)]]),
    ("WANT", "want", [[[bytes(8), 1, [[0, 3]]]], 70_000]),
    ("WANT", "want", [None, None]),
    ("CTRL", "ctrl", [0, "seal", None]),
    ("TIME", "time-ask", [bytes(8), 1, 2]),
    ("TIME", "time-answer", [bytes(8), 1, 2, 3, 4, 5]),
    ("CUSTODY", "custody", [bytes(8), 1, 0, 4, bytes(8)]),
    ("REJECT", "reject", [bytes(8), 1, 4, 26, bytes(8)]),
    ("BYE", "bye", []),
]


@pytest.mark.parametrize(("name", "grammar", "body"), BODIES)
def test_the_grammar_and_the_decoder_agree_on_session_frames(name, grammar, body):
    tag = b"" if name in session_frames.UNTAGGED else bytes(8)
    assert session_frames.decode(name, session_frames.encode(name, body) + tag) == body
    assert problems(cbor.encode(body), grammar) == []
    assert problems(cbor.encode([*body[:-1], -1] if body else [0]), grammar)


def test_the_grammar_and_the_decoder_agree_on_what_a_poll_awaits():
    for place in ([bytes(8), 1, 5], [bytes(16), bytes(8), 1, 5]):
        assert session_frames.decode("POLL", session_frames.encode_poll(1, place))[1] == place
        assert problems(cbor.encode(place), "poll-awaited") == []
    for wrong in ([bytes(8), 4, 5], [bytes(7), 1, 5], [bytes(8), 1], [bytes(15), bytes(8), 1, 5]):
        assert problems(cbor.encode(wrong), "poll-awaited")
        with pytest.raises(WireError):
            session_frames.decode("POLL", session_frames.encode_poll(1, wrong))


BETWEEN_DEVICES = [
    ("beacon", [bytes(16), 3, 60_000, [[bytes(8), 1, 4, bytes(32)]]]),
    ("local-token", [b"token"]),
    ("local-early", [bytes.fromhex(load_json("early")[0]["hex"])]),
    ("ask", [bytes(16), bytes(8), 3, 60_000]),
    ("answer", [bytes(16), bytes(16), bytes(8), 3, 60_000, 7, 1_000, 1_003]),
    ("carry", [bytes(16)]),
    ("carry-offer", [bytes(16), bytes(16), [[bytes(8), 1, 4, 3_000]]]),
    ("carry-fetch", [bytes(16), bytes(16), [bytes(8), 1, 4], 0, 3_000]),
    ("carry-part", [bytes(16), bytes(16), bytes(16), 0, 300, b"token"]),
    ("carry-kept", [bytes(16), bytes(16), bytes(32), bytes(8), 1, 0, 4, bytes(8)]),
    ("carry-taken", [bytes(16), bytes(16), bytes(32), bytes(8), 1, 0, 4, bytes(8)]),
    ("enrol-start", [bytes(32)]),
    ("enrol-request", [bytes(32), b"24:6f:28", b"unix", bytes(32), 1]),
    ("enrol", [bytes(32), bytes(32), bytes(32), bytes(16), [b"token"]]),
    ("enrolled", [bytes(16), bytes(32), bytes(32), 0]),
    ("prompt", [bytes(16), bytes(32), bytes(8)]),
    ("rotate-start", [bytes(16), bytes(32), bytes(8)]),
    ("rotated", [bytes(16)]),
]


@pytest.mark.parametrize(("grammar", "body"), BETWEEN_DEVICES)
def test_the_grammar_bounds_frames_of_the_local_link_and_of_enrolment(grammar, body):
    assert problems(cbor.encode(body), grammar) == []
    assert problems(cbor.encode([*body, 0]), grammar)
    assert problems(cbor.encode([body[0] + b"x" if len(body[0]) > 8 else 0, *body[1:]]), grammar)


def test_the_grammars_first_rule_takes_every_signed_object():
    assert schema().default_root_type == "any-signed-object"
    rows = [
        row for name in FILES for row in load_json(name) if row["kind"] in SIGNED and row["error"] is None
    ]
    accepted = [row for row in rows if row.get("cddl") != "refuses"]
    assert {row["kind"] for row in accepted} == SIGNED
    for row in accepted:
        assert not problems(bytes.fromhex(row["hex"]), "any-signed-object"), row["name"]


def test_the_grammar_takes_a_revocation_that_is_handed_down_and_nothing_else_in_its_place():
    revocation, credential = (
        bytes.fromhex(load_json(name)[0]["hex"]) for name in ("revocation", "credential")
    )
    assert problems(cbor.encode(["revocation", revocation]), "handed-down") == []
    assert problems(cbor.encode(["revocation", credential]), "handed-down")
