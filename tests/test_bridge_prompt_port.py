"""The prompt's port as a terminal sees it: greeting, interrupts, soft resets, line ends, a reader that is absent."""

import asyncio
import time

import serial
from emulated_probe import settle
from mpremote_bench import bench

GREETING = b'Type "help()" for more information.\r\n>>> '
MAIN = b"import sys\nprint('one\\ntwo')\n"


def at_a_terminal(folder, story, files=None, ready=GREETING):
    """`story(port)` runs in a thread of its own, once the board has said `ready`."""

    async def whole():
        async with bench(folder, files) as mpremote:
            with serial.Serial(mpremote.port, timeout=5) as port:
                mpremote.board.reset()
                begun = await asyncio.to_thread(port.read_until, ready)
                await asyncio.to_thread(story, port, begun, mpremote.board)

    asyncio.run(whole())


def asked(port, data, until):
    port.write(data)
    return port.read_until(until)


def test_main_runs_then_a_person_is_greeted_and_line_ends_are_a_ports(tmp_path):
    def story(port, begun, _board):
        assert begun.startswith(b"one\r\ntwo\r\nMicroPython ")
        assert asked(port, b"6 * 7\r", b">>> ") == b"6 * 7\r\n42\r\n>>> "
        assert b"'sys' isn't" not in asked(port, b"sys\r", b">>> ")

    at_a_terminal(tmp_path, story, {"main.py": MAIN})


def test_ctrl_d_is_a_soft_reset_that_runs_main_and_forgets_globals(tmp_path):
    def story(port, _begun, board):
        asked(port, b"x = 1\r", b">>> ")
        said = asked(port, b"\x04", GREETING)
        assert said.startswith(b"\r\nMPY: soft reboot\r\none\r\ntwo\r\nMicroPython ")
        assert b"NameError" in asked(port, b"x\r", b">>> ")
        assert board.failure is None

    at_a_terminal(tmp_path, story, {"main.py": MAIN})


def test_a_soft_reset_at_a_raw_prompt_goes_from_raw_to_raw_and_runs_boot_alone(tmp_path):
    def story(port, _begun, _board):
        assert asked(port, b"\x01", b"\r\n>") == b"\r\nraw REPL; CTRL-B to exit\r\n>"
        said = asked(port, b"\x04", b"exit\r\n>")
        assert said == b"OK\r\nMPY: soft reboot\r\nboot\r\nraw REPL; CTRL-B to exit\r\n>"
        assert asked(port, b"print(5)\x04", b"\x04>") == b"OK5\r\n\x04\x04>"
        assert asked(port, b"\x05A\x01", b"\x01").startswith(b"R\x01")

    at_a_terminal(tmp_path, story, {"boot.py": b"print('boot')\n", "main.py": MAIN})


def test_leaving_and_machine_soft_reset_and_reset_start_it_anew(tmp_path):
    def story(port, _begun, board):
        for code, reason in (
            (b"raise SystemExit", "soft-reset"),
            (b"import machine; machine.soft_reset()", "soft-reset"),
            (b"import machine; machine.reset()", "reset"),
        ):
            asked(port, code + b"\r", GREETING)
            assert [line for line in board.tail(9) if line.startswith("---")][-1].startswith(f"--- {reason},")

    at_a_terminal(tmp_path, story)


def test_interrupts_one_after_another_end_a_program_and_not_the_board(tmp_path):
    def story(port, _begun, board):
        for _ in range(20):
            port.write(b"while True: pass\r\r")
            time.sleep(0.02)
            port.write(b"\x03")
            port.write(b"\x03")
            assert b"KeyboardInterrupt" in port.read_until(b"Interrupt: ")
            port.read_until(b">>> ")
        assert (board.failure, board.power_ons) == (None, 2)

    at_a_terminal(tmp_path, story)


def test_a_traceback_of_main_names_main_alone(tmp_path):
    def story(_port, begun, _board):
        assert begun.startswith(
            b'Traceback (most recent call last):\r\n  File "main.py", line 2, in <module>\r\n'
        )
        assert begun.count(b"File") == 1

    at_a_terminal(tmp_path, story, {"main.py": b"\n1 // 0\n"})


def test_a_board_that_nobody_reads_goes_on_and_its_log_has_all(tmp_path):
    async def whole():
        main = b"for n in range(3000):\n    print('line', n)\nprint('done')\n"
        async with bench(tmp_path, {"main.py": main}) as mpremote:
            assert await settle(lambda: "done" in mpremote.board.tail(5), 10)
            assert "line 1234\n" in mpremote.board.console.read_text()

    asyncio.run(whole())
