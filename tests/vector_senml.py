"""Golden vectors of SenML payloads: what they claim, and what is refused. SPEC 5.8"""

from vector_inputs import bad, good

from fieldwire import cbor, senml, senml_writer

FIELDS = [["temperature", "Cel", -2], ["pressure", "Pa", 0], ["humidity", "%RH", -2]]


def _tenths(value, exponent=-1):
    return cbor.Tag(4, [exponent, value])


def _known():
    station = {-2: "urn:dev:ow:10e2073a01080063:", -4: "Cel"}
    return [
        (
            "A device writes what it has read.",
            cbor.decode(senml_writer.pack(FIELDS, [2_508, 100_653, 5_417])),
        ),
        ("What was absent has no record.", cbor.decode(senml_writer.pack(FIELDS, [None, 100_653, None]))),
        ("An integer has exponent 0.", [{0: "counter", 2: -5}]),
        ("A decimal fraction keeps its exponent.", [{0: "t", 1: "Cel", 2: _tenths(230)}]),
        ("Text is a category.", [{0: "sky", 3: "clear"}]),
        ("A boolean is a category.", [{0: "door", 4: True}, {0: "lid", 4: False}]),
        ("Data claims nothing.", [{0: "raw", 8: b"\x01"}, {0: "n", 2: 1}]),
        ("Base name and unit hold for the records after them.", [{**station, 0: "a", 2: 1}, {0: "b", 2: 2}]),
        ("A base name alone is a name.", [{-2: "urn:dev:mac:0024befffe804ff1", 2: 1}]),
        ("A record's own unit goes before the base unit.", [{-4: "Cel", 0: "a", 1: "V", 2: 1}]),
        ("A later base takes the place of an earlier.", [{-2: "x-", 0: "a", 2: 1}, {-2: "", 0: "a", 2: 2}]),
        ("A base value is added in the finer scale.", [{-5: 20, 0: "a", 2: _tenths(-5)}]),
        ("A base value may be the finer.", [{-5: _tenths(15, -2), 0: "a", 2: _tenths(3, 1)}]),
        ("A base value is added to no text.", [{-5: 20, 0: "a", 3: "x"}, {0: "b", 2: 1}]),
        ("The version may be stated.", [{-1: 10, 0: "a", 2: 1}]),
        ("Sixteen records are the most.", [{0: "n%d" % n, 2: n} for n in range(16)]),
        ("A number may use 64 bits, its sign among them.", [{0: "a", 2: -(2**63)}, {0: "b", 2: 2**63 - 1}]),
    ]


def _wrong():
    return [
        ("A pack of nothing is refused.", [], "refuses"),
        ("A seventeenth record is refused.", [{0: "n%d" % n, 2: n} for n in range(17)], "refuses"),
        ("A record that stands alone is refused.", {0: "a", 2: 1}, "refuses"),
        ("A record that is a list is refused.", [[0, "a"]], "refuses"),
        ("A record without a name is refused.", [{2: 1}], "accepts"),
        ("A name that begins with a dash is refused.", [{0: "-a", 2: 1}], "accepts"),
        ("A name with a space is refused.", [{0: "a b", 2: 1}], "accepts"),
        ("A name with another script is refused.", [{0: "\u00e9", 2: 1}], "accepts"),
        ("A name of 257 bytes is refused.", [{-2: "a" * 200, 0: "b" * 57, 2: 1}], "accepts"),
        ("A name that is there twice is refused.", [{0: "a", 2: 1}, {0: "a", 2: 1}], "accepts"),
        (
            "A name twice by way of its base is refused.",
            [{0: "ab", 2: 1}, {-2: "a", 0: "b", 2: 1}],
            "accepts",
        ),
        ("A record without a value is refused.", [{0: "a", 1: "Cel"}], "refuses"),
        ("A base value is no value.", [{-5: 3, 0: "a"}], "refuses"),
        ("Two values are refused.", [{0: "a", 2: 1, 3: "x"}], "refuses"),
        ("A time is refused.", [{0: "a", 2: 1, 6: -5}], "refuses"),
        ("A base time is refused.", [{-3: 1_320_067_464, 0: "a", 2: 1}], "refuses"),
        ("An update time is refused.", [{0: "a", 2: 1, 7: 60}], "refuses"),
        ("A sum is refused.", [{0: "a", 2: 1, 5: 9}], "refuses"),
        ("A base sum is refused.", [{-6: 1, 0: "a", 2: 1}], "refuses"),
        ("A field that must be understood is refused.", [{0: "a", 2: 1, "x_": 1}], "refuses"),
        ("Another version is refused.", [{-1: 11, 0: "a", 2: 1}], "refuses"),
        ("Text where a number is due is refused.", [{0: "a", 2: "1"}], "refuses"),
        ("True is no number.", [{0: "a", 2: True}], "refuses"),
        ("A number where text is due is refused.", [{0: "a", 3: 1}], "refuses"),
        ("An integer is no boolean.", [{0: "a", 4: 1}], "refuses"),
        ("Text where data is due is refused.", [{0: "a", 8: "AQ"}], "refuses"),
        ("A number where a unit is due is refused.", [{0: "a", 1: 1, 2: 1}], "refuses"),
        ("An integer of 65 bits is refused.", [{0: "a", 2: 2**63}], "refuses"),
        ("A mantissa of 65 bits is refused.", [{0: "a", 2: _tenths(2**63)}], "refuses"),
        ("An exponent of 0 is refused: it is the integer.", [{0: "a", 2: _tenths(1, 0)}], "refuses"),
        ("An exponent of -19 is refused.", [{0: "a", 2: _tenths(1, -19)}], "refuses"),
        ("A fraction of three parts is refused.", [{0: "a", 2: cbor.Tag(4, [-1, 2, 3])}], "refuses"),
        ("A bigfloat is refused.", [{0: "a", 2: cbor.Tag(5, [-1, 3])}], "refuses"),
        ("A base value that leaves 64 bits is refused.", [{-5: 2**63 - 1, 0: "a", 2: 1}], "accepts"),
        (
            "A sum in a scale too fine is refused.",
            [{-5: _tenths(9, 18), 0: "a", 2: _tenths(1, -18)}],
            "accepts",
        ),
    ]


def senml_rows():
    rows = []
    for name, records in _known():
        data = cbor.encode(records)
        rows.append({**good(name, "senml", data), "claims": [list(one) for one in senml.claims(data)]})
    rows += [bad(name, "senml", cbor.encode(value), "senml-shape", cddl) for name, value, cddl in _wrong()]
    # The numbers of RFC 8428's own example are such floats of 64 bits.
    floating = bytes.fromhex("81a300616101") + cbor.encode("Cel") + bytes.fromhex("02fb4037180000000000")
    rows.append(bad("A float is refused.", "senml", floating, "cbor-type"))
    data = cbor.encode([{0: "a", 2: 1}])
    rows.append(bad("A pack cut short is refused.", "senml", data[:-1], "cbor-truncated"))
    rows.append(bad("A byte after the pack is refused.", "senml", data + b"\0", "cbor-trailing"))
    return rows


FILES = {"senml": senml_rows}
