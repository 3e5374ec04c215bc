"""Another reading of RFC 8428, over another decoder and exact decimals, agrees with ours; a bridge shows the claims."""

from decimal import Decimal

import cbor2
import pytest
from fold_world import Home
from vectors_io import load_json

from fieldpost import inspect
from fieldwire import cbor, lineage, senml, senml_writer
from fieldwire import observation as obs

ACCEPTED = [row for row in load_json("senml") if row["error"] is None]
FIELDS = [["temperature", "Cel", -2], ["pressure", "Pa", 0], ["humidity", "%RH", -2]]
PAYLOAD = senml_writer.pack(FIELDS, [2_508, 100_653, None])


def resolved(pack):
    """{name: (value, unit)} as RFC 8428 4.6 resolves records: base fields of the last record that set them apply."""
    base = {}
    found = {}
    for record in pack:
        base.update({label: value for label, value in record.items() if label < 0})
        [value] = [record[label] for label in (2, 3, 4, 8) if label in record]
        if 2 in record:
            value = Decimal(base.get(-5, 0)) + Decimal(value)
        found[base.get(-2, "") + record.get(0, "")] = value, record.get(1, base.get(-4, ""))
    return found


def exact(kind, value, exponent):
    if kind == 0:
        return Decimal(value).scaleb(exponent)
    return {"true": True, "false": False}.get(value, value)


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row["name"])
def test_another_resolver_finds_the_same_names_values_and_units(row):
    others = resolved(cbor2.loads(bytes.fromhex(row["hex"])))
    others = {name: told for name, told in others.items() if not isinstance(told[0], bytes)}
    ours = senml.claims(bytes.fromhex(row["hex"]))
    assert {name: (exact(kind, value, scale), unit) for name, kind, value, unit, scale in ours} == others


def told(home, *leaves):
    """A bridge's fold that has taken in a device's leaves."""
    fold = home.fold()
    for leaf in leaves:
        fold.put("early", home.one.early(leaf))
    fold.put("solve")
    return fold


def packed(home, payload, seq=0, **changed):
    return home.one.leaf(seq, format=obs.SENML_FORMAT, payload=payload, **changed)


def rows(fold, leaf):
    held = fold.tables.get("claim", {})
    return {
        key[1]: (cbor.decode(row[2]), *row[3:])
        for key, row in held.items()
        if key[0] == obs.observation_id(leaf)
    }


def test_a_bridge_takes_property_value_unit_and_exponent_from_the_pack():
    home = Home()
    leaf = packed(home, PAYLOAD)
    fold = told(home, leaf)
    assert fold.verdict(leaf) == ("admitted", "admitted")
    assert rows(fold, leaf) == {"temperature": (2_508, "Cel", -2), "pressure": (100_653, "Pa", 0)}


@pytest.mark.parametrize("payload", [b"\x80", cbor.encode([{0: "t", 2: 1, 6: 5}]), b"\xff", b""])
def test_a_pack_that_breaks_a_rule_is_carried_and_claims_nothing(payload):
    home = Home()
    leaf = packed(home, payload)
    fold = told(home, leaf)
    assert fold.verdict(leaf) == ("admitted", "admitted") and not rows(fold, leaf)


def test_a_derivation_over_packs_is_recomputed():
    home = Home()
    first, second = (packed(home, senml_writer.pack([["level", "m", -2]], [n]), n) for n in (100, 102))
    held = [
        (obs.source_of(obs.decode(one), obs.observation_id(one)), obs.decode(one)) for one in (first, second)
    ]
    held = lineage.sort_sources(held)
    value, entry = lineage.derive("mean", ["level"], [one for _, one in held], lambda _format: None)
    assert value == 101
    more = {"sources": [source for source, _ in held], "derivation": entry, "true_ms": 61_000}
    true = home.one.leaf(103, level=101, **more)
    false = home.one.leaf(104, level=102, **more)
    fold = told(home, first, second, true, false)
    assert fold.verdict(true) == ("admitted", "admitted")
    assert fold.verdict(false) == ("refused", "derivation-false")


def test_inspect_names_what_a_pack_claims_or_why_it_claims_nothing():
    home = Home()
    shown = inspect.observation_tree(packed(home, PAYLOAD))["payload"]
    assert [(one["property"], one["type"], one["value"], one["unit"], one["exponent"]) for one in shown] == [
        ("temperature", "integer", 2_508, "Cel", -2),
        ("pressure", "integer", 100_653, "Pa", 0),
    ]
    broken = inspect.observation_tree(packed(home, cbor.encode([{0: "t", 2: 1, 6: 5}])))["payload"]
    assert "no field 6" in broken["claims nothing"] and broken["records"]
