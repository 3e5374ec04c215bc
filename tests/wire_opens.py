"""Opens a golden row as its receiver would, by the row's kind. Runs on both runtimes.

Returns what the receiver learns, as a dict whose values can be compared with the row's; refuses by WireError.
"""

from vectors_io import hexed, load_json, raises, unhex

from fieldwire import cbor, cose, keys, lineage, merkle, pack, rotation, schema, seal, senml, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import verify


def _key(row, data):
    public = keys.public_of(cbor.decode(data))
    named = keys.thumbprint(public)
    return {"public": public, "thumbprint": named, "device": keys.device_id(public), "kid": keys.kid(public)}


def _observation(row, data):
    made = obs.decode(data)
    assert obs.encode(made) == data, "encoding what was decoded gives other bytes"
    return {"id": obs.observation_id(data)}


def _early(row, data):
    made, payload = obs.open_early_copy(data, unhex(row["public"]), verify)
    assert obs.encode(made) == payload
    return {"id": obs.observation_id(payload), "payload": payload}


def _schema(row, data):
    name, fields = schema.decode(data)
    assert schema.encode(name, fields) == data
    return {"digest": schema.digest(data)}


def _payload(row, data):
    fields = schema.decode(unhex(row["schema"]))[1]
    assert schema.pack(fields, schema.unpack(fields, data)) == data
    return {}


def _senml(row, data):
    return {"claims": [list(claim) for claim in senml.claims(data)]}


def _derivation(row, data):
    held = {}
    for text in row["schemas"]:
        held[schema.digest(unhex(text))] = schema.decode(unhex(text))[1]
    sources = [obs.decode(unhex(text)) for text in row["sources"]]
    lineage.check_derivation(obs.decode(data), sources, held.get)
    return {}


def _function(row, data):
    return {"value": schema.compute(*cbor.decode(data))}


def _seal(row, data):
    message, _ = seal.decode(data)
    assert not message.unprotected
    return {"seal_hash": seal.seal_hash(message.protected_bytes, unhex(row["root"]))}


def _segment(row, data):
    _, found, opened, root = seal.open_segment(data, unhex(row["public"]), unhex(row["device"]), verify)
    assert merkle.root([obs.observation_id(leaf) for _, leaf in opened]) == root
    return {"seal_hash": found, "root": root}


def _packed(row, data):
    incarnation = unhex(row["incarnation"])
    unpacker = pack.Unpacker(unhex(row["device"]), row["salt_key"] and unhex(row["salt_key"]))
    for number, before in row["before"]:
        unpacker.unpack(unhex(before), (incarnation, 1, number))
    return {"segment": unpacker.unpack(data, (incarnation, 1, row["number"]))}


def _receipt(row, data):
    leaf, public, device = unhex(row["leaf"]), unhex(row["public"]), unhex(row["device"])
    return {"seal_hash": seal.open_receipt(data, leaf, public, device, verify)[1]}


def _item(row, data):
    _, sealed, leaf, index, path = cbor.decode(data)
    public, device = unhex(row["public"]), unhex(row["device"])
    return {"seal_hash": seal.open_item(sealed, leaf, index, path, public, device, verify)[1]}


def _token(typ):
    def open_token(row, data):
        token = tokens.verified(data, unhex(row["public"]), verify, typ)
        assert token.typ == typ and token.data == data
        return {"id": token.id}

    return open_token


def _rotation(row, data):
    before, after = [tokens.decode(unhex(row[name])) for name in ("before", "after")]
    token = tokens.decode(data, cose.ROTATION)
    if "root" in row:
        statement = rotation.verified_by_root(token, unhex(row["root"]), before, after, verify)
    else:
        statement = rotation.verified(token, tokens.decode(unhex(row["issuer"])), before, after, verify)
    old, new = rotation.devices(statement)
    return {"id": token.id, "old": old, "new": new}


OPENS = {
    "cose-key": _key,
    "observation": _observation,
    "early": _early,
    "schema": _schema,
    "payload": _payload,
    "senml": _senml,
    "derivation": _derivation,
    "function": _function,
    "seal": _seal,
    "segment": _segment,
    "packed": _packed,
    "receipt": _receipt,
    "item": _item,
    "credential": _token(cose.CREDENTIAL),
    "endorsement": _token(cose.ENDORSEMENT),
    "boot": _token(cose.BOOT),
    "equivalence": _token(cose.EQUIVALENCE),
    "revocation": _token(cose.REVOCATION),
    "rotation": _rotation,
    "schema-token": _token(cose.SCHEMA),
}


def learned(row):
    """What opening the row's bytes tells; WireError where they are refused."""
    return OPENS[row["kind"]](row, unhex(row["hex"]))


def check(name):
    """Every row of tests/vectors/NAME.json is accepted with its values or refused with its code."""
    rows = load_json(name)
    for row in rows:
        if row["error"] is not None:
            raises(row["error"], learned, row)
            continue
        for key, value in learned(row).items():
            found = hexed(value) if isinstance(value, bytes) else value
            assert found == row[key], "%s: %s is %s" % (row["name"], key, found)
    assert rows, "there are no vectors"
