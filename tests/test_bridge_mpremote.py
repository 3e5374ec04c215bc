"""mpremote as it is, against an emulated board: each command that a person uses on a real one."""

import asyncio
import hashlib
import http.server
import json
import threading
from contextlib import contextmanager
from functools import partial

import serial
from emulated_probe import BOARD, settle
from mpremote_bench import bench

BOOT = b"print('boot runs')\nbooted = 1\n"
MAIN = b"print('main runs')\nstarted = booted + 1\n"
BYTES = bytes(range(256)) * 8


@contextmanager
def served(folder):
    """The folder over HTTP on this machine alone."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


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


def test_mip_installs_from_an_index(tmp_path):
    index = tmp_path / "index"
    module = b"VALUE = 11\n"
    short = hashlib.sha256(module).hexdigest()[:8]
    (index / "package" / "6" / "thing").mkdir(parents=True)
    (index / "file" / short[:2]).mkdir(parents=True)
    (index / "file" / short[:2] / short).write_bytes(module)
    package = {"v": 1, "version": "1.0", "hashes": [["thing.py", short]], "urls": [], "deps": []}
    (index / "package" / "6" / "thing" / "latest.json").write_text(json.dumps(package))

    async def story(mpremote):
        with served(index) as url:
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
