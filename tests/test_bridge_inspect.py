"""Inspect names every object of ours and its fields, and says which rule a bad one breaks."""

import hashlib
import json

import pytest
from sample_cli import RUN, world
from vectors_io import load_json

from fieldpost.cli.main import app
from fieldpost.diagnostic import cut, diagnostic
from fieldpost.inspect import inspect
from fieldpost.recorder import checkpoint
from fieldpost.store import Store
from fieldwire import cbor, cose, keys, merkle, schema, seal
from fieldwire import observation as obs
from fieldwire.errors import WireError


def golden(kind):
    return next(bytes.fromhex(row["hex"]) for row in load_json("plan") if row["kind"] == kind)


def objects():
    """{kind: bytes} of one of everything, as the sample store holds it."""
    store = Store.read_only(world().alpha.path)
    found = {one.kind: one.data for one in store.inputs()}
    [(report,)] = store.query('SELECT report FROM "case"')
    body, signed = store.query("SELECT body, ours FROM epoch")[0]
    seals = [data for (data,) in store.query("SELECT data FROM envelope WHERE kind = 'segment'")]
    tokens = dict(store.query("SELECT typ, data FROM token ORDER BY typ, id"))
    event = next(store.events())
    store.close()
    segment = max(seals, key=len)
    seal_bytes, leaves = seal.decode_segment(segment)
    public, own = world().a1.signer.public, world().alpha.own
    return {
        "early copy": world().a1.early(leaves[0]),
        "observation": leaves[0],
        "leaves of a segment": b"".join(leaves),
        "seal": seal_bytes,
        "receipt": seal.receipt(seal_bytes, [merkle.leaf_hash(leaf) for leaf in leaves], 1),
        "segment": segment,
        "crossing item": found["item"],
        "public key": cbor.encode(keys.cose_key(public)),
        "authority credential": tokens[cose.CREDENTIAL],
        "endorsement": tokens[cose.ENDORSEMENT],
        "boot attestation": tokens[cose.BOOT],
        "equivalence": tokens[cose.EQUIVALENCE],
        "agreement proof": found["agreement"],
        "agreement signature": cbor.decode(found["agreement"])[1][0],
        "epoch": signed,
        "divergence report": report,
        "checkpoint": checkpoint(own.id * 2, 3, b"r" * 32, own.signer),
        "event": event,
        "schema": tokens[cose.SCHEMA],
        "boundary handshake": cose.sign(cose.HANDSHAKE, cbor.encode(["boundary/1"]), own.signer),
        "vote over a merge plan": golden("vote"),
        "merge plan": golden("plan"),
    } | {"bare epoch": body, "bare schema": schema.encode("air", [["temp", 0, "degF", -1]])}


@pytest.mark.parametrize("kind", objects())
def test_it_recognizes_a_whole(kind):
    data = objects()[kind]
    found = inspect(data)
    assert found["kind"] == kind.removeprefix("bare ") and found["outcome"] == "well-formed", found["reason"]
    assert (
        found["size"] == len(data) and found["sha256"] == hashlib.sha256(data).hexdigest() and found["tree"]
    )
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("kind", objects())
def test_a_cut_object_is_refused_with_a_wire_code_and_never_breaks(kind):
    data = objects()[kind]
    for end in range(len(data)):
        found = inspect(data[:end])
        assert found["outcome"] in ("refused", "unknown") or (
            kind == "leaves of a segment" and end in ends(data)
        ), end
        assert found["code"] and found["remedy"]


def ends(data):
    items = cut(data)
    return [sum(map(len, items[:count])) for count in range(len(items))]


def test_an_observation_is_told_by_field_names():
    tree = inspect(world().air)["tree"]
    assert (
        tree["id"] == world().ids["air"].hex()
        and tree["subject"] == "harbor/air"
        and tree["payload"] == [500]
    )
    assert tree["time"] == {"boot": 1, "ms": 2000, "utc ms claimed": 1_780_000_002_000, "within ms": 20}


def test_a_derived_one_names_its_sources_by_position():
    [relay] = [one for one in _leaves() if inspect(one)["id"] == world().ids["relay"].hex()]
    tree = inspect(relay)["tree"]
    assert {one["id"] for one in tree["sources"]} == {world().ids["later"].hex(), world().ids["own"].hex()}
    assert tree["derivation"][:2] == ["mean", ["temp"]]


def _leaves():
    store = Store.read_only(world().bravo.path)
    found = [leaf for (leaf,) in store.query("SELECT leaf FROM observation")]
    store.close()
    return found


def test_a_broken_rule_is_named_with_its_code_and_place():
    short = cbor.encode({**obs.decode(world().air), obs.SALT: b"short"})
    cases = {
        b"\x18\x01": ("cbor-not-shortest", "byte 0"),
        b"\x81\xf9\x3c\x00": ("cbor-type", "byte 1"),
        b"\xa2\x02\x00\x01\x00": ("cbor-key-order", "byte 3"),
        short: ("observation-shape", "key 12 is 8 bytes"),
        cbor.encode([1, b"x", b"y", 0, []]): ("cbor-truncated", "byte"),
        b"": ("cbor-truncated", "byte 0"),
    }
    for data, (code, where) in cases.items():
        found = inspect(data)
        assert (found["outcome"], found["code"]) == ("refused", code) and where in found["reason"], data.hex()


def test_other_cbor_is_shown_in_diagnostic_notation():
    found = inspect(cbor.encode({"a": [1, b"\x02", None]}))
    assert found["outcome"] == "unknown" and found["tree"]["diagnostic"] == "{\"a\": [1, h'02', null]}"


# RFC 8949 appendix A
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("1bffffffffffffffff", "18446744073709551615"), ("3903e7", "-1000"), ("f93c00", "1.0"),
        ("fb3ff199999999999a", "1.1"), ("a201020304", "{1: 2, 3: 4}"), ("80", "[]"), ("a0", "{}"),
        ("fa47c35000", "100000.0"), ("f7", "undefined"), ("f0", "simple(16)"), ("c11a514b67b0", "1(1363896240)"),
        ("62c3bc", '"ü"'), ("5f42010243030405ff", "(_ h'0102', h'030405')"),
        ("9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]"), ("bf61610161629f0203ffff", '{_ "a": 1, "b": [_ 2, 3]}'),
    ],
)  # fmt: skip
def test_diagnostic_notation_is_that_of_rfc_8949(data, text):
    assert diagnostic(bytes.fromhex(data)) == text


def test_diagnostic_notation_takes_no_memory_for_what_is_not_there_and_no_depth_without_end():
    for data in (
        b"\x9b" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\x81" * 500,
        b"\x1c",
        b"\xff",
        b"\x9f\x01",
        b"\xbf\x01\xff",
    ):
        with pytest.raises(WireError):
            diagnostic(data)


def test_the_command_shows_a_tree_and_answers_no_for_a_bad_file(tmp_path):
    path = tmp_path / "air.cbor"
    path.write_bytes(world().air)
    good = RUN.invoke(app, ["inspect", str(path)])
    assert good.exit_code == 0 and "\n  subject: harbor/air\n" in good.stdout
    path.write_bytes(world().air[:-1])
    bad = RUN.invoke(app, ["inspect", str(path)])
    assert bad.exit_code == 1 and f"{path}: cbor-truncated: " in bad.stderr
    assert RUN.invoke(app, ["inspect", str(tmp_path / "none")]).exit_code == 3


def test_text_from_a_file_is_shown_escaped(tmp_path):
    path = tmp_path / "x.cbor"
    path.write_bytes(cbor.encode(["\x1b[31mred\u202e"]))
    shown = RUN.invoke(app, ["inspect", str(path)]).stdout
    assert "\x1b" not in shown and "\u202e" not in shown


def test_a_key_file_is_refused_and_its_secret_is_not_shown(tmp_path):
    secret = "ab" * 32
    (tmp_path / "bridge.key").write_text(secret + "\n")
    done = RUN.invoke(app, ["inspect", str(tmp_path / "bridge.key")])
    assert done.exit_code == 2 and "a key file" in done.output
    assert secret not in done.output
