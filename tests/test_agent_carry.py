"""A mule takes what is proven, within its bounds, and brings custody back that its origin alone can check. SPEC 8.11"""

from carry_world import ABROAD, BRIDGE, HOME, INTERVAL_MS, LINK, Log, Meeting, Whom
from every_cut import every_cut
from fake_flash import FakeFlash

from fieldagent.carry_origin import Origin
from fieldagent.carry_store import CarryStore, blocks
from fieldwire import carry_frames, limits, seal, token_writer, tokens
from fieldwire.carry_frames import CARRY, KEPT, OFFER, TAKEN
from fieldwire.ed25519 import Ed25519Signer


def whole(store, place):
    return store.read(place, 0, limits.SEGMENT_MAX)


def bring(meeting, log, place, first=None):
    """A bridge gives custody to the mule."""
    meeting.store.settle(BRIDGE, *log.custody_of(place, first))


def test_a_mule_takes_segments_with_all_tokens_that_prove_them():
    log = Log(1)
    places = [log.seal(), log.seal(9, 200)]
    meeting = Meeting(FakeFlash(), log).run()
    assert meeting.places() == places and meeting.woken
    for place in places:
        assert whole(meeting.store, place) == log.kept[place[3]]
        assert [meeting.store.token(one) for one in meeting.store.needs(place)] == log.held
    assert sorted(log.kept) == [0, 1], "handing over frees nothing"


def test_what_is_lost_on_the_way_is_asked_for_again():
    log = Log(1)
    place = log.seal(16, 200)
    meeting = Meeting(FakeFlash(), log, lose=lambda count: (count * 40_503 >> 5) % 3 == 0).run(60_000)
    assert meeting.places() == [place] and whole(meeting.store, place) == log.kept[0]


def test_custody_comes_back_to_its_origin_which_frees_just_that_range():
    log = Log(1)
    places = [log.seal() for _ in range(3)]
    meeting = Meeting(FakeFlash(), log).run()
    bring(meeting, log, places[1], 0)
    assert meeting.places() == places[2:]
    meeting.run()
    assert sorted(log.kept) == [2] and meeting.freed == [(log.incarnation, 1, 0, 1)]
    assert not meeting.store.receipts_for(log.device), "it has done its way"
    assert meeting.places() == places[2:], "what is freed is not taken again"


def test_custody_survives_the_mules_restart_and_is_not_taken_for_a_reason_to_carry_again():
    log, flash = Log(1), FakeFlash()
    place = log.seal()
    meeting = Meeting(flash, log).run()
    bring(meeting, log, place)
    again = Meeting(flash, log)
    assert len(again.store.receipts_for(log.device)) == 1 and not again.store.wants(place, 100)
    again.run()
    assert not log.kept and not again.places()


def test_custody_that_a_mule_makes_up_or_alters_frees_nothing():
    log = Log(1)
    place = log.seal()
    log.seal()
    told = log.custody_of(place)
    forged = [
        told[:5] + (bytes(8),),
        told[:5] + (bytes((told[5][0] ^ 1,)) + told[5][1:],),
        told[:4] + (1, told[5]),  # the same MAC for one segment more
    ]
    for one in forged:
        meeting = Meeting(FakeFlash(), log)
        meeting.store.settle(BRIDGE, *one)
        meeting.run()
        assert sorted(log.kept) == [0, 1] and meeting.origins[0].refused["custody-mac"], one
    meeting = Meeting(FakeFlash(), log)
    meeting.store.settle(b"\x98" * 32, *told)  # another bridge
    meeting.run()
    assert sorted(log.kept) == [0, 1] and not meeting.freed


def test_custody_that_comes_twice_frees_once():
    log = Log(1)
    place = log.seal()
    origin = Origin(log.device, log.k_dev, log, LINK.frame_max, INTERVAL_MS)
    told = log.custody_of(place)
    frame = carry_frames.encode(KEPT, [Whom.device, log.device, BRIDGE] + list(told[1:]))
    origin.receive(frame, 0)
    assert origin.next_event() == ("custody", log.incarnation, 1, 0, 0)
    log.hashes.clear()  # what custody freed is forgotten
    origin.receive(frame, 1)
    assert origin.next_event() is None and not origin.refused
    assert [origin.to_send(2)[0], origin.to_send(2)[0]] == [TAKEN, TAKEN]


def test_a_segment_that_was_altered_on_the_way_is_not_kept():
    log = Log(1)
    log.seal()
    log.kept[0] = log.kept[0][:-1] + bytes((log.kept[0][-1] ^ 1,))
    meeting = Meeting(FakeFlash(), log).run()
    assert not meeting.places() and not meeting.store._used() and sum(meeting.mule.refused.values())


def test_a_segment_of_another_mesh_is_not_kept():
    log = Log(1, ABROAD)
    log.seal()
    meeting = Meeting(FakeFlash(), log).run()
    assert not meeting.places() and meeting.mule.refused["token-chain"]


def test_a_segment_under_the_credential_of_another_device_is_not_kept():
    thief, owner = Log(1), Log(2)
    owner.seal()
    thief.kept, thief.incarnation, thief.held = owner.kept, owner.incarnation, owner.held
    meeting = Meeting(FakeFlash(), thief).run()
    assert not meeting.places() and meeting.mule.refused["device-mismatch"]


def test_a_segment_other_than_the_one_that_was_offered_is_not_kept():
    log = Log(1)
    log.seal()
    log.seal()
    log.kept = {5: log.kept[1]}
    meeting = Meeting(FakeFlash(), log).run()
    assert not meeting.places() and meeting.mule.refused["seal-shape"]


def test_a_boot_that_the_device_did_not_sign_is_no_proof():
    log = Log(1)
    other = Ed25519Signer(b"\x77" * 32)
    log.attestation = token_writer.attestation(b"board", 1, 1, bytes(32), "1", bytes(32), other)
    log.held[2] = log.attestation
    log.seal()
    meeting = Meeting(FakeFlash(), log).run()
    assert not meeting.places() and sum(meeting.mule.refused.values())


def test_a_device_whose_credential_was_taken_back_is_not_carried_for():
    from fieldagent.revoked import Revoked
    from fieldagent.trust import Trust
    from fieldwire import cose
    from fieldwire.ed25519 import verify

    log = Log(1)
    log.seal()
    meeting = Meeting(FakeFlash(), log)
    trust = Trust(HOME.id, HOME.root.public, verify)
    trust.add(HOME.region)
    claims = {tokens.EXP: 4_100_000_000, tokens.NBF: 1_600_000_000, tokens.ISSUER: HOME.region_id}
    claims[tokens.TARGET] = tokens.token_id(log.credential)
    Revoked(meeting.files, trust).add(tokens.issue(cose.REVOCATION, claims, HOME.authority))
    meeting.run()
    assert not meeting.places() and meeting.mule.refused["credential-revoked"]


def test_one_device_takes_no_more_than_a_quarter_of_the_room():
    greedy, modest = Log(1), Log(2)
    for _ in range(9):
        greedy.seal()
    modest.seal()
    meeting = Meeting(FakeFlash(), greedy, modest, total=20 * blocks(1)).run(20_000)
    kept = meeting.places()
    assert len([place for place in kept if place[0] == greedy.device]) == 5
    assert len([place for place in kept if place[0] == modest.device]) == 1
    assert meeting.store._used() <= 20 * blocks(1)


def test_a_mule_whose_own_log_may_need_the_room_takes_nothing():
    log, flash = Log(1), FakeFlash()
    log.seal()
    meeting = Meeting(flash, log)
    meeting.own.need = flash.free_bytes("/") - 7 * blocks(1) + 1
    assert not meeting.run().places()
    meeting.own.need = 0
    assert meeting.run().places()


def test_a_full_flash_costs_what_was_to_be_carried_and_nothing_else():
    class Full(FakeFlash):
        def commit(self, path, data, flushed):
            if "/carry/" in path and data:
                raise OSError(28, path)
            super().commit(path, data, flushed)

    log = Log(1)
    log.seal()
    meeting = Meeting(Full(), log).run()
    assert not meeting.places() and meeting.mule.refused["storage"]


def test_what_a_bridge_gives_no_custody_for_is_let_go_and_not_taken_again():
    log = Log(1)
    place = log.seal()
    meeting = Meeting(FakeFlash(), log).run()
    meeting.store.settle(BRIDGE, *place[:3], 0, 0, None)
    meeting.run()
    assert not meeting.places() and not meeting.store._used() and 0 in log.kept


def test_two_mules_carry_the_same_segment_and_either_may_free_it():
    log = Log(1)
    place = log.seal()
    first, second = Meeting(FakeFlash(), log).run(), Meeting(FakeFlash(), log).run()
    bring(first, log, place)
    bring(second, log, place)
    first.run()
    assert not log.kept
    second.run()
    assert not second.store.receipts_for(log.device) and not second.origins[0].refused


def test_a_mule_that_never_comes_back_costs_its_origin_nothing():
    log = Log(1)
    place = log.seal()
    Meeting(FakeFlash(), log).run()
    assert log.places() == [place[1:]]
    other = Meeting(FakeFlash(), log).run()
    bring(other, log, place)
    other.run()
    assert not log.kept


def test_a_device_that_goes_out_of_reach_is_left_for_the_next_one():
    gone, here = Log(1), Log(2)
    gone.seal(16, 300)
    here.seal()
    meeting = Meeting(FakeFlash(), gone)
    meeting.run(INTERVAL_MS)
    meeting.origins = [Origin(here.device, here.k_dev, here, LINK.frame_max, INTERVAL_MS)]
    meeting.run(30_000)
    assert [place[0] for place in meeting.places() if place[0] == here.device] == [here.device]


def test_a_device_that_comes_back_into_reach_is_gone_on_with_within_an_interval():
    log = Log(1)
    freed = log.seal()
    away = []
    meeting = Meeting(FakeFlash(), log, lose=lambda count: bool(away)).run()
    place = log.seal(16, 300)
    while not meeting.origins[0]._parts:
        meeting.run(5)
    away.append(True)
    meeting.run(3_000)
    bring(meeting, log, freed)
    assert meeting.places() == [] and 0 in log.kept
    away.clear()
    meeting.run(2 * INTERVAL_MS)
    assert meeting.places() == [place] and 0 not in log.kept


def test_a_device_offers_no_more_often_than_twice_in_its_interval_and_never_what_is_too_long():
    log = Log(1)
    log.seal()
    log.kept[1] = bytes(limits.CARRIED_SEGMENT_MAX + 1)
    origin = Origin(log.device, log.k_dev, log, LINK.frame_max, INTERVAL_MS)
    call = carry_frames.encode(CARRY, [Whom.device])
    origin.receive(call, 0)
    origin.receive(call, INTERVAL_MS // 2 - 1)
    kind, body = carry_frames.decode(origin.to_send(1))
    assert kind == OFFER and [row[2] for row in body[2]] == [0]
    assert origin.to_send(1) is None and origin.refused == {"frame-limit": 1}


def test_a_segment_is_checked_as_it_is_opened():
    from fieldwire.ed25519 import verify

    log = Log(1)
    log.seal(5)
    data = log.kept[0]
    seal.check_segment(data, log.signer.public, log.device, verify)
    for at in range(0, len(data), 7):
        altered = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        outcomes = []
        for look in (seal.check_segment, seal.open_segment):
            try:
                look(altered, log.signer.public, log.device, verify)
                outcomes.append("")
            except seal.WireError as error:
                outcomes.append(error.code)
        assert outcomes[0] == outcomes[1] != "", at


PLACE = (b"\x01" * 16, b"\x02" * 8, 1, 7)
OTHER = (b"\x01" * 16, b"\x02" * 8, 1, 8)
HELD = [(b"\x05" * 16, b"root's own"), (b"\x06" * 16, b"the device's")]
MORE = [HELD[0], (b"\x07" * 16, b"another boot")]


def test_a_cut_at_any_operation_of_the_mule_leaves_whole_segments_or_their_custody():
    done = []

    def store_of(files):
        return CarryStore(files, 1 << 20, lambda: 0)

    def prepare(files):
        store_of(files).put(PLACE, b"segment seven", HELD)

    def act(files):
        done.clear()
        store = store_of(files)
        store.put(OTHER, b"segment eight", MORE)
        done.append("eight is kept")
        store.settle(BRIDGE, *PLACE[:3], 0, 7, bytes(8))
        done.append("seven has custody")
        store.settle(BRIDGE, *OTHER[:3], 0, 8, bytes(8))
        done.append("eight has custody")
        store.forget_receipt(store.receipts_for(PLACE[0])[0])
        done.append("told")

    def check(files, ended):
        store = store_of(files)
        kept = [place for place, _ in store.segments()]
        covered = [row[5] for row in store.receipts_for(PLACE[0])]
        for place in kept:
            assert whole(store, place) == (b"segment seven" if place == PLACE else b"segment eight")
            assert all(store.token(one) for one in store.needs(place)), done
        assert PLACE in kept or max(covered + [0]) >= 7 or "eight has custody" in done, done
        if "eight is kept" in done and "eight has custody" not in done:
            assert OTHER in kept or 8 in covered, done
        if not kept:
            assert not [name for name, _ in files.entries("carry") if not name.startswith("custody")], done
        assert ended == ("told" in done)
        assert len(covered) <= 1, "a custody within another says nothing more"

    assert every_cut(prepare, act, check) > 20


def test_the_flash_of_this_machine_tells_its_free_space():
    from fieldagent.journal_files import Files

    assert Files("").free_bytes() > 0
