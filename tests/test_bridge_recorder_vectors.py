"""Golden vectors of what bridges write for themselves and each other: events, offers, epochs, checkpoints."""

import pytest
from vectors_io import load_json, raises

from fieldpost import epoch, recorder, signing
from fieldwire import cose

TYPES = {
    "epoch": cose.EPOCH,
    "checkpoint": cose.CHECKPOINT,
    "handshake": cose.HANDSHAKE,
    "report": cose.REPORT,
}
ROWS = [row for name in ("recorder", "offer", "boundary") for row in load_json(name)]


def of_kind(kind):
    found = [pytest.param(row, id=row["name"]) for row in ROWS if row["kind"] == kind]
    assert found
    return found


@pytest.mark.parametrize("row", of_kind("event"))
def test_an_event_comes_back_as_it_was_written_or_is_refused(row):
    data = bytes.fromhex(row["hex"])
    if row["error"] is not None:
        raises(row["error"], recorder.read_event, data)
        return
    found = recorder.read_event(data)
    parts = [found[name] for name in ("kind", "at", "inputs", "policy", "outcome", "detail")]
    assert recorder.event(*parts) == data


@pytest.mark.parametrize("row", of_kind("offer"))
def test_an_offer_comes_back_as_it_was_written_or_is_refused(row):
    data = bytes.fromhex(row["hex"])
    if row["error"] is not None:
        raises(row["error"], epoch.read_offer, data)
    else:
        assert epoch.read_offer(data).to_cbor() == data


@pytest.mark.parametrize("row", [row for kind in TYPES for row in of_kind(kind)])
def test_what_a_bridge_signs_verifies_under_its_key_and_its_type(row):
    data, public = bytes.fromhex(row["hex"]), bytes.fromhex(row["public"])
    if row["error"] is not None:
        raises(row["error"], cose.decode, data, TYPES[row["kind"]])
    else:
        cose.check(cose.decode(data, TYPES[row["kind"]]), public, signing.verify)
