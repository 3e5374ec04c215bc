"""mpremote as it is, against an emulated board: each command that a person uses on a real one."""

import asyncio
import hashlib
import time

import pytest
import serial
from emulated_probe import BOARD, settle
from mpremote.transport_serial import SerialTransport
from mpremote_bench import Terminal, bench, index, served

BOOT = b"print('boot runs')\nbooted = 1\n"
MAIN = b"print('main runs')\nstarted = booted + 1\n"
BYTES = bytes(range(256)) * 8


def on_a_bench(folder, story, files=None, **spec):
    async def whole():
        async with bench(folder, files, **spec) as mpremote:
            await story(mpremote)

    asyncio.run(whole())


def test_exec_prints_and_a_traceback_ends_in_an_exit_code(tmp_path):
    async def story(mpremote):
        assert await mpremote("exec", "print(6 * 7)") == "42\n"
        said, code = await mpremote.tried("exec", "raise ValueError('no')")
        assert code == 1
        assert 'File "<stdin>", line 1, in <module>\nValueError: no\n' in said

    on_a_bench(tmp_path, story)


def test_globals_stay_from_one_command_to_the_next_until_a_soft_reset(tmp_path):
    async def story(mpremote):
        await mpremote("exec", "kept = 5")
        assert await mpremote("resume", "eval", "kept") == "5\n"
        said, code = await mpremote.tried("exec", "print(kept)")
        assert (code, "NameError" in said) == (1, True)

    on_a_bench(tmp_path, story)


def test_ls_cp_both_ways_sha256sum_mkdir_and_rm_work_on_its_file_system(tmp_path):
    async def story(mpremote):
        sent, back = tmp_path / "sent", tmp_path / "back"
        sent.write_bytes(BYTES)
        await mpremote("mkdir", ":d", "+", "cp", str(sent), ":d/kept")
        await mpremote("cp", ":d/kept", str(back))
        assert back.read_bytes() == BYTES
        assert hashlib.sha256(BYTES).hexdigest() in await mpremote("sha256sum", ":d/kept")
        assert "boot.py" in await mpremote("ls")
        await mpremote("rm", ":d/kept", "+", "rmdir", ":d")
        assert await mpremote("ls") == "ls :\n          19 boot.py\n"

    on_a_bench(tmp_path / "board", story, {"boot.py": b"print('boot runs')\n"})


def test_what_was_copied_is_there_after_a_power_cut(tmp_path):
    async def story(mpremote):
        (tmp_path / "kept").write_bytes(BYTES)
        await mpremote("cp", str(tmp_path / "kept"), ":kept")
        mpremote.board.power_cut()
        mpremote.board.power_on()
        assert await mpremote("eval", "len(open('kept', 'rb').read())") == f"{len(BYTES)}\n"

    on_a_bench(tmp_path / "board", story)


def test_a_power_cut_in_the_middle_of_a_copy_leaves_all_else_and_the_copy_can_be_made_again(tmp_path):
    async def story(mpremote):
        (tmp_path / "large").write_bytes(BYTES * 20)
        await mpremote("exec", "with open('kept', 'wb') as file: file.write(bytes(range(256)))")
        copying = asyncio.create_task(mpremote.tried("resume", "cp", str(tmp_path / "large"), ":large"))
        assert await settle(lambda: mpremote.board.image.read_bytes().count(BYTES[:256]) > 20)
        mpremote.board.power_cut()
        mpremote.board.unplug()
        said, code = await copying
        assert code == 1, said
        mpremote.board.plug()
        mpremote.board.power_on()
        assert await mpremote("eval", "open('kept', 'rb').read() == bytes(range(256))") == "True\n"
        await mpremote("cp", str(tmp_path / "large"), ":large")
        assert hashlib.sha256(BYTES * 20).hexdigest() in await mpremote("sha256sum", ":large")

    on_a_bench(tmp_path / "board", story, baud=230_400)


def test_run_runs_a_script_of_the_host_on_the_board(tmp_path):
    async def story(mpremote):
        script = tmp_path / "script.py"
        script.write_text("import machine, sys\nprint(sys.argv, machine.unique_id().hex())\n")
        assert await mpremote("run", str(script)) == f"[] {mpremote.board.spec.hardware_id().hex()}\n"

    on_a_bench(tmp_path / "board", story)


def test_a_power_on_runs_boot_and_main_and_a_raw_soft_reset_boot_alone(tmp_path):
    async def story(mpremote):
        assert await mpremote("resume", "eval", "started") == "2\n"
        assert await mpremote("soft-reset", "eval", "str((booted, 'started' in globals()))") == "(1, False)\n"
        assert await mpremote("resume", "exec", "import machine; print(machine.reset_cause())") == "5\n"

    on_a_bench(tmp_path, story, {"boot.py": BOOT, "main.py": MAIN})


def test_a_hard_reset_starts_it_anew_and_runs_main(tmp_path):
    async def story(mpremote):
        await mpremote("exec", "gone = 1")
        await mpremote("resume", "reset")
        assert await settle(lambda: any(line.startswith("--- reset") for line in mpremote.board.tail()))
        assert "'gone'" not in await mpremote("resume", "exec", "print(dir())")
        assert await mpremote("resume", "eval", "started") == "2\n"

    on_a_bench(tmp_path, story, {"boot.py": BOOT, "main.py": MAIN})


def test_a_main_that_never_ends_is_interrupted(tmp_path):
    async def story(mpremote):
        assert await mpremote("resume", "eval", "2 + 2") == "4\n"

    on_a_bench(tmp_path, story, {"main.py": b"while True:\n    pass\n"})


def test_a_folder_of_the_host_is_mounted_read_and_written(tmp_path):
    async def story(mpremote):
        (tmp_path / "host").mkdir()
        (tmp_path / "host" / "there.py").write_text("WHERE = 'on the host'\n")
        code = "import there; print(there.WHERE); open('/remote/made', 'wb').write(bytes(range(256)) * 8)"
        said = await mpremote("mount", str(tmp_path / "host"), "exec", code)
        assert "on the host" in said
        assert (tmp_path / "host" / "made").read_bytes() == BYTES

    on_a_bench(tmp_path / "board", story)


def test_a_mounted_folder_is_there_again_after_ctrl_d_at_its_prompt(tmp_path):
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "there.py").write_text("WHERE = 'on the host'\n")

    def at_it(port):
        with Terminal(port, "mount", str(tmp_path / "host"), "repl") as terminal:
            terminal.until(">>> ")
            assert "on the host" in terminal.asked("import there; there.WHERE\r", ">>> ")
            assert "MPY: soft reboot" in terminal.asked("\x04", "Remount local directory")
            terminal.until(">>> ")
            assert "NameError" in terminal.asked("there\r", ">>> ")
            assert "on the host" in terminal.asked("import there; there.WHERE\r", ">>> ")
            terminal.write("\x1d")
            assert terminal.ended() == 0

    async def story(mpremote):
        await asyncio.to_thread(at_it, mpremote.port)

    on_a_bench(tmp_path / "board", story)


@pytest.mark.parametrize("main", [b"", b"while True:\n    pass\n"])
def test_whoever_asks_while_a_board_resets_is_answered_by_the_next_start_or_this_one(tmp_path, main):
    """mpremote's own reset waits 100 ms, so that questions fall before it, into it and after it."""

    def session(port, after_ms):
        transport = SerialTransport(port)
        try:
            transport.enter_raw_repl(soft_reset=False, timeout_overall=5)
            transport.exec_raw_no_follow("import time, machine; time.sleep_ms(100); machine.reset()")
            transport.serial.close()
            time.sleep(after_ms / 1_000)
            transport = SerialTransport(port)
            transport.enter_raw_repl(soft_reset=False, timeout_overall=5)
            return transport.eval("6 * 7")
        finally:
            transport.close()

    async def story(mpremote):
        for after_ms in range(80, 140, 4):
            assert await asyncio.to_thread(session, mpremote.port, after_ms) == 42
        assert mpremote.board.power_ons > 5

    on_a_bench(tmp_path, story, {"main.py": main})


def test_mip_installs_from_an_index(tmp_path):
    index(tmp_path / "index", "thing", b"VALUE = 11\n")

    async def story(mpremote):
        with served(tmp_path / "index") as url:
            said = await mpremote("mip", "install", "--index", url, "thing")
            assert "Installing: /lib/thing.py" in said
            assert "Exists: /lib/thing.py" in await mpremote("mip", "install", "--index", url, "thing")
        assert await mpremote("exec", "import thing; print(thing.VALUE)") == "11\n"

    on_a_bench(tmp_path / "board", story)


def test_a_romfs_is_deployed_and_its_modules_are_imported(tmp_path):
    async def story(mpremote):
        assert "ROMFS0 partition has size 262144 bytes (64 blocks" in await mpremote("romfs", "query")
        (tmp_path / "rom").mkdir()
        (tmp_path / "rom" / "inrom.py").write_text("VALUE = 7\n" * 1_000)
        assert "ROMFS image deployed" in await mpremote("romfs", "deploy", str(tmp_path / "rom"))
        assert (
            await mpremote("exec", "import inrom; print(inrom.VALUE, inrom.__file__)") == "7 /rom/inrom.mpy\n"
        )
        mpremote.board.reset()
        assert await mpremote("exec", "import inrom; print(inrom.VALUE)") == "7\n"

    on_a_bench(tmp_path / "board", story)


def test_each_of_its_two_rom_partitions_is_written_by_itself(tmp_path):
    async def story(mpremote):
        told = await mpremote("romfs", "query")
        assert "ROMFS0 partition has size 262144" in told and "ROMFS1 partition has size 262144" in told
        for part, value in ((1, 11), (0, 7)):
            (tmp_path / str(part)).mkdir()
            (tmp_path / str(part) / "inrom.py").write_text(f"VALUE = {value}\n")
            await mpremote("romfs", "--partition", str(part), "deploy", str(tmp_path / str(part)))
        code = "import vfs; print([bytes(vfs.rom_ioctl(2, part)[:3]).hex() for part in (0, 1)])"
        assert await mpremote("exec", code) == "['d2cd31', 'd2cd31']\n"
        assert await mpremote("exec", "import inrom; print(inrom.VALUE)") == "7\n"

    on_a_bench(tmp_path / "board", story)


def test_a_cable_that_was_out_comes_back_to_the_same_prompt(tmp_path):
    async def story(mpremote):
        await mpremote("exec", "kept = 5")
        mpremote.board.unplug()
        said, code = await mpremote.tried("resume", "eval", "kept")
        assert (code, "failed to access" in said) == (1, True)
        mpremote.board.plug()
        assert await mpremote("resume", "eval", "kept") == "5\n"

    on_a_bench(tmp_path, story)


def test_a_prompt_may_have_a_port_apart_from_the_uart(tmp_path):
    async def story(mpremote):
        with serial.Serial(str(mpremote.board.uart), timeout=5) as uart:
            await mpremote("exec", "import board; board.links()['uart'].write(b'on the uart\\n')")
            assert await asyncio.to_thread(uart.readline) == b"on the uart\n"

    on_a_bench(tmp_path, story, BOARD, prompt=False, usb=True)


def test_what_no_board_has_is_not_seen_at_the_prompt(tmp_path):
    async def story(mpremote):
        code = "import os, sys; print(os.listdir('/'), os.getcwd(), sys.argv, sys.path)"
        assert await mpremote("exec", code) == "[] / [] ['', '.frozen', '/lib']\n"
        assert await mpremote("exec", "print(sorted(dir()))") == "['__file__', '__name__']\n"

    on_a_bench(tmp_path, story)
