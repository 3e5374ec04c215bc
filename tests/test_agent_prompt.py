"""The interpreter's prompt: no frame opens it, a person does, and the agent gives back what it took."""

from fieldagent.drivers import prompt
from fieldagent.drivers.prompt import Prompt, WayIn
from fieldagent.drivers.usb import StandardLink
from fieldwire import frame


def asked(*pieces):
    """Whether pieces (silence before them in ms, bytes) open the prompt, and how many bytes were looked at."""
    way_in, now_ms, looked = WayIn(0), 0, 0
    for silence_ms, data in pieces:
        now_ms += silence_ms
        for byte in data:
            looked += 1
            if way_in.asks(byte, now_ms):
                return True, looked
    return False, looked


def test_mpremote_and_a_person_at_the_keys_get_in_and_what_they_send_next_is_the_prompts():
    assert asked((100, b"\r\x03\r\x01")) == (True, 2)
    assert asked((100, b"\x03")) == (True, 1)
    assert asked((100, b"\x00\x07"), (200, b"\r\x03"))[0]


def test_who_asked_before_the_start_was_listening_gets_in_too():
    assert asked((0, b"\r\x03\r\x01")) == (True, 2), "as mpremote asks while modules are loaded"
    assert asked((0, b"\x03\r\x03"))[0] and asked((0, b"\r\n\x03"))[0]
    alone, rest = WayIn(0), WayIn(0)
    assert not alone.asks(3, 0) and not alone.waits(49) and alone.waits(50)
    for byte in b"\x03\x03":
        assert not rest.asks(byte, 0)
    assert not rest.waits(500) and not WayIn(0).waits(500)


def test_no_frame_gets_in_whatever_it_holds():
    for body in (b"\x03" * 200, b"\r\x03\r\x01" * 20, b"\x48\x03"):
        wire = frame.encode(body)
        assert not asked((100, wire), (0, wire), (0, wire))[0]
        assert not asked((100, wire), (500, wire))[0]
    for rest in (b"\x03" * 50, b"\x07\r\x03", b"\x48\x03\r\x03\x00"):
        assert not asked((10, rest))[0], "the rest of a frame that began before the reset"


class Board:
    def __init__(self, arrived):
        self.ms = 0
        self._arrived = arrived

    def console(self):
        return self

    def read_byte(self):
        return self._arrived.pop(0) if self._arrived and self.ms >= 500 else None

    async def sleep_ms(self, duration_ms):
        self.ms += duration_ms

    def now_ms(self):
        return self.ms


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value


def test_after_the_first_three_seconds_the_agent_starts():
    quiet, asking = Board([]), Board(list(b"\r\x03\r\x01"))
    assert run(prompt.wanted(quiet, quiet)) is False and 3_000 <= quiet.ms < 3_050
    assert run(prompt.wanted(asking, asking)) is True and asking._arrived == list(b"\r\x01")


class NoConsole:
    pass


def test_a_board_with_its_prompt_elsewhere_starts_at_once():
    assert run(prompt.wanted(NoConsole(), None)) is False


class System:
    def __init__(self):
        self.terminal = "uart"

    def dupterm(self, stream):
        before, self.terminal = self.terminal, stream
        return before


def test_the_copy_of_the_prompt_on_a_uart_is_taken_off_and_put_back():
    system = System()
    taken = Prompt(system)
    taken.take()
    assert system.terminal is None
    taken.give_back()
    assert system.terminal == "uart"


def test_a_port_without_copies_of_its_prompt_is_left_as_it_is():
    system = NoConsole()
    taken = Prompt(system)
    taken.take()
    taken.give_back()
    assert not hasattr(system, "terminal") and not hasattr(system, "dupterm")


def test_the_usb_port_has_the_face_of_a_link():
    assert all(
        hasattr(StandardLink, name) for name in ("read", "read_byte", "write", "baud", "turnaround_ms")
    )
