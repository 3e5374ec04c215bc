"""The local link: greeting, verified early copies, refusals, and time exchanges recorded on both sides."""

from agent_world import Mesh

from fieldagent.neighbours import ANSWER, ASK, BEACON, EARLY, TOKEN, Neighbours
from fieldagent.trust import Trust
from fieldwire import cbor, keys, tokens
from fieldwire import observation as obs
from fieldwire.ed25519 import Ed25519Signer, verify

ALPHA, BRAVO = Mesh(10), Mesh(20)


class Settings:
    beacon_ms = 1_000
    exchange_ms = 5_000


class Node:
    """A device on the air, with its own mesh's trust."""

    def __init__(self, mesh, number):
        self.signer = Ed25519Signer(bytes([number]) * 32)
        self.device = keys.device_id(self.signer.public)
        self.own = mesh.device_credential(self.signer.public)
        trust = Trust(mesh.id, mesh.root.public, verify)
        trust.add(mesh.region)
        trust.add(self.own)
        self.drawn = 0
        self.link = Neighbours(
            self.device, number, trust, [mesh.region, self.own], lambda: [], self._random, Settings
        )
        self.events = []

    def _random(self, count):
        self.drawn += 1
        return (self.device + bytes([self.drawn]))[-count:]

    def early_copy(self, seq):
        return obs.early_copy(
            obs.encode(
                {
                    obs.DEVICE: self.device,
                    obs.INCARNATION: b"\x01" * 8,
                    obs.STREAM: 0,
                    obs.SEQ: seq,
                    obs.TREF: [1, seq],
                    obs.FORMAT: b"\x22" * 16,
                    obs.SUBJECT: "field/air",
                    obs.PAYLOAD: cbor.encode([seq]),
                    obs.CREDENTIAL: tokens.token_id(self.own),
                    obs.BOOT_ATTESTATION: b"\x02" * 16,
                    obs.SALT: b"\x03" * 8,
                }
            ),
            self.signer,
        )


def run(nodes, until_ms, latency_ms=40, lost=lambda frame: False):
    """Everybody hears everybody, `latency_ms` later; returns all frames that were sent."""
    air, sent = [], []
    for now_ms in range(0, until_ms, 20):
        for node in nodes:
            if now_ms >= node.link.deadline():
                node.link.on_deadline(now_ms)
            one = node.link.to_send(now_ms)
            while one is not None:
                sent.append(one)
                if not lost(one):
                    air.append((now_ms + latency_ms, node, one))
                one = node.link.to_send(now_ms)
        for arrived in [entry for entry in air if entry[0] <= now_ms]:
            for node in nodes:
                if node is not arrived[1]:
                    node.link.receive(arrived[2], now_ms)
        air = [entry for entry in air if entry[0] > now_ms]
        for node in nodes:
            event = node.link.next_event()
            while event is not None:
                node.events.append(event)
                event = node.link.next_event()
    return sent


def named(node, name):
    return [event for event in node.events if event[0] == name]


def test_an_early_copy_of_a_greeted_neighbour_is_verified_once():
    one, other = Node(ALPHA, 1), Node(ALPHA, 2)
    run([one, other], 1_000)
    for _ in range(2):
        one.link.broadcast(one.early_copy(5))
    run([one, other], 500)
    (event,) = named(other, "early")
    assert event[1][obs.SEQ] == 5 and event[2] == obs.observation_id(obs.encode(event[1]))
    assert event[3].claims[tokens.AUTHORITY] == "region/field"
    assert not named(one, "early")


def test_a_neighbour_of_another_mesh_is_not_believed():
    one, other = Node(ALPHA, 1), Node(BRAVO, 2)
    run([one, other], 1_000)
    one.link.broadcast(one.early_copy(5))
    run([one, other], 500)
    assert not named(other, "early")
    assert other.link.refused["token-chain"] and other.link.refused["token-unknown"] == 1


def test_tokens_come_again_for_a_neighbour_that_lost_them():
    one, other = Node(ALPHA, 1), Node(ALPHA, 2)
    losses = [5]

    def lost(frame):
        losses[0] -= frame[0] == TOKEN
        return frame[0] == TOKEN and losses[0] >= 0

    run([one, other], 9_000, lost=lost)
    one.link.broadcast(one.early_copy(5))
    run([one, other], 500)
    assert len(named(other, "early")) == 1


def test_an_early_copy_that_comes_before_its_credential_is_verified_once_that_came():
    one, other = Node(ALPHA, 1), Node(ALPHA, 2)
    other.link.receive(bytes((EARLY,)) + cbor.encode([one.early_copy(5)]), 0)
    assert other.link.next_event() is None and other.link.refused == {"token-unknown": 1}
    run([one, other], 1_000)
    assert [event[1][obs.SEQ] for event in named(other, "early")] == [5]


def test_tokens_that_arrive_in_any_order_are_held_in_the_end():
    one, other = Node(ALPHA, 1), Node(ALPHA, 2)
    other.link._trust = Trust(ALPHA.id, ALPHA.root.public, verify)
    frames = [bytes((EARLY,)) + cbor.encode([one.early_copy(5)])]
    frames += [bytes((TOKEN,)) + cbor.encode([data]) for data in (one.own, ALPHA.region)]
    for frame in frames:
        assert other.link.next_event() is None
        other.link.receive(frame, 0)
    assert other.link.next_event()[1][obs.SEQ] == 5
    assert sorted(other.link.refused) == ["token-issuer-unknown", "token-unknown"]


def test_an_exchange_between_any_two_meshes_is_recorded_alike_on_both_sides():
    one, other = Node(ALPHA, 1), Node(BRAVO, 2)
    run([one, other], 4_000)
    asked = {event[1][2]: event[1] for event in named(one, "exchange") if event[1][0] == 0}
    answered = {event[1][2]: event[1] for event in named(other, "exchange") if event[1][0] == 1}
    assert asked and set(asked) == set(answered)
    for xid, mine in asked.items():
        theirs = answered[xid]
        assert mine[1] == other.device and theirs[1] == one.device
        assert mine[2:8] == theirs[2:8] and theirs[8] is None
        t1, t2, t3, t4 = mine[4], mine[6], mine[7], mine[8]
        assert t2 - t1 >= 40 and t4 - t3 >= 40 and (mine[3], mine[5]) == (1, 2)


def test_exchanges_are_asked_for_periodically_and_answered_within_a_bound():
    one, other = Node(ALPHA, 1), Node(BRAVO, 2)
    run([one, other], 16_500)
    assert 3 <= len([event for event in named(one, "exchange") if event[1][0] == 0]) <= 5
    for number in range(20):
        ask = bytes((ASK,)) + cbor.encode([b"\x09" * 16, bytes([number]) * 8, 1, number])
        one.link.receive(ask, 20_000 + number)
    assert one.link.refused["frame-limit"] == 19


def test_an_answer_is_taken_only_to_an_open_ask_of_ours_and_once():
    node = Node(ALPHA, 1)
    node.link.receive(bytes((BEACON,)) + cbor.encode([b"\x09" * 16, 3, 7, []]), 0)
    node.link.on_deadline(0)
    sent = []
    one = node.link.to_send(10)
    while one is not None:
        sent.append(one)
        one = node.link.to_send(10)
    (ask,) = [cbor.decode(one[1:]) for one in sent if one[0] == ASK]
    good = [node.device, b"\x09" * 16] + ask[1:] + [3, 50, 51]

    def answer(body):
        node.link.receive(bytes((ANSWER,)) + cbor.encode(body), 90)
        return node.link.next_event()

    assert answer([b"\x0a" * 16] + good[1:]) is None
    assert answer(good[:2] + [b"\x00" * 8] + good[3:]) is None
    assert answer(good[:4] + [good[4] + 1] + good[5:]) is None
    assert answer(good) == ("exchange", [0, b"\x09" * 16] + ask[1:] + [3, 50, 51, 90])
    assert answer(good) is None


def test_malformed_frames_are_counted_and_change_nothing():
    node = Node(ALPHA, 1)
    bad = (
        b"",
        b"\x10",
        b"\x7f\x80",
        bytes((BEACON,)) + cbor.encode([]),
        bytes((BEACON,)) + cbor.encode({}),
        bytes((BEACON,)) + b"\x84\x01",
        bytes((TOKEN,)) + cbor.encode([7]),
        bytes((TOKEN,)) + cbor.encode([b"not a token"]),
        bytes((EARLY,)) + cbor.encode([b"\x00" * 1_200]),
        bytes((ASK,)) + cbor.encode([b"\x09" * 16, b"\x00" * 8, 1, -1]),
        bytes((ANSWER,)) + cbor.encode([b"\x09" * 16] * 8),
        bytes((ANSWER,)) + cbor.encode([b"\x09" * 16, b"\x0a" * 16, b"\x00" * 8, 1, 2, 3, 4, -5]),
        bytes(1_100),
    )
    for one in bad:
        node.link.receive(one, 0)
    assert sum(node.link.refused.values()) == len(bad)
    assert node.link.next_event() is None and node.link.to_send(0) is None


def test_a_beacon_names_the_device_its_time_and_the_head_of_its_log():
    node = Node(ALPHA, 1)
    node.link.on_deadline(123)
    one = node.link.to_send(124)
    assert one[0] == BEACON and cbor.decode(one[1:]) == [node.device, 1, 123, []]
