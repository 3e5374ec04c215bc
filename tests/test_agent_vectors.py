"""Golden vectors of what a device is handed down by a bridge that it need not believe."""

from vectors_io import load_json, raises, unhex

from fieldagent.foreign import HandedDown, open_handed_down
from fieldagent.trust import Trust
from fieldwire import cbor, keys
from fieldwire.ed25519 import verify


def _opened(row):
    value = cbor.decode(unhex(row["hex"]))
    root = unhex(row["root"])
    trust = Trust(keys.thumbprint(root), root, verify)
    for text in row["held"]:
        trust.add(unhex(text))
    return open_handed_down(value[1], value[2], value[3], trust)


def test_every_handed_down_vector_is_accepted_or_refused_as_it_says():
    rows = [row for row in load_json("handed_down") if row["error"] != "object-unknown"]
    assert len(rows) > 20
    for row in rows:
        if row["error"] is not None:
            raises(row["error"], _opened, row)
            continue
        _, identity, authority = _opened(row)
        assert (identity, authority) == (unhex(row["id"]), row["authority"]), row["name"]


def test_an_object_of_no_known_kind_is_refused_before_anything_is_done_with_it():
    rows = [row for row in load_json("handed_down") if row["error"] == "object-unknown"]
    assert rows
    for row in rows:
        raises("object-unknown", HandedDown(None).take, unhex(row["hex"]))
