"""A board whose flash takes no seal at a start: it drains what is sealed, says so, and goes on after a custody."""

from agent_world import Bridge, config
from nor_flash import NorFlash
from test_agent_ring_board import K_DEV, RingBoard, enrolled, values
from vectors_io import fails

from fieldagent import app, record
from fieldagent.agent import Agent
from fieldagent.journal_files import Files
from fieldwire import cbor, seal
from fieldwire import observation as obs
from fieldwire.errors import StorageError

TEXT = config(seal={"count": 7, "age_ms": 600_000})
TAKEN = 44  # readings before the cut, two of them under no seal
LINKED_MS = 20_000


class Refusing(NorFlash):
    """Takes no seal of a start while it is `refusing`; each try uses a sector up."""

    refusing = False

    def writeblocks(self, block, buffer, offset):
        first = bytes(buffer).lstrip(b"\xff")[:1]
        if self.refusing and first and first[0] >> 4 == record.SEAL_RECOVERED:
            raise OSError(5, "the part does not answer")
        super().writeblocks(block, buffer, offset)


class Boot:
    """One boot, ended without a word; a bridge is there from `linked_ms` on. `world(boot, now_ms)` runs beside it."""

    def __init__(self, flash, raw, readings=(), off_ms=300, linked_ms=LINKED_MS, world=None):
        self.raw, self.files = raw, Files("", flash)
        self.agent = self.last = None
        board = RingBoard(1, {"t": readings}, off_ms, self._turn)
        board.raw = raw
        self._board, self._linked_ms, self._world = board, linked_ms, world
        self.bridge = Bridge(board.host_uart, K_DEV)
        self._run(flash)

    def _turn(self, now_ms):
        self._board.uart.cut = now_ms < self._linked_ms
        self.bridge.turn(now_ms)
        if self._world is not None:
            self._world(self, now_ms)

    def _run(self, flash):
        boot = self

        class Heard(app.Status):
            def print_if_due(self, now_ms):
                boot.agent = self._agent
                boot.last = self._agent.status()

        known = (app.Status, app.Files, Agent.stop)
        app.Status, app.Files, Agent.stop = Heard, lambda root: Files(root, flash), lambda agent: None
        try:
            app.run(self._board)
        except Exception as ended:
            if ended.__class__.__name__ != "PowerOff":
                raise
        finally:
            app.Status, app.Files, Agent.stop = known

    def boots(self):
        """Boots whose attestations are kept."""
        return sorted(int(name) for name, _ in self.files.entries("state/boots"))


def cut_off():
    """(flash, raw): a log with six segments and two readings of boot 2 under no seal, on flash that takes no more."""
    raw = Refusing(24, 2048, 4)
    flash = enrolled(raw, TEXT)
    assert Boot(flash, raw, list(range(TAKEN)), 12_000).last["signed"] == TAKEN - 2
    raw.refusing = True
    return flash, raw


def heal(boot, now_ms):
    if now_ms >= LINKED_MS:
        boot.raw.refusing = False


def told(bridge):
    return [
        entry
        for one, _ in bridge.leaves
        if one[obs.FORMAT] == obs.GAP_FORMAT
        for entry in cbor.decode(one[obs.PAYLOAD])
    ]


def test_a_board_that_cannot_seal_what_was_open_says_so_and_refuses_readings():
    last = Boot(*cut_off(), list(range(30)), 12_000).last
    assert (last["recovered"], last["failures"]) == (False, {"storage": 1})
    assert (last["journalled"], last["held_back"]) == (TAKEN - 2, 30)


def test_a_custody_lets_it_seal_and_a_gap_record_tells_what_was_refused_meanwhile():
    flash, raw = cut_off()
    boot = Boot(flash, raw, list(range(1_000, 1_300)), 60_000, world=heal)
    bridge, last = boot.bridge, boot.last
    assert last["recovered"] and last["failures"] == {"storage": 1} and last["dropped"] == 0
    taken = values(bridge)
    assert taken[: TAKEN - 2] == list(range(TAKEN - 2)) and {TAKEN - 2, TAKEN - 1} <= set(taken)
    recovered = [body for body in bridge.bodies if body.flags == seal.RECOVERED]
    assert [(body.boot, body.count) for body in recovered] == [(2, 2)]
    assert recovered[0].attestation in bridge.tokens
    entries = told(bridge)
    assert {entry[5] for entry in entries} == {"went on"} and {entry[3][0] for entry in entries} == {3}
    assert sum([entry[4] for entry in entries]) == last["held_back"] > 100
    assert last["journalled"] == last["signed"] == last["freed"] == len(bridge.leaves)
    seqs = [one[obs.SEQ] for one, _ in bridge.leaves if one[obs.STREAM] == 1]
    assert all(entry[2] <= min(seq for seq in seqs if seq >= 64) for entry in entries if entry[1] == 1)


def test_a_board_that_is_drained_and_cannot_seal_keeps_the_attestation_of_what_is_open():
    flash, raw = cut_off()
    boot = Boot(flash, raw, linked_ms=0, off_ms=30_000)
    assert boot.last["freed"] == TAKEN - 2 and not boot.agent.journal.segments_held
    assert not boot.last["recovered"] and boot.boots() == [2, 3]
    raw.refusing = False
    drained = Boot(flash, raw, linked_ms=0, off_ms=30_000)
    assert values(drained.bridge) == [TAKEN - 2, TAKEN - 1] and drained.boots() == [4]


def test_starts_that_cannot_seal_fill_neither_the_log_nor_the_folder_of_attestations():
    flash, raw = cut_off()
    for number in range(3, 60):
        boot = Boot(flash, raw)
        assert not boot.last["recovered"] and boot.boots() == [2, number]
    raw.refusing = False
    taken = values(Boot(flash, raw, linked_ms=0, off_ms=30_000).bridge)
    assert sorted(taken) == list(range(TAKEN))


def test_a_key_is_not_handed_over_while_leaves_lie_under_no_seal():
    boot = Boot(*cut_off())
    assert "drain" in str(fails(StorageError, boot.agent.close_log))
