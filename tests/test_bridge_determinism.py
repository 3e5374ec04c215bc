"""One decision digest, whatever came first and wherever it lay; nothing recorded ever changes; both sides converge."""

import hashlib
import random
from copy import deepcopy

import pytest
from case_world import STOP, merge_of, plan_of, signed
from claim_world import ALPHA, BRAVO, agreement, claim, priority
from test_bridge_epochs import decided, drained, fold, learned, quiet, taught
from world import World, converse, meet, observe, sessions

from fieldpost import epoch
from fieldpost.agreement import Function
from fieldpost.model import Input
from fieldpost.resolution import resolve
from fieldwire import cbor

WORLDS, ORDERS = 500, 20  # 10^4 orders in all

CHAINS = (
    (),
    (Function("authority-weight"),),
    (priority((BRAVO, "ops"), (ALPHA, "")), Function("composite", terms={"corroboration": 2, "attestation_grade": 1})),
    (Function("expression", expression="credential_age_s > 50 ? value : sources - width_ms"),),
)  # fmt: skip


def claims_of(rng):
    """A dozen claims by few devices about few properties, some derived from others, some undated."""
    made = []
    for number in range(12):
        begin = rng.choice([None, *range(0, 40, 5)])
        at = (begin, None if rng.random() < 0.1 else (begin or 0) + rng.randrange(30))
        sources = tuple(one.id for one in rng.sample(made, min(len(made), rng.choice([0, 0, 0, 1, 2]))))
        made.append(
            claim(
                f"c{number}", rng.randrange(5), at, rng.choice((ALPHA, BRAVO)), rng.choice(("ops", "ops/night")),
                f"d{rng.randrange(5)}", seq=number, ticks_ms=number, property=rng.choice(("level", "salt")),
                attestation_grade=rng.randrange(4), credential_age_s=rng.choice([None, 10, 100]), sources=sources,
            )
        )  # fmt: skip
    return made


def digests(seed, orders):
    """Decision digests of one random world in that many random orders of its claims."""
    rng = random.Random(seed)
    weights = {(ALPHA, "ops"): rng.randrange(3), (BRAVO, "ops/night"): rng.randrange(3)}
    terms = agreement(rng.choice(CHAINS), weights, {"level": 1})
    claims, found = claims_of(rng), set()
    for _ in range(orders):
        rng.shuffle(claims)
        found.add(resolve(claims, terms).decision_digest)
    return found


def test_ten_thousand_random_orders_of_arrival_give_one_decision_digest_a_world():
    found = [digests(seed, ORDERS) for seed in range(WORLDS)]
    assert [len(one) for one in found] == [1] * WORLDS
    assert len(set.union(*found)) > WORLDS // 2, "the worlds are not all the same"


@pytest.mark.soak
@pytest.mark.timeout(3_000)
def test_a_million_random_orders_of_arrival_give_one_decision_digest_a_world():
    assert all(len(digests(seed, 100)) == 1 for seed in range(10_000))


# Splits.


@pytest.fixture(scope="module")
def parted(tmp_path_factory):
    """(fresh bridges, what each side comes to hold, the decision digest of the whole) of one world, gates off."""
    world = quiet(tmp_path_factory.mktemp("parted"))
    for side, things in drained(world):
        side.take(*things)
    meet(world)
    told = [learned(side) for side in world.sides]
    said = [[one for one in things if one.kind in ("segment", "item")] for _, things in told]
    return [taught(*one) for one in told], said, world.alpha.desk.state.epochs[-1].resolution.decision_digest


def split(parted, seed):
    """Both folds are told their parts in a few rounds, at random; the epochs' bodies of both sides, by round."""
    bridges, said, _ = parted
    rng = random.Random(seed)
    folds = [deepcopy(bridge) for bridge in bridges]
    parts = [list(things) for things in said]
    for part in parts:
        rng.shuffle(part)
    bodies, rounds = [], rng.randrange(2, 5)
    settled = frozenset()
    for number in range(1, rounds + 1):
        for bridge, part in zip(folds, parts, strict=True):
            cut = len(part) if number == rounds else rng.randrange(len(part) + 1)
            for one in [*part[:cut], Input(0, "solve", (1, 0), b"")]:
                bridge.apply(one)
            del part[:cut]
        states = [bridge.state for bridge in folds]
        offers = [epoch.offer(state, number) for state in states]
        found = [
            epoch.compute(
                state,
                epoch.Opening(offers[mine], settled),
                offers[1 - mine],
                states[1 - mine].profile.thumbprint,
            )
            for mine, state in enumerate(states)
        ]
        settled = found[0].settled
        bodies.append([one.body for one in found])
    return bodies, cbor.decode(bodies[-1][0])[4]


def split_holds(parted, seed):
    bodies, digest = split(parted, seed)
    return all(one == other for one, other in bodies) and digest == parted[2]


def test_random_splits_between_two_bridges_decide_alike_in_each_epoch_and_end_in_one_digest(parted):
    assert [seed for seed in range(100) if not split_holds(parted, seed)] == []


@pytest.mark.soak
@pytest.mark.timeout(3_000)
def test_ten_thousand_random_splits_end_in_one_digest(parted):
    assert [seed for seed in range(10_000) if not split_holds(parted, seed)] == []


# Idempotence.


def test_whatever_comes_twice_changes_no_decision_and_no_row_but_that_it_came(tmp_path):
    world = World(tmp_path)
    for side, other in world.pairs():
        world.equate(side, other)
    world.begin()
    observe(world)
    meet(world)
    tables = (
        "observation",
        "judged",
        "claim",
        "decision",
        "picture",
        "epoch",
        "pick",
        "case",
        "vote",
        "fork",
    )
    for side in world.sides:
        before = {name: side.store.query(f'SELECT * FROM "{name}"') for name in tables}
        for one in list(side.store.inputs()):
            if one.kind in ("root", "token", "segment", "item", "agreement", "solve"):
                side.desk.submit(one.kind, one.data)
        assert {name: side.store.query(f'SELECT * FROM "{name}"') for name in tables} == before
    meet(world, salt="again")
    assert len(world.alpha.desk.state.epochs) == 1


def test_a_decision_is_a_function_of_what_is_joint_and_not_of_how_often_it_was_asked(parted):
    bridges, said, digest = parted
    states = [
        fold(bridge, list(things), random.Random(1)) for bridge, things in zip(bridges, said, strict=True)
    ]
    assert {cbor.decode(decided(states, mine))[4] for mine in (0, 1, 0, 1)} == {digest}


# Audit and convergence.

KEPT = ("epoch", "pick", "vote", "fork", "envelope")  # rows of these are added, never changed


def recorded(side):
    """All that a side has recorded: inputs, log, and the rows that stand for good."""
    rows = {name: set(side.store.query(f'SELECT * FROM "{name}"')) for name in KEPT}
    inputs = [(one.n, one.kind, one.at, hashlib.sha256(one.data).digest()) for one in side.store.inputs()]
    return inputs, list(side.store.events()), rows


def grows(before, after):
    inputs, events, rows = before
    return (
        after[0][: len(inputs)] == inputs
        and after[1][: len(events)] == events
        and all(rows[name] <= after[2][name] for name in KEPT)
    )


def step(world, rng, number):
    """One thing that may happen: a reading, a meeting that is cut, a restart, a vote."""
    side = rng.choice(world.sides)
    what = rng.choice(("reading", "reading", "meeting", "cut", "restart", "vote"))
    if what == "reading":
        board = rng.choice(side.boards[:2])
        board.reading(
            rng.choice(("water/dam", "water/well", "road/north")), rng.randrange(300), 30_000 + 10 * number
        )
        side.take(("segment", board.seal()))
    elif what in ("meeting", "cut"):
        dialer, listener = sessions(world, salt=number)
        converse(dialer, listener, count=rng.randrange(1, 24) if what == "cut" else None)
        dialer.close("cut")
        listener.close("cut")
    elif what == "restart":
        inputs = list(side.store.inputs())
        events = list(side.store.events())
        side.open()
        with side.store.writing():
            for one in inputs:
                side.store.put(one, side.desk._bridge.apply(one))
        side.desk._seen = inputs[-1].n
        assert list(side.store.events()) == events
    elif side.desk.state.cases:
        choice = rng.choice((None, world.alpha.mesh.id))
        favours = rng.random() < 0.8
        side.desk.submit("vote", signed(rng.choice(world.sides), plan_of_side(side, choice), favours))


def plan_of_side(side, choice):
    class Both:
        alpha = side

    return plan_of(Both, choice)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_nothing_recorded_changes_and_both_sides_converge(tmp_path, seed):
    rng = random.Random(seed)
    world = World(tmp_path)
    for side, other in world.pairs():
        world.equate(side, other)
    world.begin(world.agreement(gate=STOP if seed % 2 else None, merge=merge_of(1 + seed % 3 // 2)))
    observe(world)
    for number in range(25):
        before = [recorded(side) for side in world.sides]
        step(world, rng, number)
        assert all(grows(one, recorded(side)) for one, side in zip(before, world.sides, strict=True)), number
    for last in ("first", "second", "third"):
        dialer, listener = meet(world, salt=f"last {last}")
    assert dialer[-1] == listener[-1] == ("closed", "done")
    one, other = (side.desk.state for side in world.sides)
    assert one.epochs[-1].body == other.epochs[-1].body and one.stopped == other.stopped
    assert {case.id: (case.state, case.settled) for case in one.cases.values()} == {
        case.id: (case.state, case.settled) for case in other.cases.values()
    }
    before = [recorded(side) for side in world.sides]
    meet(world, salt="and no more")
    assert [recorded(side)[0] for side in world.sides] == [one[0] for one in before], (
        "nothing new, nothing written"
    )
