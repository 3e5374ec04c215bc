"""What each wire code means and what to do about it: the third column beside `errors.NUMBER`.

For people and for the specification; a board carries only the numbers. It decides nothing.
"""

from fieldwire.errors import NUMBER

MEANING = {
    "cbor-truncated": (
        "The bytes end before the item they announce is complete.",
        "Fetch the object again; if it repeats, the sender cuts or miscounts it.",
    ),
    "cbor-trailing": (
        "Bytes follow the one item that was expected.",
        "Send exactly one item; take sequences apart before decoding.",
    ),
    "cbor-not-shortest": (
        "An integer or a length is written in more bytes than it needs.",
        "Use an encoder with shortest heads (RFC 8949 4.2.1).",
    ),
    "cbor-indefinite": (
        "An item of indefinite length, or the break that ends one, was found.",
        "Write definite lengths only.",
    ),
    "cbor-key-order": (
        "The keys of a map are not in bytewise order of their encodings.",
        "Sort keys bytewise, not length first (RFC 8949 4.2.1).",
    ),
    "cbor-duplicate-key": (
        "A map holds the same key twice.",
        "Write each key once.",
    ),
    "cbor-type": (
        "A float, bignum, undefined, unknown simple value or a map key other than an integer, bytes or text was found.",
        "Use integers, byte strings, text, arrays, maps, true, false, null and tags other than 2 and 3.",
    ),
    "cbor-depth": (
        "Arrays, maps and tags are nested deeper than allowed.",
        "Flatten the object; the bound is DEPTH_MAX.",
    ),
    "cbor-utf8": (
        "A text string is not valid UTF-8 (overlong form, surrogate, above 10FFFF or cut character).",
        "Encode text as UTF-8 as RFC 3629 defines it.",
    ),
    "cbor-size": (
        "The object is longer than the decoder accepts.",
        "Split the object; the bound is CBOR_MAX unless its type has a lower one.",
    ),
    "frame-crc": (
        "The frame's CRC-32 does not match its bytes.",
        "Nothing to do for one frame: the link sends it again; if many fail, check wiring and baud rate.",
    ),
    "frame-cobs": (
        "The bytes between two zeros are not a COBS encoding, or not the one encoding of their content.",
        "Nothing to do for one frame; if many fail, the peer does not speak this framing.",
    ),
    "frame-size": (
        "A frame is empty or longer than allowed.",
        "Send frames of 1 to FRAME_MAX bytes.",
    ),
    "key-bad": (
        "A public key is not the canonical encoding of a point of large order.",
        "Refuse the key; make a new pair with a sound generator.",
    ),
    "signature-bad": (
        "A signature does not verify under the strict profile.",
        "Refuse the object; ask its origin for it again.",
    ),
}


def rows():
    """All codes as (name, number, meaning, remedy), by number."""
    names = sorted(NUMBER, key=lambda name: NUMBER[name])
    return [(name, NUMBER[name], MEANING[name][0], MEANING[name][1]) for name in names]
