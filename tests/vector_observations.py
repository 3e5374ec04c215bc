"""Golden vectors of keys, observations, early copies, schemas, payloads and derivations. SPEC 4 and 5"""

import hashlib

import vector_inputs as given
from vector_inputs import bad, good, observation, without

from fieldwire import cbor, cose, keys, lineage, schema
from fieldwire import observation as obs

SCHEMA_2 = cbor.encode(["mean", [["air.temperature", 0, "Cel", -2]]])
SCHEMA_3 = cbor.encode(["coarse", [["air.temperature", 0, "Cel", 0]]])


def key_rows():
    owners = [("a mesh's root", given.ROOT), ("an authority", given.AUTHORITY), ("a device", given.DEVICE)]
    rows = []
    for owner, key in owners:
        named = keys.thumbprint(key.public)
        data = cbor.encode(keys.cose_key(key.public))
        rows.append(
            good(
                "The key of %s has a thumbprint over its required parameters." % owner,
                "cose-key",
                data,
                seed=key.seed,
                public=key.public,
                thumbprint=named,
                device=named[:16],
                kid=named[:8],
            )
        )
    x = given.DEVICE.public
    wrong = [
        ("A key of another curve is refused.", {1: 1, -1: 4, -2: x}),
        ("A key of 31 bytes is refused.", {1: 1, -1: 6, -2: x[:31]}),
        ("A key with a further parameter is refused.", {1: 1, 3: -8, -1: 6, -2: x}),
        ("True does not pass for key type 1.", {1: True, -1: 6, -2: x}),
        ("A key that is no map is refused.", [1, 6, x]),
    ]
    return rows + [bad(name, "cose-key", cbor.encode(value), "key-bad") for name, value in wrong]


def _observed(name, made):
    data = obs.encode(made)
    return good(name, "observation", data, id=obs.observation_id(data))


def _sources():
    first, second = observation(0), observation(1)
    pairs = [(obs.source_of(one, obs.observation_id(obs.encode(one))), one) for one in (first, second)]
    return lineage.sort_sources(pairs)


def derived(function="mean", parameters=None, value=2_150, fields=SCHEMA_2, **changed):
    """An observation derived from the readings 0 and 1, and the sources' bytes in order."""
    pairs = _sources()
    entry = [function, parameters or ["air.temperature"], schema.function_digest(function)]
    made = observation(
        2,
        format=schema.digest(fields),
        payload=cbor.encode([value]),
        sources=[source for source, _ in pairs],
        derivation=entry,
    )
    made.update({getattr(obs, key.upper()): value for key, value in changed.items()})
    return made, [obs.encode(one) for _, one in pairs]


def observation_rows():
    rows = [_observed(name, made) for name, made in _well_formed()]
    for name, value in _malformed():
        rows.append(bad(name, "observation", cbor.encode(value), "observation-shape"))
    for name, value in _beyond_the_grammar():
        rows.append(bad(name, "observation", cbor.encode(value), "observation-shape", "accepts"))
    data = obs.encode(observation())
    rows.append(bad("A byte after the observation is refused.", "observation", data + b"\0", "cbor-trailing"))
    return rows


def _well_formed():
    return [
        ("A reading with its local time alone is accepted.", observation()),
        (
            "A UTC reading may stand beside the local one.",
            observation(tref=[3, 60_000, obs.utc(1_767_225_600_250, 1_500)]),
        ),
        ("A content format may be a CoAP number.", observation(format=112, payload=b"\x80")),
        ("A derived observation names its sources and its function.", derived()[0]),
        (
            "A subject may have eight segments and 128 bytes.",
            observation(subject="/".join(["abcdefghijklmno"] * 7 + ["p" * 16])),
        ),
        (
            "A sequence number and the times may use 42 bits.",
            observation(2**42 - 1, tref=[2**42 - 1, 2**42 - 1, obs.utc(2**42 - 1, 2**42 - 1)]),
        ),
    ]


def _malformed():
    made = observation()
    return [
        ("An observation without a salt is refused.", without(made, obs.SALT)),
        ("An observation without a device is refused.", without(made, obs.DEVICE)),
        ("A thirteenth key without its like is refused.", {**made, 13: 0}),
        ("Sources without a derivation are refused.", without(derived()[0], obs.DERIVATION)),
        ("A derivation without sources is refused.", {**derived()[0], obs.SOURCES: []}),
        ("A device id of 15 bytes is refused.", observation(device=bytes(15))),
        ("Stream 4 is refused.", {**made, obs.STREAM: 4}),
        ("A negative sequence number is refused.", {**made, obs.SEQ: -1}),
        ("A sequence number of 43 bits is refused.", {**made, obs.SEQ: 2**42}),
        ("A boot number of 43 bits is refused.", observation(tref=[2**42, 60_000])),
        ("Local milliseconds of 43 bits are refused.", observation(tref=[3, 2**42])),
        ("True is no sequence number.", {**made, obs.SEQ: True}),
        ("A time reference without a boot is refused.", observation(tref=[60_000])),
        ("A UTC reading without its tag is refused.", observation(tref=[3, 1, {1: 2, -2: 0, -3: 0}])),
        (
            "An uncertainty in bare milliseconds is refused.",
            observation(tref=[3, 1, cbor.Tag(1001, {1: 2, -2: 0, -3: 0, -7: 1_500})]),
        ),
        ("A thousand milliseconds are a second.", observation(tref=[3, 1, _utc(ms=1_000)])),
        ("A content format of 17 bits is refused.", observation(format=65_536)),
        ("A content format of 15 bytes is refused.", observation(format=bytes(15))),
        ("A subject with an upper-case letter is refused.", observation(subject="North/ridge")),
        ("An empty subject is refused.", observation(subject="")),
        ("A subject of nine segments is refused.", observation(subject="/".join("abcdefghi"))),
        ("A subject that ends in a slash is refused.", observation(subject="north/")),
        ("A segment of 33 characters is refused.", observation(subject="a" * 33)),
        ("A wildcard is no subject.", observation(subject="north/*")),
        ("A payload of text is refused.", observation(payload="21.5")),
        ("A payload of 513 bytes is refused.", observation(payload=bytes(513))),
        ("Nine sources are refused.", {**derived()[0], obs.SOURCES: [_source(n) for n in range(9)]}),
        ("A parameter that is a byte string is refused.", derived(parameters=[b"x"])[0]),
        ("An observation that is no map is refused.", list(made.values())),
    ]


def _beyond_the_grammar():
    two = derived()[0][obs.SOURCES]
    long = {**derived()[0], obs.SOURCES: [_source(n) for n in range(8)], obs.PAYLOAD: bytes(500)}
    return [
        ("Sources out of order are refused.", {**derived()[0], obs.SOURCES: [two[1], two[0]]}),
        ("A source named twice is refused.", {**derived()[0], obs.SOURCES: [two[0], two[0]]}),
        (
            "A subject of 129 bytes is refused.",
            observation(subject="/".join(["abcdefghijklmno"] * 7 + ["p" * 17])),
        ),
        ("UTC milliseconds of 43 bits are refused.", observation(tref=[3, 1, obs.utc(2**42, 5)])),
        ("An observation of more than 1,024 bytes is refused.", long),
    ]


def _utc(ms):
    return cbor.Tag(1001, {1: 2, -2: 0, -3: ms, -7: {1: 0, -3: 5}})


def _source(seq):
    return [given.DEVICE_ID, given.INCARNATION, 1, seq, hashlib.sha256(bytes((seq,))).digest()]


def early_rows():
    device = given.DEVICE
    data = obs.encode(observation(0, obs.URGENT))
    copy = obs.early_copy(data, device)
    name = "A device signs one observation alone."
    rows = [good(name, "early", copy, id=obs.observation_id(data), payload=data)]
    for name, changed in _forged(device, data):
        rows.append(bad(name, "early", changed, "signature-bad", "accepts"))
    rows += [bad(name, "early", changed, error) for name, changed, error in _misshapen(device, data, copy)]
    return [{**row, "public": device.public.hex()} for row in rows]


def _with_header(header, data, device):
    protected = cbor.encode(header)
    return cose.assemble(protected, data, device.sign(cose.to_be_signed(protected, data)))


def _parts(device, data):
    protected = cose.protected_bytes(cose.EARLY, device.public)
    return protected, device.sign(cose.to_be_signed(protected, data))


def _forged(device, data):
    protected, signature = _parts(device, data)
    flipped = bytes((signature[0] ^ 1,)) + signature[1:]
    again = obs.encode(observation(1, obs.URGENT))
    stolen = {1: -8, 4: keys.kid(given.OTHER.public), 16: cose.EARLY}
    return [
        ("A changed signature is refused.", cose.assemble(protected, data, flipped)),
        ("A signature does not move to another observation.", cose.assemble(protected, again, signature)),
        ("Another device's signature is refused.", obs.early_copy(data, given.OTHER)),
        ("A kid that names another key is refused.", _with_header(stolen, data, device)),
    ]


def _misshapen(device, data, copy):
    protected, signature = _parts(device, data)
    kid = keys.kid(device.public)
    labelled = cose.assemble(protected, data, signature, {4: b"1"})
    newer = _with_header({1: -19, 4: kid, 16: cose.EARLY}, data, device)
    typeless = _with_header({1: -8, 4: kid}, data, device)
    unsalted = cose.sign(cose.EARLY, cbor.encode(without(observation(), obs.SALT)), device)
    return [
        ("A signature of no bytes is refused.", cose.assemble(protected, data, b""), "cose-shape"),
        (
            "A header label without a place is refused.",
            cose.sign(cose.EARLY, data, device, {3: 0}),
            "cose-shape",
        ),
        ("An unprotected header is refused.", labelled, "cose-shape"),
        ("A nil payload is refused.", cose.assemble(protected, None, signature), "cose-shape"),
        ("A COSE_Sign1 without its tag is refused.", copy[1:], "cose-shape"),
        ("A COSE_Mac0 tag is refused.", b"\xd1" + copy[1:], "cose-shape"),
        ("Any alg but EdDSA is refused.", newer, "cose-alg"),
        ("A missing type is refused.", typeless, "cose-typ"),
        ("A signed object of another type is refused.", cose.sign(cose.BOOT, data, device), "cose-typ"),
        ("A malformed observation is refused though it is signed.", unsalted, "observation-shape"),
        ("An early copy cut short is refused.", copy[:-1], "cbor-truncated"),
    ]


def schema_rows():
    rows = [
        good("A schema names each property with its type, unit and exponent.", "schema", given.SCHEMA),
        good("A schema may have sixteen properties.", "schema", _wide(16)),
        good("A name may have 256 bytes.", "schema", cbor.encode(["\u00e9" * 128, [["a", 0, "", 0]]])),
    ]
    for row in rows:
        row["digest"] = schema.digest(bytes.fromhex(row["hex"])).hex()
    wrong = [
        ("A schema without properties is refused.", ["x", []], "refuses"),
        ("Seventeen properties are refused.", cbor.decode(_wide(17)), "refuses"),
        ("Type 4 is refused.", ["x", [["a", 4, "", 0]]], "refuses"),
        ("An exponent of 19 is refused.", ["x", [["a", 0, "", 19]]], "refuses"),
        ("A property without a name is refused.", ["x", [["", 0, "", 0]]], "refuses"),
        ("A unit that is a number is refused.", ["x", [["a", 0, 1, 0]]], "refuses"),
        (
            "A name of 130 characters and 260 bytes is refused.",
            ["\u00e9" * 130, [["a", 0, "", 0]]],
            "refuses",
        ),
        ("A unit of 257 bytes is refused.", ["x", [["a", 0, "u" * 257, 0]]], "refuses"),
        ("A schema without a name is refused.", [[["a", 0, "", 0]]], "refuses"),
        ("A property named twice is refused.", ["x", [["a", 0, "", 0], ["a", 1, "", 0]]], "accepts"),
    ]
    return rows + [
        bad(name, "schema", cbor.encode(value), "schema-shape", cddl) for name, value, cddl in wrong
    ]


def _wide(count):
    return cbor.encode(["wide", [["p%d" % n, n % 4, "", 0] for n in range(count)]])


def payload_rows():
    full = [2_150, "clear", [471_234_567, 85_123_456, 2_000], b"\x01"]
    rows = [
        good("A payload has one value a property.", "payload", cbor.encode(full)),
        good(
            "An integer may use 64 bits, its sign among them.", "payload", cbor.encode([-(2**63), *full[1:]])
        ),
        good("Nil stands for an absent value.", "payload", cbor.encode([None] * 4)),
        good(
            "A position may lie on the pole.",
            "payload",
            cbor.encode([None, None, [-(9 * 10**8), 0, 0], None]),
        ),
    ]
    wrong = [
        ("A value too few is refused.", full[:3], "accepts"),
        ("Text where an integer is due is refused.", ["21.5", None, None, None], "accepts"),
        ("An integer where a category is due is refused.", [None, 7, None, None], "accepts"),
        ("A latitude beyond the pole is refused.", [None, None, [9 * 10**8 + 1, 0, 0], None], "refuses"),
        ("A negative radius is refused.", [None, None, [0, 0, -1], None], "refuses"),
        ("An integer of 65 bits is refused.", [2**63, None, None, None], "refuses"),
        ("A radius of 65 bits is refused.", [None, None, [0, 0, 2**63], None], "refuses"),
        ("True is no integer.", [True, None, None, None], "refuses"),
    ]
    rows += [bad(name, "payload", cbor.encode(value), "payload-schema", cddl) for name, value, cddl in wrong]
    return [{**row, "schema": given.SCHEMA.hex()} for row in rows]


def derivation_rows():
    held = [given.SCHEMA, SCHEMA_2, SCHEMA_3]
    true = [
        ("The mean of two readings is rounded half to even.", "mean", None, 2_150, SCHEMA_2),
        ("The least of two readings follows from them.", "min", None, 2_150, SCHEMA_2),
        ("The greatest of two readings follows from them.", "max", None, 2_151, SCHEMA_2),
        ("A count has no unit and is not scaled.", "count", None, 2, SCHEMA_3),
        ("A function that is not built in is carried without a check.", "model-7", None, 5, SCHEMA_2),
    ]
    rows = []
    for name, function, parameters, value, fields in true:
        rows.append(_derivation(good, name, derived(function, parameters, value, fields), held))
    for minuend in (0, 1):
        made, sources = derived("difference", ["air.temperature", minuend], 0)
        values = [cbor.decode(obs.decode(source)[obs.PAYLOAD])[0] for source in sources]
        made[obs.PAYLOAD] = cbor.encode([values[minuend] - values[1 - minuend]])
        name = "A difference names source %d as its minuend." % minuend
        rows.append(_derivation(good, name, (made, sources), held))
    other = ["mean", ["air.temperature"], schema.function_digest("max")]
    swapped = derived()[0], list(reversed(derived()[1]))
    false = [
        ("A mean that does not follow is refused.", derived(value=2_151), held),
        ("A mean in another unit is refused.", derived(fields=SCHEMA_3), held),
        ("A built-in name with another function's digest is refused.", derived(derivation=other), held),
        ("A mean over a property that no source states is refused.", derived(parameters=["humidity"]), held),
        ("A mean of two parameters is refused.", derived(parameters=["air.temperature", 0]), held),
        ("A difference without a minuend is refused.", derived("difference"), held),
        ("A third source is no minuend.", derived("difference", ["air.temperature", 2]), held),
        ("Sources that are not the named ones are refused.", swapped, held),
    ]
    rows += [_derivation(bad, name, pair, known, "derivation-false") for name, pair, known in false]
    name = "A source whose schema is not held cannot be recomputed."
    rows.append(_derivation(bad, name, derived(), [SCHEMA_2], "schema-unknown"))
    name = "A derived observation whose schema is not held cannot be recomputed."
    rows.append(_derivation(bad, name, derived(), [given.SCHEMA], "schema-unknown"))
    return rows


def _derivation(row, name, pair, schemas, *error):
    made, sources = pair
    more = {"cddl": "accepts"} if error else {}
    return row(name, "derivation", obs.encode(made), *error, sources=sources, schemas=schemas, **more)


def function_rows():
    known = [
        ("Half of an odd sum goes to the even neighbour below.", "mean", [2_150, 2_151], 2_150),
        ("Half of an odd sum goes to the even neighbour above.", "mean", [2_151, 2_152], 2_152),
        ("Half of a negative odd sum goes to the even neighbour.", "mean", [-3, -2], -2),
        ("A third below zero is rounded to the nearest.", "mean", [-1, -1, 0], -1),
        ("A difference keeps its sign.", "difference", [5, 9], -4),
        ("A count counts.", "count", [7, 7, 7], 3),
    ]
    rows = [
        good(name, "function", cbor.encode([of, values]), value=value) for name, of, values, value in known
    ]
    wrong = [
        ("A function that is not built in is not computed.", ["median", [1, 2]], "derivation-unknown"),
        ("A difference of three values is refused.", ["difference", [1, 2, 3]], "derivation-false"),
        ("A difference that leaves 64 bits is refused.", ["difference", [2**63 - 1, -1]], "derivation-false"),
        ("A mean of nothing is refused.", ["mean", []], "derivation-false"),
    ]
    return rows + [bad(name, "function", cbor.encode(call), error, "accepts") for name, call, error in wrong]


FILES = {
    "key": key_rows,
    "observation": observation_rows,
    "early": early_rows,
    "schema": schema_rows,
    "payload": payload_rows,
    "derivation": derivation_rows,
    "function": function_rows,
}
