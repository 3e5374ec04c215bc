"""The agent's heap: the whole scenario in a heap of fixed size, no growth over many sessions, nothing in vain."""

from pathlib import Path

import pytest

from fieldpost.bench.device import heap, heap_modules
from fieldpost.bench.device.heap_world import BridgeAndNeighbour, EnrollingHost, Mesh, settings
from fieldpost.bench.device.lockstep import BoardFailed, LockstepBoard, firmware
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.heap_need import (
    IN_FLASH_BYTES,
    IN_FLASH_FULL_BYTES,
    IN_HEAP_BYTES,
    IN_HEAP_FULL_BYTES,
)

SESSION_MS, SESSIONS_UNTIL_MS = 2_000, 90_000
GROWTH_BYTES_MAX = 1_024

READERS = {
    "cose",
    "merkle",
    "observation",
    "schema",
    "seal",
    "tokens",
    "tref",
    "ed25519_verify",
    "error_numbers",
}
SELDOM = {"config", "enrolment", "gap", "handover", "listener", "neighbours", "start_up", "trust"}


@pytest.fixture(scope="module")
def files():
    return firmware()


def test_the_whole_agent_passes_its_scenario_in_a_small_heap(files):
    assert heap.passes(IN_FLASH_BYTES, files, full=False).observations > heap.OBSERVED_MIN


def test_with_neighbours_and_a_rule_it_needs_more_and_no_more_than_this(files):
    assert heap.passes(IN_FLASH_FULL_BYTES, files, full=True).observations > heap.OBSERVED_MIN


def test_with_its_modules_in_a_pack_it_needs_what_a_build_says():
    profile = heap.without_rom()
    files = firmware(profile)
    for heap_bytes, full in ((IN_HEAP_BYTES, False), (IN_HEAP_FULL_BYTES, True)):
        assert heap.passes(heap_bytes, files, full, profile).observations > heap.OBSERVED_MIN


def test_a_heap_that_is_too_small_is_noticed(files):
    with pytest.raises(BoardFailed, match="MemoryError"):
        heap.passes(IN_FLASH_BYTES // 2, files, full=False)


def test_sessions_that_end_and_begin_again_leave_nothing_behind(files, tmp_path: Path):
    """Some ten thousand turns of the loop in a heap that a small leak would fill."""
    mesh = Mesh()
    board = LockstepBoard(tmp_path, load_profile(), {**files, **settings(full=False)})
    board.run(IN_FLASH_BYTES, heap.ENROLLED_BY_MS, EnrollingHost(mesh))
    bridge = BridgeAndNeighbour(mesh, None)
    hung_up_ms = 0

    def turn(now_ms, lines):
        nonlocal hung_up_ms
        if now_ms - hung_up_ms >= SESSION_MS:
            hung_up_ms = now_ms
            bridge.hang_up()
        return bridge(now_ms, lines)

    used = heap.used_bytes(board.run(IN_FLASH_BYTES, SESSIONS_UNTIL_MS, turn), IN_FLASH_BYTES)
    third = len(used) // 3
    assert bridge.sessions > 30 and bridge.observations > 300
    assert min(used[-third:]) <= min(used[third:-third]) + GROWTH_BYTES_MAX
    assert max(used[-third:]) <= max(used[third:-third]) + GROWTH_BYTES_MAX


def test_a_board_loads_nothing_that_only_a_reader_or_a_rare_moment_needs():
    names = {name.partition(".")[2] for name in heap_modules.loaded()}
    assert {"agent", "journal", "cbor", "session_device"} <= names
    assert not names & (READERS | SELDOM)
