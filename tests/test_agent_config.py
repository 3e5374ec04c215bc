"""The board's configuration: what is accepted, and that an error names file, key and what was expected."""

import json

from agent_world import DIGEST, FIELDS, SCHEMA, hexed
from fake_flash import FakeFlash
from vectors_io import fails

from fieldagent.config import ConfigError, load, load_schemas, parse
from fieldagent.journal_files import Files

SCHEMAS = {DIGEST: FIELDS}
READING = {"sensor": "t", "subject": "field/air", "schema": hexed(DIGEST), "period_ms": 100}
RULE = {
    "function": "mean",
    "property": "temperature",
    "inputs": {"subject": "field", "count": 3},
    "subject": "field/mean",
    "schema": hexed(DIGEST),
}


def changed(base, **values):
    result = dict(base)
    result.update(values)
    return {key: value for key, value in result.items() if value is not None}


def test_what_is_left_out_has_its_stated_default():
    config = parse(json.dumps({"observe": [READING]}), SCHEMAS)
    assert (config.seal_count, config.neighbours, config.utc) == (32, False, False)
    (reading,) = config.observe
    assert (reading.stream, reading.early, reading.fields) == (1, False, FIELDS)


def test_stream_0_is_early_by_its_nature():
    config = parse(json.dumps({"observe": [changed(READING, stream=0)]}), SCHEMAS)
    assert config.observe[0].early


def test_a_rule_takes_its_property_as_parameter_unless_it_names_others():
    config = parse(json.dumps({"derive": [RULE, changed(RULE, parameters=["temperature", 1])]}), SCHEMAS)
    assert [rule.parameters for rule in config.derive] == [["temperature"], ["temperature", 1]]
    assert config.derive[0].authority is None and config.derive[0].count == 3


def test_an_error_names_the_file_the_key_and_what_was_expected():
    wrong = (
        (
            {"observe": [changed(READING, period_ms=5)]},
            "observe[0].period_ms: expected an integer from 10 to",
        ),
        ({"observe": [changed(READING, period_ms="5")]}, "observe[0].period_ms: expected an integer"),
        ({"observe": [changed(READING, period_ms=True)]}, "observe[0].period_ms: expected an integer"),
        ({"observe": [changed(READING, subject="Field")]}, "observe[0].subject: expected 1 to 8 segments"),
        (
            {"observe": [changed(READING, schema="00" * 16)]},
            "observe[0].schema: expected a digest whose schema",
        ),
        (
            {"observe": [changed(READING, schema="zz")]},
            "observe[0].schema: expected a schema digest of 32 hex",
        ),
        ({"observe": [changed(READING, stream=4)]}, "observe[0].stream: expected an integer from 0 to 3"),
        ({"observe": [changed(READING, sensor=None)]}, "observe[0].sensor: expected the key to be there"),
        ({"observe": [changed(READING, often=1)]}, "observe[0].often: expected no such key"),
        ({"observe": {}}, "observe: expected a list"),
        ({"observe": [1]}, "observe[0]: expected an object"),
        ({"seal": {"count": 65}}, "seal.count: expected an integer from 1 to 64, found 65"),
        ({"seal": {"size": 1}}, "seal.size: expected no such key"),
        ({"derive": [changed(RULE, function="median")]}, "derive[0].function: expected one of mean"),
        ({"derive": [changed(RULE, inputs={"count": 2})]}, "derive[0].inputs.subject: expected the key"),
        ({"neighbours": 1}, "neighbours: expected true or false, found 1"),
        ({"hand_over": True}, "neighbours: expected true, since carrying goes over the local link"),
        ({"carry": {"bytes": 1}}, "carry.bytes: expected an integer from 65536 to 1073741824, found 1"),
        ({"carry": {"byte": 1}}, "carry.byte: expected no such key"),
        ([], "the whole file: expected an object"),
    )
    for value, said in wrong:
        error = fails(ConfigError, parse, json.dumps(value), SCHEMAS)
        assert str(error).startswith("/config.json: " + said), str(error)
    assert "expected JSON" in str(fails(ConfigError, parse, "{", SCHEMAS))


def test_a_missing_file_and_a_schema_under_a_wrong_name_are_named():
    files = Files("", FakeFlash())
    assert "/config.json" in str(fails(ConfigError, load, files))
    files.replace("schemas/" + "0" * 32 + ".cbor", [SCHEMA])
    assert hexed(DIGEST) in str(fails(ConfigError, load_schemas, files))


def test_schemas_are_found_by_the_digest_of_their_bytes():
    files = Files("", FakeFlash())
    files.replace("schemas/" + hexed(DIGEST) + ".cbor", [SCHEMA])
    assert load_schemas(files) == SCHEMAS
