"""The bridge's own estimate of UTC at a meeting: from signed evidence alone, never from the machine. SPEC 9.3, 10.1"""

import asyncio

import pytest
from world import (
    UTC_S,
    VALID,
    Validity,
    World,
    converse,
    digest,
    events_of,
    observe,
    refusal_of,
    sessions,
    stream_of,
)

from fieldpost.boundary_proof import standing_of
from fieldpost.links import boundary_stream
from fieldpost.own_log import OwnLog, boot_attestation
from fieldpost.own_time import utc_at
from fieldwire import cbor, keys, tokens
from fieldwire import observation as obs

NS = 10**9


def exchanges_with_a_board(side, true_ms=40_000):
    """The bridge, whose clock shows true time, asks a board of its own mesh what time it is."""
    board, desk = side.boards[0], side.desk
    attestation = boot_attestation(side.signer, 1, digest("boot", side.name)[:8])
    credential = standing_of(desk.state, desk.thumbprint)[side.mesh.id].id
    own = OwnLog(side.signer, credential, tokens.token_id(attestation), stream_of(side.name + "own"))
    there, back = board.ms(true_ms + 20), board.ms(true_ms + 30)
    told = [digest("xid", side.name)[:8], 1, true_ms, 1, there, back]
    early = own.exchange([0, board.id, *told, true_ms + 50], (1, true_ms + 50))
    answered = cbor.encode([1, keys.device_id(side.signer.public), *told, None])
    board.leaf(true_ms + 60, obs.EVIDENCE, "log/time", obs.TIME_FORMAT, answered)
    side.take(("token", attestation), ("early", early), ("segment", board.seal(obs.EVIDENCE)))


def ready(folder, short=None):
    """Two bridges that know their time; `short`: how long bravo's bridge may speak at alpha's boundary."""
    world = World(folder)
    for side, other in world.pairs():
        world.equate(side, other)
    if short is not None:
        given = world.alpha.mesh.boundary(world.bravo.signer.public, short)
        world.bravo.extra[:] = [world.alpha.mesh.token(given)]
    world.begin()
    observe(world)
    for side in world.sides:
        exchanges_with_a_board(side)
    return world


@pytest.fixture
def world(tmp_path):
    return ready(tmp_path)


def test_a_bridge_that_exchanged_times_with_its_devices_knows_utc_within_their_claims(world):
    lo, hi = utc_at(world.alpha.desk.state, 1, 45_000)
    assert lo <= UTC_S * NS + 45 * NS <= hi and hi - lo < NS // 4


def test_an_estimate_widens_with_the_time_since_the_last_exchange(world):
    state = world.alpha.desk.state
    widths = [hi - lo for lo, hi in (utc_at(state, 1, ms) for ms in (45_000, 3_645_000, 86_445_000))]
    assert widths == sorted(widths) and widths[2] > 10 * widths[0]


def test_a_bridge_that_was_started_again_knows_that_it_is_later_and_no_more(world):
    lo, hi = utc_at(world.alpha.desk.state, 2, 1)
    assert lo > UTC_S * NS and hi is None


def test_without_evidence_nothing_says_what_utc_is(tmp_path):
    world = World(tmp_path)
    world.begin()
    assert utc_at(world.alpha.desk.state, 1, 5) is None


def meeting(world, alpha_ms):
    """How a meeting over a socket ends for both, alpha's bridge being at this reading of its own clock."""
    seen = []

    async def run():
        bravo = world.bravo.desk
        server = await boundary_stream.listen("tcp:0", bravo, utc=lambda: utc_at(bravo.state, 1, 50_000))
        port = server.sockets[0].getsockname()[1]
        alpha = world.alpha.desk
        async with server:
            seen.append(
                await boundary_stream.meet(f"tcp:{port}", alpha, lambda: utc_at(alpha.state, 1, alpha_ms))
            )

    asyncio.run(run())
    return seen[0]


def test_validity_at_a_meeting_is_judged_by_the_running_bridges_own_utc(world):
    found = meeting(world, 50_000)
    assert found.done and found.peer.note == ""


def test_a_boundary_agent_with_one_credential_expired_is_refused_by_the_bridges_own_utc(tmp_path):
    world = ready(tmp_path, short=Validity(VALID.nbf, UTC_S + 3_600))
    before = len(world.alpha.desk.state.entries)
    found = meeting(world, 2 * 3_600_000)
    assert found.refusal.code == "peer-unauthenticated" and "is valid from" in found.refusal.reason
    assert found.peer is None and len(world.alpha.desk.state.entries) == before
    assert [one[4] for one in world.alpha.events("discover")] == ["peer-unauthenticated"]
    assert meeting(world, 50_000).done, "an hour earlier it was valid"


def test_a_credential_that_may_or_may_not_have_ended_is_let_in_and_the_record_says_so(world):
    end = (VALID.exp - 5) * NS, (VALID.exp + 5) * NS
    dialer, listener = sessions(world, utc=end)
    converse(dialer, listener)
    found = dict(events_of(dialer)[:1])["met"]
    assert found.note == "validity not proved: UTC is not known closely enough"
    assert refusal_of(events_of(listener)) is None
    assert [one[5]["reason"] for one in world.alpha.events("discover")] == [found.note]


def test_once_a_bridge_knows_utc_the_listing_says_no_more_that_it_did_not(world):
    for salt, utc in enumerate((None, None, (UTC_S * NS, UTC_S * NS), (UTC_S * NS, UTC_S * NS))):
        dialer, listener = sessions(world, salt=salt, utc=utc)
        converse(dialer, listener)
    told = [one[5]["reason"] for one in world.alpha.events("discover")]
    assert told == ["validity not judged: UTC is not known", ""]
