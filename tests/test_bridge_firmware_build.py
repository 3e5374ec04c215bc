"""The build of what lies on a board: its profile, what it takes along, its folder, its packages and its command."""

import asyncio
import hashlib
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mpremote import mip
from typer.testing import CliRunner

from fieldpost import provision
from fieldpost.cli.main import app
from fieldpost.emulator import BoardSpec, Fleet
from fieldpost.firmware_build import BuildError, compiled, device_files, known_boards, load_profile, sources
from fieldpost.firmware_build.build import OTHER_BLOCKS, build, slot_modules
from fieldpost.firmware_build.folder import MANIFEST, ROM_IMAGE, read, write
from fieldpost.firmware_build.heap_need import IN_FLASH_BYTES, IN_FLASH_FULL_BYTES, HeapNeed, heap_need
from fieldpost.firmware_build.mip import of_checkout, text
from fieldpost.firmware_build.module_pack import PACK, packed, unpacked
from fieldpost.firmware_build.profile import read_profile
from fieldpost.firmware_build.reach import reached
from fieldpost.mesh import Mesh, Validity
from fieldwire import token_writer

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def emulated():
    return build(load_profile())


@pytest.fixture(scope="module")
def every_board(tmp_path_factory):
    """(folder, what the command told) of all boards, built by one command."""
    folder = tmp_path_factory.mktemp("every")
    return folder, json.loads(call("build", "--all", "--json", "--out", str(folder)).stdout)


@pytest.fixture
def board_toml(tmp_path):
    """Reads the Pico's profile with one text in it replaced by another."""

    def read(before, after):
        path = tmp_path / "rp2040" / "board.toml"
        path.parent.mkdir(exist_ok=True)
        whole = (ROOT / "boards/rp2040/board.toml").read_text()
        assert before in whole
        path.write_text(whole.replace(before, after))
        return read_profile(path)

    return read


@pytest.mark.parametrize(
    "before,after,said",
    [
        ("block_bytes = 4096\n", "", "14: flash: object missing required field `block_bytes`"),
        ("[runtime]", "[runtme]", "7: file: object contains unknown field `runtme`"),
        ("heap_bytes", "heap", "12: runtime: object contains unknown field `heap`"),
        ("modules_bytes", "spare = 1\nmodules_bytes", "20: flash: object contains unknown field `spare`"),
        ('"armv6m"', '"armv5"', "4: arch: invalid enum value 'armv5'"),
        ('"rp2040"', '"pico"', "2: name: expected rp2040, as its folder is named"),
        ("blocks = 224", 'blocks = "many"', "17: flash.blocks: expected `int`, got `str`"),
        ("blocks = 224", "blocks = true", "17: flash.blocks: expected `int`, got `bool`"),
        ('["lora"]', '["wifi"]', r"5: radios\[0\]: invalid enum value 'wifi'"),
        ("links.usb", "links.usbb", "23: links: object contains unknown field `usbb`"),
        ("baud = 1000000\n", "", "23: links.usb: object missing required field `baud`"),
        ('"GP10"', "[10]", r"31: pins.*: expected `int | str`, got `array`"),
        ("524288", "524289", "21: flash.journal_bytes: expected a multiple of flash.block_bytes .4096."),
        ('"files"', '"rom"', "14: flash.rom_bytes: expected at least flash.modules_bytes .262144."),
        ('"files"', '"files"\nrom_bytes = 4096', "20: flash.rom_bytes: expected none, or flash.modules = "),
        ("[flash]", "[flash", "14: TOML: expected well-formed TOML"),
    ],
)
def test_a_wrong_profile_names_file_line_key_and_what_is_expected(board_toml, before, after, said):
    with pytest.raises(BuildError, match=f"rp2040/board.toml:{said}"):
        board_toml(before, after)


def test_a_board_that_is_none_is_answered_with_those_that_are():
    with pytest.raises(BuildError, match="pico: no board has that name; name one of emulated, esp32, "):
        load_profile("pico")


def test_what_is_too_large_names_its_size_its_budget_and_the_largest():
    profile = replace(load_profile("rp2040"), modules_bytes=100_000)
    with pytest.raises(
        BuildError, match=r"rp2040: .* more than flash.modules_bytes .*\(100000\).*leave some out"
    ):
        build(profile)


def test_a_file_system_without_room_for_both_slots_and_the_log_is_refused_with_what_is_missing():
    profile = replace(load_profile("rp2040"), journal_bytes=0)
    pack, log, others = -(-len(build(profile).files[PACK]) // 4_096), 16, OTHER_BLOCKS + 6
    enough = 2 * pack + log + others
    assert build(replace(profile, blocks=enough)).size
    said = r"rp2040: both slots, .* 4096 more than the file system has \(%d: .*say modules = \"frozen\""
    with pytest.raises(BuildError, match=said % ((enough - 1) * 4_096)):
        build(replace(profile, blocks=enough - 1))


def test_both_slots_of_every_board_with_modules_in_files_leave_half_of_its_flash(every_board):
    folder, _ = every_board
    packs = {path.parent.name: path.stat().st_size for path in folder.glob(f"*/{PACK}")}
    profiles = [load_profile(kind) for kind in known_boards()]
    assert packs.keys() == {profile.name for profile in profiles if profile.modules == "files"}
    for profile in profiles:
        pack = -(-packs.get(profile.name, 0) // profile.block_bytes)
        assert 2 * pack <= profile.blocks // 2, profile.name


def test_a_board_whose_heap_is_less_than_the_agent_needs_is_refused_with_what_it_has_and_what_it_takes():
    profile = replace(load_profile("rp2040"), heap_bytes=131_072)
    with pytest.raises(
        BuildError,
        match=r"rp2040: the agent needs \d{6} bytes of heap .* in files, .* is 131072; .* freeze them",
    ):
        build(profile)
    frozen = heap_need(replace(profile, modules="frozen"))
    assert frozen.least < profile.heap_bytes < heap_need(profile).least
    assert heap_need(load_profile()) == HeapNeed(IN_FLASH_BYTES, IN_FLASH_FULL_BYTES), "as it was measured"


def test_a_module_that_its_architecture_refuses_is_named():
    kernels = (ROOT / "firmware/kernels/armv7em/field25519.py").read_bytes()
    with pytest.raises(BuildError, match="lib/fieldwire/field25519.py: does not compile for armv6m: "):
        user = b"from fieldwire.field25519 import run"
        compiled({"lib/fieldwire/field25519.py": kernels, "lib/user.py": user}, load_profile("rp2040"))


def test_code_is_of_the_architecture_where_it_is_native_and_the_same_for_all_where_it_is_not():
    files = {
        "lib/plain.py": b"def add(one, other):\n    return one + other\n",
        "lib/native.py": b"import micropython\n@micropython.viper\ndef add(one: int) -> int:\n    return one + 1\n",
    }
    pico, pico2 = (compiled(files, load_profile(kind)) for kind in ("rp2040", "rp2350"))
    assert pico["lib/plain.mpy"] == pico2["lib/plain.mpy"]
    assert pico["lib/native.mpy"] != pico2["lib/native.mpy"]


def test_a_module_is_taken_along_when_an_import_reaches_it_wherever_that_stands():
    late = b"def late():\n    try:\n        from kit.deep import two\n    except OSError:\n        import kit.three\n"
    port = b"if MICROPYTHON:\n    import kit.four\nelse:\n    import kit.five\n"
    found = reached(
        {
            "main": b"import board\nfrom kit import one\n",
            "board": late,
            "kit": b"",
            "kit.one": port,
            "kit.deep": b"",
            "kit.deep.two": b"import machine\n",
            "kit.three": b"",
            "kit.four": b"",
            "kit.five": b"",
            "kit.six": b"import main\n",
        },
        ["main"],
    )
    assert found == {"main", "board", "kit", "kit.one", "kit.deep", "kit.deep.two", "kit.three", "kit.four"}


def test_kernels_of_an_architecture_replace_modules_and_add_none():
    plain, fast = device_files(load_profile("rp2040")), device_files(load_profile("rp2350"))
    assert plain.keys() == fast.keys()
    changed = {name for name in plain if plain[name] != fast[name]}
    assert changed - {"lib/board.py"} == {
        f"lib/fieldwire/{one}.py" for one in ("field25519", "scalar25519", "sha512")
    }


def test_missing_sources_are_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "_PACKAGE", tmp_path / "fieldpost")
    with pytest.raises(BuildError, match="boards: not found in .*install fieldpost anew"):
        load_profile()


# The folder


def test_the_manifest_of_a_folder_is_true_of_every_file_and_leaves_none_out(emulated, tmp_path):
    write(emulated, tmp_path / "one")
    told = json.loads((tmp_path / "one" / MANIFEST).read_text())
    assert (told["board"], told["arch"], told["modules"]) == ("emulated", "x64", "rom")
    files = {row["path"]: (tmp_path / "one" / row["path"]).read_bytes() for row in told["files"]}
    digests = {path: hashlib.sha256(data).digest() for path, data in files.items()}
    assert [row["sha256"] for row in told["files"]] == [one.hex() for one in digests.values()]
    assert [row["bytes"] for row in told["files"]] == [len(one) for one in files.values()]
    assert told["measurement"] == token_writer.measurement(digests.items()).hex()
    assert {"main.py", "boot.py", "slots.mpy", "rom/lib/board.mpy", "rom/lib/fieldagent/app.mpy"} <= set(
        files
    )
    there = {str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*.mpy")}
    assert there == {path for path in files if path.endswith(".mpy")}
    assert (tmp_path / "one" / ROM_IMAGE).stat().st_size == emulated.size


def test_modules_in_files_are_one_pack_that_lists_and_measures_as_one_and_lie_beside_it_for_mip(tmp_path):
    made = build(load_profile("rp2040"))
    write(made, tmp_path / "one")
    told = json.loads((tmp_path / "one" / MANIFEST).read_text())
    assert {row["path"] for row in told["files"]} == {
        "boot.py", "crash.mpy", "main.py", PACK, "pack.mpy", "slot_record.mpy", "slots.mpy"
    }  # fmt: skip
    modules = slot_modules(made)
    assert unpacked((tmp_path / "one" / PACK).read_bytes()) == modules and len(modules) > 100
    board = Filesystem()
    mip._install_package(board, str(tmp_path / "one" / "package.json"), "", "/lib", None, True)
    assert board.files == {f"/lib/{name}": data for name, data in modules.items()}
    assert slot_modules(read(tmp_path / "one")) == modules


def test_the_pack_of_a_build_is_the_golden_one_and_refuses_what_a_board_would_not_find():
    for row in json.loads((ROOT / "tests/vectors/module_pack.json").read_text()):
        data = bytes.fromhex(row["hex"])
        if row["error"] is None:
            modules = {one["path"]: bytes.fromhex(one["hex"]) for one in row["modules"]}
            assert packed(dict(reversed(modules.items()))) == data and unpacked(data) == modules
    for name in ("n" * 44 + ".mpy", "board.py"):
        with pytest.raises(BuildError, match="paths of 47 bytes at most; give the module a shorter name"):
            packed({name: b""})
    for damaged in (b"", data[:10], data[:40], b"FPP2" + data[4:], data[:20] + b"x" + data[21:]):
        with pytest.raises(BuildError, match="modules.pack: damaged .*build it anew"):
            unpacked(damaged)


def test_a_folder_is_made_anew_and_something_else_is_left_alone(emulated, tmp_path):
    write(emulated, tmp_path / "one")
    (tmp_path / "one" / "rom" / "stale.mpy").write_bytes(b"")
    write(emulated, tmp_path / "one")
    assert not (tmp_path / "one" / "rom" / "stale.mpy").exists()
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    with pytest.raises(BuildError, match="letters: holds something that is no build .*name another folder"):
        write(emulated, tmp_path / "letters")
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="cannot be written: .*name another folder"):
        write(emulated, tmp_path / "file" / "below")


def test_a_board_whose_modules_are_frozen_gets_its_programs_alone_and_the_runtime_the_rest(tmp_path):
    made = build(load_profile("nrf52840"))
    write(made, tmp_path / "one")
    assert set(made.files) == {"main.py", "boot.py", "crash.mpy", "slots.mpy", "slot_record.mpy"}
    assert (tmp_path / "one/frozen/fieldagent/app.py").is_file() and (
        tmp_path / "one/frozen/board.py"
    ).is_file()


def test_the_device_measures_what_the_build_says(emulated, tmp_path):
    """The board tells its measurement when it is enrolled; its files are the build's."""
    now = int(time.time())
    mesh = Mesh.found(tmp_path / "desk", "alpha", ["ops"], Validity.days(now, 365), os.urandom)
    terms = provision.DeviceTerms("ops", ("field",))

    async def scenario():
        async with Fleet(tmp_path / "run", [BoardSpec("a1", "alpha", heap_bytes=524_288)]) as fleet:
            fleet.provision({name.removeprefix("rom/"): data for name, data in emulated.files.items()})
            port = fleet["a1"].plug()
            fleet.power_on()
            return await provision.enrol(mesh, port, terms, Validity.days(now, 30), os.urandom)

    assert asyncio.run(scenario()).measurements == (emulated.measurement,)


# Packages


class Filesystem:
    """What mpremote's installer needs of a board."""

    def __init__(self):
        self.files = {}

    def fs_exists(self, _path):
        return True

    def fs_writefile(self, path, data, progress_callback):
        self.files[path] = data


def test_mip_installs_every_module_of_a_build_from_its_folder(emulated, tmp_path, capsys):
    write(emulated, tmp_path / "one")
    board = Filesystem()
    mip._install_package(board, str(tmp_path / "one" / "package.json"), "", "/lib", None, True)
    wanted = {name: data for name, data in emulated.files.items() if name.startswith("rom/")}
    assert board.files == {
        f"/lib/{name.removeprefix('rom/').removeprefix('lib/')}": data for name, data in wanted.items()
    }


def test_mip_installs_the_sources_of_every_board_from_a_checkout(capsys):
    for kind in known_boards():
        board, profile = Filesystem(), load_profile(kind)
        places = ["shared", "firmware", f"boards/{kind}"]
        if profile.arch.startswith("armv7em"):
            places.insert(2, "firmware/kernels/armv7em")
        for place in places:
            mip._install_package(board, str(ROOT / place / "package.json"), "", "/lib", None, True)
        missing = [
            name
            for name, data in device_files(profile).items()
            if name not in sources.STARTED and board.files.get("/lib/" + name.removeprefix("lib/")) != data
        ]
        assert not missing, kind


def test_the_packages_of_the_checkout_are_those_of_its_sources_and_each_address_exists():
    for path, package in of_checkout(known_boards()).items():
        assert path.read_text() == text(package), "run: fieldpost firmware packages"
        assert set(package) == {"urls", "deps", "version"}
        assert [url for _, url in package["urls"] if not (path.parent / url).is_file()] == []


# The command


def call(*words):
    return CliRunner().invoke(app, ["firmware", *words])


def test_the_command_tells_each_module_the_sum_and_the_budget(tmp_path):
    done = call("build", "rp2350", "--out", str(tmp_path))
    assert done.exit_code == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    sizes = {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
    assert list(sizes.values()) == sorted(sizes.values(), reverse=True)
    total = sum(sizes.values())
    share = 100 * total // 262_144
    said = f"rp2350 (armv7emsp): {len(sizes)} modules, {total} of 262144 bytes, {share} % of the budget"
    assert said in done.stdout and (tmp_path / "rp2350" / MANIFEST).is_file()


def test_the_command_tells_the_same_as_one_document(tmp_path):
    told = json.loads(call("build", "rp2350", "--json", "--out", str(tmp_path)).stdout)
    assert told["board"] == "rp2350" and sum(told["sizes"].values()) == told["bytes"] < told["budget_bytes"]
    assert {key: told[key] for key in ("measurement", "files")} == {
        key: json.loads((tmp_path / "rp2350" / MANIFEST).read_text())[key] for key in ("measurement", "files")
    }


def test_every_board_is_built_at_once_into_folders_of_their_own(every_board):
    folder, told = every_board
    assert [one["board"] for one in told] == known_boards()
    assert sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}")) == known_boards()


@pytest.mark.parametrize("words", [["build", "pico"], ["build"], ["build", "rp2040", "pico"]])
def test_a_board_that_is_none_or_not_named_is_a_fault_of_use_that_names_the_known(words, tmp_path):
    done = call(*words, "--out", str(tmp_path))
    assert done.exit_code == 2 and "name one of emulated, esp32, esp32s3" in done.stderr
    assert not list(tmp_path.iterdir()), "nothing is half done"


def test_a_board_over_its_budget_fails_the_command_and_leaves_no_folder(tmp_path, monkeypatch):
    boards = tmp_path / "boards"
    shutil.copytree(ROOT / "boards", boards)
    small = (
        (boards / "rp2040/board.toml").read_text().replace("modules_bytes = 262144", "modules_bytes = 150000")
    )
    (boards / "rp2040/board.toml").write_text(small)
    monkeypatch.setattr(sources, "boards_folder", lambda: boards)
    done = call("build", "rp2040", "--out", str(tmp_path / "out"))
    assert done.exit_code == 3 and "more than flash.modules_bytes of its board.toml (150000)" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_boards_are_listed_with_what_is_theirs():
    told = {row["board"]: row for row in json.loads(call("boards", "--json").stdout)}
    assert list(told) == known_boards()
    assert told["rp2040"]["links"] == ["usb", "local", "lora"] and told["rp2040"]["arch"] == "armv6m"
    assert "rp2 RPI_PICO2" in call("boards").stdout
