"""Errors of the wire and of storage, and the stable number of each wire code.

A `WireError` says that a peer's bytes are wrong, a `StorageError` that our flash or disk is; our own
mistakes are plain `ValueError` or `TypeError`. This module does not decide what follows from an error.
The sentence for each code stands in `error_table`, which a board need not load.
"""


class WireError(Exception):
    """Bytes from outside break the wire format. `code` is a key of NUMBER, `detail` names thing and cause."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self):
        return self.code + ": " + self.detail if self.detail else self.code


class StorageError(Exception):
    """Our own flash or disk did not keep or give back what it should."""


# A number is never given to another code, so that old logs and old peers keep their meaning.
NUMBER = {
    "cbor-truncated": 1,
    "cbor-trailing": 2,
    "cbor-not-shortest": 3,
    "cbor-indefinite": 4,
    "cbor-key-order": 5,
    "cbor-duplicate-key": 6,
    "cbor-type": 7,
    "cbor-depth": 8,
    "cbor-utf8": 9,
    "cbor-size": 10,
    "frame-crc": 11,
    "frame-cobs": 12,
    "frame-size": 13,
    "key-bad": 14,
    "signature-bad": 15,
    "cose-shape": 16,
    "cose-alg": 17,
    "cose-typ": 18,
    "observation-shape": 19,
    "schema-shape": 20,
    "payload-schema": 21,
    "schema-unknown": 22,
    "derivation-false": 23,
    "derivation-unknown": 24,
    "seal-shape": 25,
    "seal-leaf": 26,
    "token-shape": 27,
    "frame-shape": 28,
    "frame-tag": 29,
    "frame-stale": 30,
    "frame-state": 31,
    "frame-unknown": 32,
    "frame-critical": 33,
    "frame-limit": 34,
    "custody-mac": 35,
    "item-shape": 36,
    "event-shape": 37,
    "offer-shape": 38,
    "agreement-shape": 39,
    "token-chain": 40,
    "token-unknown": 41,
    "token-right": 42,
    "token-scope": 43,
    "device-mismatch": 44,
    "equivalence-unfit": 45,
    "object-unknown": 46,
}
