"""Which verified observations feed which rule, and what the derivation then says."""

from agent_world import DIGEST, FIELDS
from vectors_io import raises

from fieldagent.config import Rule
from fieldagent.derive import Deriver
from fieldwire import cbor, lineage, schema
from fieldwire import observation as obs


def rule(function="mean", parameters=None, pattern="field", authority=None, count=3, fields=FIELDS):
    parameters = parameters or ["temperature"]
    return Rule(function, parameters, pattern, authority, count, "field/derived", DIGEST, fields, 1, False)


def fields_of(digest):
    return FIELDS if digest == DIGEST else None


def source(seq, value, subject="field/air", digest=DIGEST):
    observation = {
        obs.DEVICE: b"\x0d" * 16,
        obs.INCARNATION: b"\x01" * 8,
        obs.STREAM: 1,
        obs.SEQ: seq,
        obs.TREF: [1, seq],
        obs.FORMAT: digest,
        obs.SUBJECT: subject,
        obs.PAYLOAD: cbor.encode([value]),
    }
    return observation, bytes([seq]) * 32


def offer_all(deriver, offers, authority="region/field"):
    ready = []
    for observation, identity in offers:
        ready.extend(deriver.offer(observation, identity, authority))
    return ready


def test_a_rule_with_enough_inputs_derives_with_its_sources_in_order():
    offers = [source(3, 10), source(1, 20), source(2, 40)]
    (ready,) = offer_all(Deriver([rule()], fields_of), offers)
    assert schema.unpack(FIELDS, ready.payload) == [23]
    sources, derivation = ready.lineage
    assert [entry[3] for entry in sources] == [1, 2, 3]
    assert derivation == ["mean", ["temperature"], schema.function_digest("mean")]
    whole = {obs.FORMAT: DIGEST, obs.PAYLOAD: ready.payload, obs.SOURCES: sources, obs.DERIVATION: derivation}
    lineage.check_derivation(whole, [offers[1][0], offers[2][0], offers[0][0]], fields_of)


def test_an_input_counts_once_and_each_set_of_inputs_is_used_once():
    deriver = Deriver([rule(count=2)], fields_of)
    assert offer_all(deriver, [source(1, 10), source(1, 10)]) == []
    assert len(offer_all(deriver, [source(2, 20)])) == 1
    assert offer_all(deriver, [source(3, 30)]) == []
    assert len(offer_all(deriver, [source(4, 30)])) == 1


def test_a_rule_takes_only_its_subjects_and_authorities():
    deriver = Deriver([rule(count=1, pattern="field/air", authority="region/abroad")], fields_of)
    assert offer_all(deriver, [source(1, 10)], "region/field") == []
    assert offer_all(deriver, [source(2, 10, "field/airs")], "region/abroad") == []
    assert len(offer_all(deriver, [source(3, 10, "field/air/low")], "region/abroad/north")) == 1


def test_each_built_in_function_derives_its_value():
    for function, expected in (("min", -5), ("max", 40), ("count", 3), ("mean", 18)):
        offers = [source(1, 40), source(2, -5), source(3, 20)]
        (ready,) = offer_all(Deriver([rule(function)], fields_of), offers)
        assert schema.unpack(FIELDS, ready.payload) == [expected], function
    for minuend, expected in ((0, 30), (1, -30)):
        difference = rule("difference", ["temperature", minuend], count=2)
        (ready,) = offer_all(Deriver([difference], fields_of), [source(2, 10), source(1, 40)])
        assert schema.unpack(FIELDS, ready.payload) == [expected]


def test_a_derived_value_goes_to_the_field_of_its_property():
    fields = [["humidity", 0, "%", 0], ["temperature", 0, "Cel", -1]]
    (ready,) = offer_all(Deriver([rule(count=1, fields=fields)], fields_of), [source(1, 10)])
    assert schema.unpack(fields, ready.payload) == [None, 10]


def test_a_source_without_the_property_is_refused_and_the_rule_begins_anew():
    deriver = Deriver([rule(count=1)], fields_of)
    observation, identity = source(1, 10, digest=b"\x00" * 16)
    raises("schema-unknown", deriver.offer, observation, identity, None)
    observation, identity = source(2, None)
    raises("derivation-false", deriver.offer, observation, identity, None)
    assert len(offer_all(deriver, [source(3, 10)])) == 1
