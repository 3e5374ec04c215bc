"""`fieldpost device install` against an emulated board: what goes where, what is refused, and cuts in the middle."""

import json
from dataclasses import replace
from functools import cache

import pytest
from cable_bench import fieldpost, on_a_bench

from fieldpost.device.cable import connect
from fieldpost.device.errors import DeviceError, Unplugged
from fieldpost.device.facts import board_facts
from fieldpost.device.files import PIECE_BYTES, Files
from fieldpost.device.install import carry_out, look
from fieldpost.device.layout import layout
from fieldpost.device.slot_files import read_record, write_record
from fieldpost.device.update import misplaced
from fieldpost.firmware_build import load_profile
from fieldpost.firmware_build.build import build, slot_modules
from fieldpost.firmware_build.module_pack import PACK, packed

OWN_BYTES = 1_110_000  # of a person's own, beside which there is no room


@cache
def made():
    return build(load_profile("emulated"))


@cache
def few():
    """Some of the modules of a board that has them in files, for haste, and what starts them."""
    whole = build(replace(load_profile("emulated"), modules="files", rom_bytes=0))
    start = {name: data for name, data in whole.files.items() if name != PACK}
    modules = slot_modules(whole)
    return (
        whole,
        start,
        {name: modules[name] for name in modules if name.startswith(("board", "fieldagent/a"))},
    )


@cache
def in_files():
    whole, start, modules = few()
    return replace(whole, files={**start, PACK: packed(modules)})


def of(text):
    """Another version of the same build."""
    _, start, modules = few()
    changed = packed({**modules, "fieldagent/airtime.mpy": text})
    return replace(in_files(), files={**start, PACK: changed}, measurement=text[:1] * 32)


def installed(path, wanted, slot=None):
    """What was looked at, and then carried out, over one connection."""
    with connect(path) as cable:
        found = look(cable, wanted, slot)
        carry_out(cable, found)
        return found


def state(path):
    """(what the record says of the slot to run, slot on trial, names of whole slots, every file)."""
    with connect(path) as cable:
        files = Files(cable)
        record = read_record(files)
        return record.slot, record.trial, sorted(board_facts(cable).slots), files.tree()


def test_a_bare_board_gets_the_agent_and_a_second_time_nothing(tmp_path):
    def story(path, mpremote):
        first = fieldpost("device", "install", "emulated", path, "--json")
        assert first.exit_code == 0, first.output
        told = json.loads(first.stdout)
        assert (told["slot"], told["then"], told["copy"][-1]) == ("a", "keep", "/slots.mpy")
        assert told["measurement"] == made().measurement.hex()
        with connect(path, wait_s=20, tell=lambda *_: mpremote.call(mpremote.board.reset)) as cable:
            cable.soft_reset()  # the agent that gave way stays away
        again = json.loads(fieldpost("device", "install", "emulated", path, "--json").stdout)
        assert (again["copy"], again["bytes"]) == ([], 0)
        with connect(path) as cable:
            assert board_facts(cable).slots["a"].measurement == made().measurement

    on_a_bench(tmp_path, story)


def test_a_dry_run_lists_what_would_be_done_and_changes_nothing(tmp_path):
    def story(path, _):
        told = fieldpost("device", "install", "emulated", path, "--dry-run")
        assert told.exit_code == 0
        assert "copy    /main.py" in told.stdout and "would be copied" in told.stdout
        assert state(path) == ("a", None, [], {})

    on_a_bench(tmp_path, story)


def test_a_build_for_another_board_is_refused_before_anything_is_written(tmp_path):
    def story(path, _):
        told = fieldpost("device", "install", "rp2040", path)
        assert told.exit_code == 3
        assert "rp2040 is for RP2040; name the board that is on the port" in told.stderr
        assert state(path) == ("a", None, [], {})

    on_a_bench(tmp_path, story)


def test_modules_of_another_architecture_are_refused_before_anything_is_written(tmp_path):
    native = bytes([ord("M"), 6, 4 << 2 | 3, 31])

    def story(path, _):
        with (
            connect(path) as cable,
            pytest.raises(DeviceError, match="native code for armv6m, and the board runs x64"),
        ):
            look(cable, of(native))
        assert state(path) == ("a", None, [], {})

    on_a_bench(tmp_path, story)


def test_a_full_board_is_refused_before_anything_is_written(tmp_path):
    def story(path, _):
        with connect(path) as cable:
            assert 30_000 < Files(cable).space()[0] < 70_000
            with pytest.raises(
                DeviceError, match=r"needs \d+ bytes .* and \d+ are free; remove files of your own"
            ):
                look(cable, in_files())
        assert list(state(path)[3]) == ["/own"]

    on_a_bench(tmp_path, story, {"own": bytes(OWN_BYTES)})


def test_another_build_goes_into_the_free_slot_and_is_tried_the_old_one_stays(tmp_path):
    def story(path, _):
        assert installed(path, in_files()).then == "keep"
        old = state(path)[3]
        assert installed(path, of(b"M\x06\x00\x1fnew")).then == "try"
        slot, trial, whole, now = state(path)
        assert (slot, trial, whole) == ("a", "b", ["a", "b"])
        assert now["/a.pack"] == old["/a.pack"] != now["/b.pack"] and now["/a.json"] == old["/a.json"]
        with (
            connect(path) as cable,
            pytest.raises(DeviceError, match="slot a is the one that the board goes back to"),
        ):
            look(cable, of(b"M\x06\x00\x1fthird"), "a")

    on_a_bench(tmp_path, story)


def test_only_what_changed_is_copied_and_what_a_cut_left_goes(tmp_path):
    def story(path, _):
        installed(path, in_files())
        installed(path, of(b"M\x06\x00\x1fnew"))
        with connect(path) as cable:
            files = Files(cable)
            record = read_record(files)
            record.start(True)
            record.confirm()
            write_record(files, record)
            files.write("/a.pack.new", b"cut short")
            found = look(cable, of(b"M\x06\x00\x1fthird"))
            assert (found.slot.copy, found.start.copy) == (("/a.pack",), ())
            carry_out(cable, found)
        now = state(path)[3]
        assert (
            "/a.pack.new" not in now
            and now["/a.pack"] == layout(of(b"M\x06\x00\x1fthird"), "a").wanted()["/a.pack"]
        )

    on_a_bench(tmp_path, story)


@pytest.mark.parametrize("after_files", [None, 0, 2, 9])
def test_slots_that_were_folders_go_once_the_pack_is_there_and_a_cut_leaves_the_agent(tmp_path, after_files):
    former = {f"/{slot}/fieldagent/app.mpy": b"M" for slot in "ab"}

    def story(path, mpremote):
        with connect(path) as cable:
            files = Files(cable)
            for name in former:
                files.write(name, former[name])
            files.write("/a/own.txt", b"")
            files.write(
                "/a.json", b'{"board": "emulated", "version": "0.0.9", "measurement": "%s"}' % (b"00" * 32)
            )
            found = look(cable, in_files())
            assert (found.slot.remove, found.wanted.name, found.then) == (("/a", "/b"), "a", "keep")
            assert "older than slots of one file" in misplaced(found, in_files().profile)
        moved = []

        def unplug_then(count):
            moved.append(count)
            if len(moved) - 1 == after_files:
                mpremote.call(mpremote.board.unplug)

        with connect(path) as cable:
            found = look(cable, in_files())
            if after_files is not None:
                with pytest.raises(Unplugged):
                    carry_out(cable, found, unplug_then)
            else:
                carry_out(cable, found)
        if after_files is not None:
            mpremote.call(mpremote.board.power_cut)
            mpremote.call(mpremote.board.plug)
            mpremote.call(mpremote.board.power_on)
            assert former.keys() <= state(path)[3].keys()
            installed(path, in_files())
        slot, trial, whole, now = state(path)
        assert (slot, trial, whole) == ("a", None, ["a"])
        assert not [name for name in now if name.startswith(("/a/", "/b/"))]
        with connect(path) as cable:
            assert look(cable, in_files()).is_done

    on_a_bench(tmp_path, story)


@pytest.mark.parametrize("after_pieces", [0, 1, 2, 99])
def test_unplugged_in_the_middle_the_old_agent_stays_and_a_second_time_finishes(tmp_path, after_pieces):
    new = of(b"M\x06\x00\x1fnew")

    def story(path, mpremote):
        installed(path, in_files())
        before = state(path)
        moved = []

        def unplug_then(count):
            moved.append(count)
            if len(moved) == after_pieces + 1:
                mpremote.call(mpremote.board.unplug)

        with connect(path) as cable:
            found = look(cable, new)
            pieces = -(-found.copy_bytes // PIECE_BYTES)
            assert found.slot.copy == ("/b.pack",) and not found.start.copy and pieces > 2
            if after_pieces < pieces:
                with pytest.raises(Unplugged, match="plug it in and run the command again"):
                    carry_out(cable, found, unplug_then)
        mpremote.call(mpremote.board.power_cut)
        mpremote.call(mpremote.board.plug)
        mpremote.call(mpremote.board.power_on)
        slot, trial, _, now = state(path)
        assert (slot, trial) == before[:2]
        assert all(now[name] == one for name, one in before[3].items() if name.startswith(("/a", "/main")))
        installed(path, new)
        assert state(path)[:3] == ("a", "b", ["a", "b"])
        wanted = layout(new, "b").wanted()
        assert {name: one for name, one in state(path)[3].items() if name == "/b.pack"} == wanted

    on_a_bench(tmp_path, story)


def test_a_rom_image_cut_in_the_middle_is_not_mounted_and_a_second_time_finishes(tmp_path):
    def story(path, mpremote):
        moved = []

        def unplug_then(count):
            moved.append(count)
            if len(moved) == 20:
                mpremote.call(mpremote.board.unplug)

        with connect(path) as cable, pytest.raises(Unplugged):
            carry_out(cable, look(cable, made()), unplug_then)
        mpremote.call(mpremote.board.power_cut)
        mpremote.call(mpremote.board.plug)
        mpremote.call(mpremote.board.power_on)
        with connect(path) as cable:
            cable.run("import os")
            assert "rom" not in cable.value("os.listdir('/')", json.loads)
        assert state(path) == ("a", None, [], {})
        told = fieldpost("device", "install", "emulated", path)
        assert told.exit_code == 0, told.output

    on_a_bench(tmp_path, story)


def test_a_configuration_is_judged_on_the_host_and_goes_with_the_build(tmp_path):
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    wrong.write_text('{"journal_bytes": 1}')
    right.write_text('{"gateway": true}')

    def story(path, _):
        told = fieldpost("device", "install", "emulated", path, "--config", wrong)
        assert told.exit_code == 3
        assert (
            "wrong.json: no device takes it: /config.json: journal_bytes: expected an integer" in told.stderr
        )
        assert state(path) == ("a", None, [], {})
        told = fieldpost("device", "install", "emulated", path, "--config", right, "--json")
        assert told.exit_code == 0 and "/config.json" in json.loads(told.stdout)["copy"]

    on_a_bench(tmp_path / "board", story)


def test_an_unknown_board_or_slot_is_a_usage_error():
    assert fieldpost("device", "install", "pico", "/dev/none").exit_code == 2
    assert fieldpost("device", "install", "rp2040", "/dev/none", "--slot", "c").exit_code == 2


@pytest.mark.parametrize(
    ("board", "identity", "said"),
    [
        ("rp2040", b"", "it was installed as a board rp2040, whose pins may differ from those of emulated"),
        (
            "emulated",
            b"\xff" * 80,
            "it is the enrolled device whose identity cannot be read, and no desk vouches",
        ),
    ],
)
def test_what_somebody_should_know_first_is_refused_without_a_word(tmp_path, board, identity, said):
    manifest = json.dumps({"board": board, "version": "0.0.9", "measurement": "00" * 32}).encode()

    def story(path, _):
        with connect(path) as cable:
            Files(cable).write("/a.json", manifest)
            if identity:
                Files(cable).write("/state/identity", identity)
        before = state(path)
        told = fieldpost("device", "install", "emulated", path)
        assert (told.exit_code, said in told.stderr, "say --yes" in told.stderr) == (1, True, True)
        assert state(path) == before
        dry = json.loads(fieldpost("device", "install", "emulated", path, "--dry-run", "--json").stdout)
        assert said in dry["warning"] and (dry["slot"], dry["then"]) == ("b", "try")

    on_a_bench(tmp_path, story)
