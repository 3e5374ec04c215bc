"""Boundary agents that withhold, lose their standing or tell two stories, and meshes that lie about time. SPEC 9, 10"""

from dataclasses import replace

import pytest
from mesh_world import Meshes, done, drained, meet
from test_bridge_heads import Shortened
from world import (
    ALL,
    UTC_S,
    VALID,
    Board,
    Validity,
    World,
    code_of,
    converse,
    events_of,
    observe,
    refusal_of,
    sessions,
    whole,
)
from world import meet as meet_pair

from fieldpost import boundary_trade, epoch
from fieldpost.boundary_proof import standing_of
from fieldpost.heard_rows import heard_rows
from fieldpost.proof import made
from fieldpost.proof.check import check
from fieldwire import cbor, cose
from fieldwire import observation as obs

# Withholding.


class Delta:
    """Alpha meets two boundary agents of bravo, both behind the same boards: the first withholds one reading."""

    def __init__(self, folder, monkeypatch, hides=False):
        world = Meshes(folder, "alpha", "bravo")
        self.alpha, self.first = world.sides.values()
        self.second = world.another_bridge("bravo", "bravo-two")
        for agent in (self.first, self.second):
            world.joins(self.alpha, agent)
        world.equate(self.alpha, self.first)
        world.equate(self.first, self.alpha)
        world.begin(dict.fromkeys(world.sides, world.agreement(self.alpha, self.first)))
        evidence = world.contacts((self.alpha, self.first))
        board = self.first.boards[0]
        board.reading("water/dam", 200, 20_000)
        self.secret = obs.observation_id(board.reading("water/dam", 900, 21_000))
        segments = drained(self.first)
        self.alpha.take(*evidence[self.alpha.mesh.id])
        for agent in (self.first, self.second):  # two custodians of one journal
            agent.take(*evidence[self.first.mesh.id], *segments)
        self._withholds(monkeypatch, hides)

    def _withholds(self, monkeypatch, hides):
        release, offer = boundary_trade.release, epoch.offer

        def less(state, peer_mesh):
            found = release(state, peer_mesh)
            if state is not self.first.desk.state:
                return found
            return replace(found, ids=tuple(one for one in found.ids if one != self.secret))

        def silent(state, number):
            found = offer(state, number)
            if state is self.first.desk.state and hides:
                for ids in found.admitted.values():
                    ids.pop(self.secret, None)
            return found

        monkeypatch.setattr(boundary_trade, "release", less)
        monkeypatch.setattr(epoch, "offer", silent)

    def sides_that_lack_it(self):
        return set(self.alpha.store.query("SELECT side, code FROM one_sided WHERE id = ?", self.secret))


def test_a_withholding_boundary_agent_that_offers_what_it_does_not_send_is_named_at_once(
    tmp_path, monkeypatch
):
    delta = Delta(tmp_path, monkeypatch)
    assert done(meet(delta.alpha, delta.first))
    assert delta.secret not in delta.alpha.desk.state.entries
    assert delta.sides_that_lack_it() == {(delta.alpha.desk.thumbprint, "not-held")}
    assert [one["code"] for one in heard_rows(delta.alpha.store)["here"]] == ["not-held"]


def test_what_a_boundary_agent_withholds_comes_by_another_custodian_and_the_two_compared_name_it(
    tmp_path, monkeypatch
):
    delta = Delta(tmp_path, monkeypatch, hides=True)
    assert done(meet(delta.alpha, delta.first)) and not delta.sides_that_lack_it()
    assert done(meet(delta.alpha, delta.second, "two"))
    assert delta.alpha.desk.state.verdicts[delta.secret].code == "admitted-mapped"
    assert done(meet(delta.alpha, delta.first, "again"))
    assert delta.sides_that_lack_it() == {(delta.first.desk.thumbprint, "not-held")}
    rows = {row["id"]: row["missing"] for row in heard_rows(delta.alpha.store)["heard"]}
    assert [one["code"] for one in rows[delta.first.desk.thumbprint.hex()]] == ["not-held"]
    assert rows[delta.second.desk.thumbprint.hex()] == []


def test_a_boundary_agent_that_shows_two_meshes_two_logs_is_told_once_these_have_met(tmp_path):
    world = Meshes(tmp_path, "north", "middle", "south")
    north, middle, south = world.sides.values()
    for one, other in ((north, middle), (middle, south), (north, south)):
        world.joins(one, other)
    world.begin(dict.fromkeys(world.sides, world.agreement(north, middle, south)))
    evidence = world.contacts((north, middle), (middle, south))
    for side in world.sides.values():
        side.take(*evidence[side.mesh.id])
    assert done(meet(north, middle))
    true, middle.desk.head = middle.desk.head, Shortened(middle, 12)
    assert done(meet(middle, south, "other"))
    middle.desk.head = true
    assert done(meet(north, south, "compare"))
    assert not north.desk.state.doubted
    assert done(meet(north, middle, "asked"))
    assert north.desk.state.doubted == {middle.desk.thumbprint: "log-root"}
    assert [one[4] for one in north.events("head")] == ["log-root"]


# Losing its standing.


@pytest.fixture
def world(tmp_path):
    return whole(tmp_path)


def takes_back(world, issuer, holder):
    """The issuer's mesh takes back what makes the holder's bridge an agent of it, and its own bridge is told."""
    held = standing_of(holder.desk.state, holder.desk.thumbprint)[issuer.mesh.id]
    taken = issuer.mesh.revocation("ops", VALID, held.id)
    issuer.desk.submit("token", issuer.mesh.token(taken))


@pytest.mark.parametrize("issuer", ["alpha", "bravo"])
@pytest.mark.parametrize("carried", [0, 6, 10, 13])
def test_either_mesh_alone_revokes_a_boundary_credential_which_stops_crossing_at_once(world, issuer, carried):
    """Bravo's bridge stands in both meshes; either of them takes its credential back, before or while they meet."""
    dialer, listener = sessions(world)
    converse(dialer, listener, count=carried)
    side = getattr(world, issuer)
    before = {one.name: len(one.desk.state.entries) for one in world.sides}
    takes_back(world, side, world.bravo)
    if carried == 0:
        dialer, listener = sessions(world, salt="after")
    converse(dialer, listener)
    codes = {refusal_of(events_of(one)) for one in (dialer, listener)}
    assert codes & {"credential-revoked", "peer-unauthenticated"}
    assert len(side.desk.state.entries) == before[issuer], "nothing more came in"
    assert not any(one.desk.state.epochs for one in world.sides)


def test_a_boundary_agent_with_one_credential_expired_crosses_nothing_whichever_mesh_gave_it(tmp_path):
    for number, host in enumerate(("alpha", "bravo")):
        world = World(tmp_path / host)
        world.equate(world.alpha, world.bravo)
        short = Validity(VALID.nbf, UTC_S - 60)
        mesh = getattr(world, host).mesh
        for token in list(
            mesh.tokens()
        ):  # every credential that this mesh gave bravo's bridge is a short one
            claims = boundary_trade.tokens.decode(token)
            if claims.typ == cose.CREDENTIAL and claims.public == world.bravo.signer.public:
                (mesh.folder / "tokens" / f"{claims.id.hex()}.cwt").unlink()
        given = mesh.token(mesh.boundary(world.bravo.signer.public, short))
        world.bravo.extra[:] = [given] if host == "alpha" else world.bravo.extra
        world.begin()
        observe(world)
        dialer, listener = meet_pair(world, salt=number)
        assert refusal_of(dialer) == refusal_of(listener) == "peer-unauthenticated"
        assert code_of(world.alpha, "road/north", world.bravo.boards[1]) is None


# Two stories under one number.


def test_two_epochs_that_one_bridge_signed_under_one_number_are_a_fork_proof(world):
    """Bravo signs an epoch with alpha and, at the next contact, another body under the same number."""
    meet_pair(world)
    alpha, bravo = world.sides
    body = cbor.decode(bravo.desk.state.epochs[-1].body)
    body[4] = bytes(32)
    another = bravo.desk.sign(cose.EPOCH, cbor.encode(body))
    dialer, listener = sessions(world, salt="again")
    say = listener._say
    listener._say = lambda name, *fields: say(name, *((another, None, []) if name == "STANDING" else fields))
    converse(dialer, listener)
    told = [one for one in alpha.events("fork") if one[4] == "forked"]
    assert [one[2][0] for one in told] == [bravo.desk.thumbprint] and told[0][5]["number"] == 1
    found = check(made.fork_of_words(alpha.store, bravo.desk.thumbprint), [bravo.mesh.id])
    assert (found["outcome"], found["proved"]["rule"]) == ("proved", "epoch")


# Lies about time.


class Liar(Board):
    """A board whose UTC readings are off by `lie_ms`; its local clock is as good as any."""

    lie_ms = 0

    def leaf(self, true_ms, stream, subject, content_format, payload, more=None):
        claim = obs.utc(UTC_S * 1000 + true_ms + self.lie_ms, 50)
        told = {obs.TREF: [1, self.ms(true_ms), claim], **(more or {})}
        return super().leaf(true_ms, stream, subject, content_format, payload, told)


def lying(side, *boards, lie_ms):
    for board in boards:
        board.__class__, board.lie_ms = Liar, lie_ms


def with_collusion(folder, lie_ms):
    """A whole world in which every board of bravo says that it is earlier or later than it is."""
    world = World(folder)
    for side, other in world.pairs():
        world.equate(side, other)
    lying(world.bravo, *world.bravo.boards, lie_ms=lie_ms)
    short = Validity(VALID.nbf, UTC_S - 60)
    b2 = world.bravo.boards[1]
    b2.credential = world.bravo.mesh.credential("ops", b2.signer.public, short, ["observe", "time"], ALL)
    world.begin()
    observe(world)
    meet_pair(world)
    return world


def own_words(side):
    """What a bridge holds of its own mesh: id, verdict, placement."""
    state = side.desk.state
    own = {one: entry for one, entry in state.entries.items() if entry.mesh == side.mesh.id}
    stamps = {one: epoch.clocks.stamp_of(entry.observation) for one, entry in own.items()}
    placed = state.times.home.place(stamps.values())
    return state.times.offset, {
        one: (state.verdicts[one].code, placed[stamps[one]].strict, placed[stamps[one]].resilient)
        for one in own
    }


@pytest.mark.parametrize("lie_ms", [-7_200_000, -100, 100, 7_200_000])
def test_a_whole_foreign_mesh_that_colludes_on_time_re_times_nothing_of_ours_and_proves_nothing_to_us(
    tmp_path, lie_ms
):
    """It says that it is two hours ago, so that a credential of its own that has ended would still be valid."""
    honest, lied = with_collusion(tmp_path / "honest", 0), with_collusion(tmp_path / "lied", lie_ms)
    assert own_words(lied.alpha) == own_words(honest.alpha)
    assert code_of(honest.alpha, "road/north", honest.bravo.boards[1]) is None, "its own bridge refuses it"
    for world in (honest, lied):
        b2 = world.bravo.boards[1]
        leaf = b2.reading("road/south", 9, 30_000)
        world.alpha.take(("token", world.bravo.mesh.token(b2.credential)), ("early", b2.early(leaf)))
        assert code_of(world.alpha, "road/south", b2) == "credential-expired"


@pytest.mark.parametrize("lie_ms", [-86_400_000, -3_600_000, -61_000, -59_900, -50, 0, 50, 3_600_000])
def test_a_lying_clock_at_the_margin_never_gets_in_what_its_credential_does_not_cover(tmp_path, lie_ms):
    """Its credential ended a minute ago: whatever its own UTC readings say, it is expired or not proved."""
    world = World(tmp_path)
    a2 = world.alpha.boards[1]
    lying(world.alpha, a2, lie_ms=lie_ms)
    short = Validity(VALID.nbf, UTC_S - 60)
    a2.credential = world.alpha.mesh.credential("ops", a2.signer.public, short, ["observe", "time"], ALL)
    world.begin()
    observe(world)
    assert code_of(world.alpha, "water/dam", a2) in ("credential-expired", "unproven-time")
    assert code_of(world.alpha, "water/dam", world.alpha.boards[0]) in ("admitted", "unproven-time")
    if lie_ms in (-50, 0, 50):
        assert code_of(world.alpha, "water/dam", a2) == "credential-expired"
        assert code_of(world.alpha, "water/dam", world.alpha.boards[0]) == "admitted"


# What it carries.


def carried_by(world, change, salt="carried"):
    """A meeting in which alpha's bridge changes the items that it sends; what bravo holds of alpha afterwards."""
    dialer, listener = sessions(world, salt=salt)
    say = dialer._say

    def changes(name, *fields):
        say(name, *((change(list(fields[0])),) if name == "ITEMS" else fields))

    dialer._say = changes
    converse(dialer, listener)
    state = world.bravo.desk.state
    return {one: entry for one, entry in state.entries.items() if entry.mesh == world.alpha.mesh.id}


def leaves(world):
    """Of alpha's own observations, by id."""
    entries = world.alpha.desk.state.entries.values()
    return {one.id: one.leaf for one in entries if one.mesh == world.alpha.mesh.id}


def changed_leaf(item, **fields):
    """A sealed crossing item with fields of its leaf changed."""
    value = cbor.decode(item)
    if value[0] != 1:
        return item
    value[2] = obs.encode({**obs.decode(value[2]), **{getattr(obs, key): new for key, new in fields.items()}})
    return cbor.encode(value)


@pytest.mark.parametrize(
    "fields",
    [
        {"PAYLOAD": cbor.encode([999])},
        {"TREF": [1, 1]},
        {"SUBJECT": "road/elsewhere"},
        {"DEVICE": bytes(16)},
        {"SEQ": 40},
    ],
    ids=["alters", "re-times", "re-names", "gives-to-another", "re-places"],
)
def test_a_boundary_agent_that_changes_an_observation_brings_nothing(world, fields):
    held = carried_by(world, lambda items: [changed_leaf(one, **fields) for one in items])
    assert not held
    assert {one[4] for one in world.bravo.events("refused")} & {"seal-root", "signature-bad", "item-shape"}
    assert done(meet_pair(world, salt="honest")), "and what is genuine comes with the next honest meeting"
    assert code_of(world.bravo, "water/dam", world.alpha.boards[0]) == "admitted-mapped"


def test_a_boundary_agent_cannot_make_an_observation_of_its_own(world):
    """It signs one with its own key, under the credential and as the id of a device of its mesh."""
    a1 = world.alpha.boards[0]
    leaf = a1.reading("water/dam", 999, 40_000)
    forged = cbor.encode([0, obs.early_copy(leaf, world.alpha.signer)])
    held = carried_by(world, lambda items: [*items, forged])
    assert obs.observation_id(leaf) not in held and held.keys() <= leaves(world).keys()


def test_the_order_in_which_a_boundary_agent_brings_things_changes_nothing(tmp_path):
    decided = []
    for name, change in (
        ("sorted", list),
        ("reversed", lambda items: items[::-1]),
        ("doubled", lambda items: items * 2),
    ):
        world = whole(tmp_path / name)
        a1 = world.alpha.boards[0]
        a1.mean("water/mean", [a1.reading("water/gate", level, 30_000 + level) for level in (10, 20)], 31_000)
        world.alpha.take(("segment", a1.seal()))
        held = carried_by(world, change)
        assert {one: entry.leaf for one, entry in held.items()}.items() <= leaves(world).items()
        assert code_of(world.bravo, "water/mean", a1) == "admitted-mapped"
        decided.append(world.bravo.desk.state.epochs[-1].body)
    assert decided == [decided[0]] * 3


def test_what_a_boundary_agent_delays_is_decided_when_it_comes_and_supersedes(world):
    held = carried_by(world, lambda items: items[:-1])
    late = set(leaves(world)) - set(held)
    assert late
    first = world.bravo.desk.state.epochs[-1]
    assert done(meet_pair(world, salt="late"))
    assert world.bravo.desk.state.epochs[-1].number == first.number + 1
    both = {one for one, entry in world.bravo.desk.state.entries.items() if entry.mesh == world.alpha.mesh.id}
    assert held.keys() < both
