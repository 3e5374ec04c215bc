"""What each wire code means and what to do about it: the third column beside `error_numbers.NUMBER`.

For people and for the specification; a board carries only the numbers. It decides nothing.
"""

from fieldwire.error_numbers import NUMBER

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
        "A float, a bignum, an unknown simple value, or a map key but integer, bytes or text was found.",
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
    "cose-shape": (
        "The bytes are not a COSE_Sign1 of this profile: parts, labels, kid or payload are wrong.",
        "Build it as section 4.3 says: tag 18, four parts, only the labels that its type has.",
    ),
    "cose-alg": (
        "The protected alg is not -8 (EdDSA).",
        "Sign with Ed25519 and state alg -8.",
    ),
    "cose-typ": (
        "The protected typ is missing or is not the type expected here.",
        "Hand the object to the place that its type belongs to; never relabel it.",
    ),
    "observation-shape": (
        "An observation breaks a rule of section 5.",
        "Compare with section 5.1; the detail names the key.",
    ),
    "schema-shape": (
        "A schema breaks the rules of section 5.4.",
        "List [property, type, unit, exponent] for 1 to SCHEMA_FIELDS_MAX properties, each once.",
    ),
    "payload-schema": (
        "A payload does not fit the schema that its content format names.",
        "Write one value a field, in order, of the field's type, nil for absent.",
    ),
    "schema-unknown": (
        "The schema that a content format names is not held.",
        "Fetch the signed schema; tokens go before the data that names them.",
    ),
    "derivation-false": (
        "The derived value does not follow from the sources it names.",
        "Refuse it; let the device derive anew from the sources it holds.",
    ),
    "derivation-unknown": (
        "The function is not one of the built-in ones.",
        "Use a built-in function, or judge it by its code digest.",
    ),
    "seal-shape": (
        "A seal, a segment or a receipt breaks the rules of section 6.",
        "Compare with section 6.2; the detail names the field.",
    ),
    "seal-leaf": (
        "A leaf disagrees with its seal, or its path does not fit the seal's size.",
        "Refuse the leaf; ask its origin for the whole segment.",
    ),
    "token-shape": (
        "A token's claims break the rules of section 7.",
        "Compare with the token's type in section 7; the detail names the claim.",
    ),
    "frame-shape": (
        "The body of a frame is not what section 8 gives for its type.",
        "Compare with the table of frames; the frame is dropped and counted.",
    ),
    "frame-tag": (
        "A frame's session tag does not verify.",
        "Check that both sides hold the key of this device and this bridge.",
    ),
    "frame-stale": (
        "A frame belongs to an earlier session or answers nothing that was asked.",
        "Nothing to do: it is dropped and counted; the peer asks again.",
    ),
    "frame-state": (
        "A frame came in a session state that does not take it.",
        "Compare with the table of states; the frame is dropped and counted.",
    ),
    "frame-unknown": (
        "The type of a frame is not known and may be skipped.",
        "Nothing to do; a later version sent it.",
    ),
    "frame-critical": (
        "The type of a frame is not known and must not be skipped.",
        "The session ends; bring both sides to one version.",
    ),
    "frame-limit": (
        "More is asked of this side at once than it takes.",
        "Ask less often.",
    ),
    "custody-mac": (
        "Custody or a rejection is not for the bytes in this log, or not by a bridge that holds the key.",
        "Nothing is freed; let the bridge verify what it stored and answer anew.",
    ),
    "item-shape": (
        "A crossing item is neither [0, early copy] nor [1, seal, leaf, index, path].",
        "Compare with section 10.3.",
    ),
    "event-shape": (
        "An event of the recorder does not have its six parts.",
        "Compare with section 15.1; what was recorded is never edited.",
    ),
    "offer-shape": (
        "An offer of what would be admitted is not sorted and complete.",
        "Let the peer compute its offer again.",
    ),
    "agreement-shape": (
        "An agreement breaks the rules of section 11 or is not in its one encoding.",
        "Write it as TOML and let the tool encode it.",
    ),
    "token-chain": (
        "A token claims more than its issuer holds, or its chain does not reach the mesh's root.",
        "Issue it anew within its issuer's authority, scope, rights, validity and depth.",
    ),
    "token-unknown": (
        "The credential that an observation names is not held.",
        "Deliver its credential, and those of its issuers first.",
    ),
    "token-right": (
        "The credential lacks the right that is needed.",
        "Issue a credential with that right.",
    ),
    "token-scope": (
        "Subject or format lies outside the scope of a credential or an equivalence.",
        "Issue one whose scope covers it.",
    ),
    "device-mismatch": (
        "The credential that an observation names speaks for another device.",
        "Refuse it; the observation was relabelled or made with the wrong credential.",
    ),
    "equivalence-unfit": (
        "An equivalence is not between the two authorities in question, or is negative.",
        "Deliver the equivalence of the local authority with the foreign one.",
    ),
    "object-unknown": (
        "An object handed down to a device is of no kind that it takes.",
        "Hand down credentials, and foreign observations with what proves them.",
    ),
    "pack-shape": (
        "The bytes are no packed segment, or name an author or a topic that this transfer has not told.",
        "Ask for the segment as it is; both ends must pack and unpack the same items in the same order.",
    ),
    "pack-unknown": (
        "A packed segment goes on from one that is not held here, or leaves out salts that cannot be made here.",
        "Ask for the segment as it is; hand the device's salt key to the bridge beside its link key.",
    ),
    "senml-shape": (
        "A SenML payload breaks a rule of section 5.8.",
        "Write integers and decimal fractions, each name once, and leave times and sums to the observation.",
    ),
    "plan-shape": (
        "A merge plan or a vote over one breaks the rules of section 13.5.",
        "Write the plan with the tool; subjects are sorted, and lie in the plan's scope.",
    ),
}


def rows():
    """All codes as (name, number, meaning, remedy), by number."""
    names = sorted(NUMBER, key=lambda name: NUMBER[name])
    return [(name, NUMBER[name], MEANING[name][0], MEANING[name][1]) for name in names]
