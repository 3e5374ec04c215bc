"""The authority's side of a rotation for the agent's tests: tokens for a device whose key follows another's."""

from agent_world import EXP, NBF, Bridge, Mesh

from fieldagent.drivers.uart import FrameLink
from fieldagent.handover import REFUSED, REQUEST, ROTATE, ROTATED, START, order_mac
from fieldwire import cbor, cose, custody, keys, rotation, session_frames, tokens
from fieldwire import observation as obs
from fieldwire.session import BridgeSession

K_DEV = b"\x07" * 32
HOST_BYTES = b"\x66" * 32
MESH = Mesh(10)


def start(device, k_dev=K_DEV, host_bytes=HOST_BYTES):
    body = [device, host_bytes, order_mac(k_dev, device, host_bytes)]
    return bytes((START,)) + cbor.encode(body)


def rotation_token(accepted, before, after, mesh=MESH, **changed):
    claims = {
        tokens.EXP: EXP,
        tokens.NBF: NBF,
        tokens.CNF: {1: keys.cose_key(rotation.decode(accepted).new)},
        tokens.ISSUER: mesh.region_id,
        tokens.ACCEPTED: accepted,
        tokens.BEFORE: tokens.token_id(before),
        tokens.AFTER: tokens.token_id(after),
    }
    claims.update({getattr(tokens, name.upper()): value for name, value in changed.items()})
    return tokens.issue(cose.ROTATION, claims, mesh.authority)


def given(accepted, mesh=MESH):
    """The tokens of a whole ROTATE, issuers first."""
    statement = rotation.decode(accepted)
    before, after = (mesh.device_credential(public) for public in (statement.old, statement.new))
    return [mesh.region, after, rotation_token(accepted, before, after, mesh)]


def rotate(held):
    return bytes((ROTATE,)) + cbor.encode([held])


class RotatingHost:
    """The host's side of SPEC 8.7 on the other end of a board's uart; `answers`: False leaves a request unanswered."""

    def __init__(self, pipe, k_dev=K_DEV, answers=True):
        self._link = FrameLink(pipe)
        self._k_dev = k_dev
        self._answers = answers
        self._asked = False
        self.host_bytes = HOST_BYTES
        self.only = None  # the one id that is to be asked, None for the first that calls
        self.calls = []
        self.accepted = None
        self.rotated = None
        self.refused = None

    def turn(self, now_ms):
        for one in self._link.receive():
            if one[0] == 0x41:
                self._on_call(session_frames.decode("HELLO", one)[2], now_ms)
                continue
            body = cbor.decode(one[1:])
            if one[0] == REQUEST:
                self.accepted = body[0]
                if self._answers:
                    self._link.send(rotate(given(body[0])), now_ms)
            elif one[0] == ROTATED:
                self.rotated = body[0]
            elif one[0] == REFUSED:
                self.refused = body[0]

    def _on_call(self, device, now_ms):
        self.calls.append(device)
        if not self._asked and self.only in (None, device):
            self._asked = True
            self._link.send(start(device, self._k_dev, self.host_bytes), now_ms)


class HeirsBridge(Bridge):
    """A bridge that holds the link keys of some device ids, and of no others: `k_devs` {device id: K_dev}."""

    def __init__(self, pipe, k_devs):
        self._k_devs = k_devs
        self.drained = {}  # device id -> observations
        Bridge.__init__(self, pipe)

    def _new_session(self):
        self._count += 1
        nonce = bytes([self._count]) * 8
        self.session = BridgeSession(self._thumbprint, 1, nonce, self._key_for, self._holdings, self._link)

    def _key_for(self, device):
        k_dev = self._k_devs.get(device)
        return None if k_dev is None else custody.link_key(k_dev, self._thumbprint)

    def _open(self, data):
        opened = Bridge._open(self, data)
        for observation, _ in opened[2]:
            self.drained.setdefault(observation[obs.DEVICE], []).append(observation)
        assert all(one[obs.DEVICE] == self.session.device for one, _ in opened[2]), "another id's segment"
        return opened
