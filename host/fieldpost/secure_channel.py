"""The boxed channel between two bridges: NaCl boxes under the two ephemeral keys of one handshake.

Decides whether bytes are the peer's next message, whole and in order. The nonce is never sent: it is the
sender's role and its count, so that a gap, a repeat or a change of any bit fails to open. SPEC 10.2
"""

from nacl import bindings
from nacl.exceptions import CryptoError

from fieldwire.errors import WireError


def ephemeral_public(secret: bytes) -> bytes:
    """The X25519 public key of 32 random bytes that serve one session."""
    return bindings.crypto_scalarmult_base(secret)


class SecureChannel:
    """`role`: 0 dialer, 1 listener. WireError("key-bad") for a peer's key of small order."""

    def __init__(self, secret: bytes, peer_public: bytes, role: int) -> None:
        try:
            self._key = bindings.crypto_box_beforenm(peer_public, secret)
        except CryptoError:
            raise WireError("key-bad", "the peer's ephemeral key is of small order") from None
        self._role = role
        self._sent = 0
        self._opened = 0

    def seal(self, message: bytes) -> bytes:
        """The box that carries our next message."""
        box = bindings.crypto_box_easy_afternm(message, _nonce(self._role, self._sent), self._key)
        self._sent += 1
        return box

    def open(self, box: bytes) -> bytes:
        """The peer's next message; WireError("frame-tag") for anything else, after which nothing opens."""
        try:
            message = bindings.crypto_box_open_easy_afternm(
                box, _nonce(1 - self._role, self._opened), self._key
            )
        except CryptoError:
            raise WireError("frame-tag", f"box {self._opened} does not open under this session") from None
        self._opened += 1
        return message


def _nonce(role: int, count: int) -> bytes:
    return bytes((role,)) + bytes(15) + count.to_bytes(8, "big")
