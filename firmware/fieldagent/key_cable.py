"""How a device comes by its keys over the cable: enrolment before anything else, a rotation now and then.

Shell of the two protocols: moves frames and time, and makes durable what they decided before the host is told.
Loaded only while one of them is under way. SPEC 8.7
"""

from fieldagent import seed
from fieldagent.next_key import NextKey
from fieldwire.port import const

_TURN_MS = const(5)
# A device that hands over observes nothing meanwhile; an authority's answer is a matter of seconds.
_HANDOVER_MS = const(30_000)
_LAST_WORDS_MS = const(1_000)


def _maker(board):
    """make(host bytes) -> a new seed of this board."""
    return lambda host: seed.make_seed(board.random_bytes, host, board.unique_id(), seed.jitter_of(board))


async def enrol(board, files, clock, uart):
    """The Identity that a host has given this device, durable; waits for it as long as it takes."""
    from fieldagent.enrolment import Enrolment
    from fieldagent.start_up import measure

    measurement = measure(files, board.slot)
    enrolment = Enrolment(
        board.unique_id(), board.NAME.encode(), measurement, _maker(board), lambda: board.standing
    )
    known = None
    while known is None:
        uart.turn(enrolment, clock)
        event = enrolment.next_event()
        if event is not None and event[0] == "keyless":
            print("error", event[1])
        elif event is not None:
            event[1].store(files)
            known = event[1]
            enrolment.confirm()
        await board.sleep_ms(_TURN_MS)
    uart.turn(enrolment, clock)
    return known


async def hand_over(board, files, clock, uart, agent, known, boot, rotate_start):
    """True when the key was rotated as the frame `rotate_start` asked: the board is another device now.

    Else all is as before, and the agent goes on where a handover had stopped it.
    """
    from fieldagent.handover import Handover

    next_key = NextKey(files, _maker(board))
    handover = Handover(known, boot, next_key, agent.close_log, agent.journal_incarnations)
    handover.receive(rotate_start, clock.now_ms())
    if not handover.begun:
        return False
    rotated, until_ms = None, clock.now_ms() + _HANDOVER_MS
    while clock.now_ms() < until_ms:
        uart.turn(handover, clock)
        event = handover.next_event()
        if event is not None and event[0] == "keyless":
            print("error", event[1])
        elif event is not None:
            event[1].store(files)
            rotated = event[1]
            next_key.forget()
            handover.confirm()
            until_ms = clock.now_ms() + _LAST_WORDS_MS
        await board.sleep_ms(_TURN_MS)
    if rotated is None:
        agent.start(clock.now_ms())
    return rotated is not None
