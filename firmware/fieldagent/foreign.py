"""What a bridge hands down: credentials of the own mesh, and observations of another one to derive from.

Decides on signatures alone: an authority of the own mesh with the right `translate` has bound a foreign
authority's key to a local authority, and the observation's credential chain passes through that key. Refuses
all else; the bridge that hands it down is not believed. SPEC 7.4, 10.3
"""

from fieldagent.trust import Trust, scope_covers
from fieldwire import cbor, cose, keys, tokens
from fieldwire import observation as obs
from fieldwire import seal as seals
from fieldwire.errors import WireError
from fieldwire.port import const

_TOKENS_MAX = const(8)


class HandedDown:
    """Takes handed-down objects, CBOR arrays that each fit one frame:

    ["token", token bytes]: kept for a while, unverified, for a later object that names it by its id;
    ["credential", token bytes or id]: a credential of the own mesh;
    ["revocation", token bytes or id]: a revocation by an authority of the own mesh;
    ["foreign", item, [root key, token bytes or id ...], equivalence bytes or id]: see `open_handed_down`.
    """

    def __init__(self, trust):
        self._trust = trust
        self._kept = []  # token bytes, the latest last

    def take(self, data):
        """("credential" | "revocation", bytes), ("foreign", observation, id, local authority), None when only kept.

        A revocation is not verified yet: whoever keeps it does that.
        """
        value = cbor.decode(data)
        kind = value[0] if isinstance(value, list) and value else None
        if kind == "token" and len(value) == 2 and isinstance(value[1], bytes):
            self._kept = [one for one in self._kept if one != value[1]][1 - _TOKENS_MAX :] + [value[1]]
            return None
        if kind == "credential" and len(value) == 2 and isinstance(value[1], bytes):
            token = self._named(value[1])
            self._trust.add(token)
            return "credential", token
        if kind == "revocation" and len(value) == 2 and isinstance(value[1], bytes):
            return "revocation", self._named(value[1])
        if kind == "foreign" and len(value) == 4 and isinstance(value[2], list):
            chain = value[2][:1] + [self._named(part) for part in value[2][1:]]
            return ("foreign",) + open_handed_down(value[1], chain, self._named(value[3]), self._trust)
        raise WireError("object-unknown", "no token, credential, revocation or foreign observation")

    def _named(self, part):
        """The kept token that a 16-byte id names, or `part` itself."""
        if obs.is_bytes(part, 16):
            for data in self._kept:
                if tokens.token_id(data) == part:
                    return data
            raise WireError("token-unknown", "a named token was not handed down before")
        return part


def open_handed_down(item, chain, equivalence, trust):
    """(observation, id, local authority path) of a foreign observation; WireError names the rule that is broken.

    `item`: early copy bytes or a crossing item; `chain`: [root public key, token bytes ...]; `trust`: the own mesh's.
    """
    if not isinstance(chain, list) or not 2 <= len(chain) <= _TOKENS_MAX or not obs.is_bytes(chain[0], 32):
        raise WireError("token-chain", "a foreign chain is [root key, 1 to %d tokens]" % (_TOKENS_MAX - 1))
    if not all(isinstance(part, bytes) for part in chain) or not isinstance(equivalence, bytes):
        raise WireError("token-shape", "tokens are byte strings")
    claims = _equivalence(equivalence, trust)
    foreign = Trust(keys.thumbprint(chain[0]), chain[0], trust.verify)
    for data in chain[1:]:
        foreign.add(data)
    observation, identity, credential = _open(item, foreign)
    _check_bound(claims, foreign, credential)
    if not scope_covers(claims[tokens.SCOPE], observation[obs.SUBJECT], observation[obs.FORMAT]):
        raise WireError("token-scope", "subject or format lies outside the equivalence's scope")
    return observation, identity, claims[tokens.LOCAL][1]


def _equivalence(data, trust):
    token = tokens.decode(data, cose.EQUIVALENCE)
    issuer = trust.issuer_of(token)
    cose.check(token.message, issuer.public, trust.verify)
    trust.check_standing(token)
    mesh, local = token.claims[tokens.LOCAL]
    above = issuer.claims
    if "translate" not in above[tokens.RIGHTS] or not obs.covers(above[tokens.AUTHORITY], local):
        raise WireError("token-right", "the issuer may not translate for %s" % local)
    if mesh != trust.mesh_id or token.claims[tokens.NEGATIVE]:
        raise WireError("equivalence-unfit", "it is negative, or its local side is another mesh")
    if above[tokens.NBF] > token.claims[tokens.NBF] or above[tokens.EXP] < token.claims[tokens.EXP]:
        raise WireError("token-chain", "the equivalence outlives its issuer")
    return token.claims


def _check_bound(claims, foreign, credential):
    mesh, authority, thumbprint = claims[tokens.FOREIGN]
    if mesh != foreign.mesh_id:
        raise WireError("equivalence-unfit", "it names another foreign mesh")
    for token in foreign.chain(credential.id):
        if token.claims[tokens.AUTHORITY] == authority and keys.thumbprint(token.public) == thumbprint:
            return
    raise WireError("equivalence-unfit", "the foreign chain does not pass through the named authority's key")


def _open(item, foreign):
    form = item[0] if isinstance(item, list) and item and obs.is_uint(item[0]) else None
    if form == 0 and len(item) == 2 and isinstance(item[1], bytes):
        item = item[1]
    if isinstance(item, bytes):
        observation, leaf, credential = foreign.open_early(item)
        return observation, obs.observation_id(leaf), credential
    is_share = form == 1 and len(item) == 5
    if not is_share or not isinstance(item[1], bytes) or not isinstance(item[2], bytes):
        raise WireError("item-shape", "an item is an early copy or [1, seal, leaf, index, path]")
    credential = foreign.signer_of(obs.decode(item[2]))
    device = keys.device_id(credential.public)
    observation = seals.open_item(
        item[1], item[2], item[3], item[4], credential.public, device, foreign.verify
    )[2]
    return observation, obs.observation_id(item[2]), credential
