"""A rotation over the cable: the device makes its next key, both keys sign the handover, the authority answers.

Decides whether the one who asks holds K_dev, and whether what comes back is an authority's rotation of this very
handover. Until then it stays who it was; refuses all else. What was logged waits under the old name. SPEC 7.6, 8.7
"""

from fieldagent.enrolment import check_tokens, take_tokens
from fieldagent.exchange import Exchange
from fieldagent.identity import Identity
from fieldagent.trust import Trust, check_issuer
from fieldwire import cose, custody, rotation, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify
from fieldwire.error_numbers import NUMBER
from fieldwire.errors import WireError
from fieldwire.hmac import hmac_sha256

START, REQUEST, ROTATE, ROTATED, REFUSED = 0x24, 0x25, 0x26, 0x27, 0x28


def order_mac(k_dev, device, host_bytes):
    """Proof that whoever asks a device to rotate holds its K_dev. SPEC 8.7"""
    return hmac_sha256(k_dev, b"rotate/1" + device + host_bytes)[:8]


def next_k_dev(k_dev, public):
    """K_dev of the device that follows, so that no secret crosses the cable. SPEC 8.7"""
    return hmac_sha256(k_dev, b"rotated/1" + public)


class Handover(Exchange):
    """`next_key`: a NextKey; `close_log()` seals all and returns its ends, or raises StorageError.

    `incarnations()` of the segments that wait. `begun` after an order that is to be believed: observe nothing until
    this handover is over. Event: ("rotated", Identity).
    """

    def __init__(self, identity, boot, next_key, close_log, incarnations):
        super().__init__()
        self._identity = identity
        self._boot = boot
        self._next_key = next_key
        self._close_log = close_log
        self._incarnations = incarnations
        self._seed = None
        self._accepted = None
        self._rotated = None
        self.begun = False

    def confirm(self):
        """Tells the host that the new identity is durable; the old key is gone."""
        self._send(ROTATED, [self._rotated.device])

    def _on_refused(self, code):
        if self.begun:
            self._send(REFUSED, [NUMBER.get(code, 0)])

    def _on_start(self, body):
        known = self._identity
        if not isinstance(body, list) or len(body) != 3 or not obs.is_bytes(body[1], 32):
            raise WireError("frame-shape", "ROTATE-START is [device id, 32 random bytes, mac]")
        if body[0] != known.device or not obs.is_bytes(body[2], 8):
            raise WireError("frame-shape", "ROTATE-START names this device and carries 8 bytes of mac")
        if not custody.matches(order_mac(known.k_dev, body[0], body[1]), body[2]):
            raise WireError("frame-tag", "whoever asks to rotate does not hold K_dev")
        self.begun = True
        if self._rotated is not None:
            return
        if known.former is not None and set(known.former.incarnations) & set(self._incarnations()):
            raise WireError("frame-state", "the log of the key before this one has not been drained")
        if self._accepted is None:
            ends = self._close_log()
            self._seed = self._next_key.seed(body[1], known.signer.public)
            signer = Ed25519Signer(self._seed)
            handover = rotation.hand_over(known.mesh_id, signer.public, self._boot, ends, known.signer)
            self._accepted = rotation.accept(handover, signer)
        self._send(REQUEST, [self._accepted])

    def _on_rotate(self, body):
        if not isinstance(body, list) or len(body) != 1:
            raise WireError("frame-shape", "ROTATE is [tokens]")
        check_tokens(body[0])
        if self._accepted is None:
            raise WireError("frame-shape", "a ROTATE comes after a start")
        if self._rotated is not None:
            if not self._events:
                self.confirm()  # the host did not hear it
            return
        known = self._identity
        trust = Trust(known.mesh_id, known.root, verify)
        take_tokens(trust, known.tokens)
        take_tokens(trust, body[0])
        token, public = self._checked(trust, body[0])
        chain = [one.data for one in trust.chain(known.credential)]
        chain.reverse()
        held = chain + [data for data in body[0] if data not in chain]
        former = [known.device, known.k_dev, known.tokens, sorted(self._incarnations())]
        k_dev = next_k_dev(known.k_dev, public)
        after = token.claims[tokens.AFTER]
        self._rotated = Identity(self._seed, k_dev, known.root, known.mesh_id, after, held, former)
        self._events.append(("rotated", self._rotated))

    def _checked(self, trust, held):
        """(rotation token, new public key) of the one rotation among `held`, if it is of this very handover."""
        found = [token for token in map(tokens.decode, held) if token.typ == cose.ROTATION]
        if len(found) != 1 or found[0].claims[tokens.ACCEPTED] != self._accepted:
            raise WireError("token-chain", "no rotation of this device's own handover")
        claims = found[0].claims
        named = [
            trust.credential(claims.get(label)) for label in (tokens.ISSUER, tokens.BEFORE, tokens.AFTER)
        ]
        if None in named or named[1].id != self._identity.credential:
            raise WireError("token-chain", "the rotation names other credentials than those given")
        check_issuer(named[0])
        rotation.verified(found[0], named[0], named[1], named[2], verify)
        return found[0], named[2].public

    _FRAMES = {START: _on_start, ROTATE: _on_rotate}
