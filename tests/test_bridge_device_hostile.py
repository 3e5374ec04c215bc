"""A board that says whatever it likes: its host keeps its memory, files and terminal, and tells what is wrong."""

import json
import re

import pytest
from cable_bench import fieldpost
from hostile_board import DIGEST, KIND, Endless, HostileBoard

from fieldpost.cli import device_wipe
from fieldpost.device import transport
from fieldpost.device.cable import connect
from fieldpost.device.errors import DeviceError, NoPrompt, RaisedOnBoard
from fieldpost.device.facts import board_facts, enrolled
from fieldpost.device.files import READ_BYTES_MAX, Files
from fieldpost.device.heard import Heard
from fieldpost.device.plan import Held
from fieldpost.device.rom import Rom
from fieldpost.device.wipe import look
from fieldwire import cbor

IN_THE_PORT_BYTES = 65_536  # what a terminal holds that nobody has read
BOUND_BYTES = 32_768
ESCAPE = "\x1b]0;mine\x07\x1b[2J"


def kind(place, value):
    return json.dumps([value if at == place else one for at, one in enumerate(KIND)])


def asked(lies, question, **answers):
    """What a question to a lying board comes to."""
    with HostileBoard(lies, **answers) as board, connect(board.path) as cable:
        return question(cable)


def test_a_board_that_tells_the_truth_is_believed():
    facts = asked({}, board_facts)
    assert (facts.kind.mcu, facts.hardware_id, facts.block_bytes) == ("RP2040", b"\xe6", 4096)
    assert (facts.slots, facts.lib, facts.enrolled) == ({}, False, None)
    assert asked({}, lambda cable: Files(cable).held("/a")) == Held(bytes.fromhex(DIGEST), 3)
    assert asked({}, lambda cable: Files(cable).read("/a")) == b"aaa"
    assert asked({}, look).is_bare


def test_the_bound_of_an_answer_is_a_mebibyte():
    assert transport.ANSWER_BYTES_MAX == 1 << 20


@pytest.mark.parametrize("where", ["lies", "raised"])
@pytest.mark.parametrize("piece", [b"x" * 4096, b"line\r\n" * 600, b"\0" * 4096])
def test_an_answer_without_an_end_is_cut_off_at_the_bound(monkeypatch, where, piece):
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", BOUND_BYTES)
    with HostileBoard(**{where: {"chatter": Endless(piece)}}) as board, connect(board.path) as cable:
        before = board.sent_bytes
        with pytest.raises(
            DeviceError, match=f"said more than {BOUND_BYTES} bytes .* press its reset button"
        ):
            cable.run("chatter")
        assert BOUND_BYTES < board.sent_bytes - before < BOUND_BYTES + IN_THE_PORT_BYTES


def test_an_answer_at_the_bound_is_taken(monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", BOUND_BYTES)
    whole = "y" * (BOUND_BYTES - 1)  # and one byte that ends it
    assert asked({"long": whole}, lambda cable: cable.run("long")) == whole


def test_a_soft_reset_that_is_answered_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", BOUND_BYTES)
    with HostileBoard({"": Endless(b"soft reboot\r")}) as board, connect(board.path) as cable:
        with pytest.raises(DeviceError, match=f"said more than {BOUND_BYTES} bytes"):
            cable.soft_reset()
        assert board.sent_bytes < BOUND_BYTES + IN_THE_PORT_BYTES


def test_noise_without_end_is_no_prompt():
    noise = Endless(b"raw REPL; CTRL-B to exit\r\n" * 100)
    with HostileBoard(banner=noise) as board, pytest.raises(NoPrompt, match="what answers is no MicroPython"):
        connect(board.path)


NO_FACTS = [
    ("sys.platform", "[" * 20_000),
    ("sys.platform", "[" * 500 + "]" * 500),
    ("sys.platform", "-" * 20_000 + "1"),
    ("sys.platform", ""),
    ("sys.platform", "null"),
    ("sys.platform", "{}"),
    ("sys.platform", json.dumps(KIND[:-1])),
    ("sys.platform", json.dumps([*KIND, 1])),
    *(("sys.platform", kind(place, [])) for place in range(9)),
    *(("sys.platform", kind(place, -1)) for place in range(10)),
    ("sys.platform", kind(1, "m" * 201)),
    ("sys.platform", kind(5, "e")),
    ("sys.platform", kind(5, "xy")),
    ("sys.platform", kind(6, True)),
    ("sys.platform", kind(6, 1e300)),
    ("sys.platform", kind(7, 0)),
    ("sys.platform", kind(9, ["1"])),
    ("sys.platform", '["\\ud800"]'),
    ("_fp_public()", "0"),
    ("_fp_public()", '"8"'),
    ("_fp_public()", "[" * 20_000),
    ("_fp_text(", "7"),
    ("_fp_text(", "[1, 2"),
    ("listdir('lib')", "null"),
    ("listdir('lib')", "[null]"),
    ("listdir('lib')", '"fieldagent"'),
]


@pytest.mark.parametrize(("word", "lie"), NO_FACTS, ids=range(len(NO_FACTS)))
def test_facts_of_another_shape_are_no_answer(word, lie):
    with (
        HostileBoard({word: lie}) as board,
        connect(board.path) as cable,
        pytest.raises(DeviceError, match=f"^{board.path}: the board said .* no answer .*; press its reset"),
    ):
        board_facts(cable)


NO_FILES = [
    ("_fp_hash('", "null", lambda files: files.held("/a")),
    ("_fp_hash('", "[1, 2]", lambda files: files.held("/a")),
    ("_fp_hash('", json.dumps([-1, DIGEST]), lambda files: files.held("/a")),
    ("_fp_hash('", json.dumps([3, DIGEST[1:]]), lambda files: files.held("/a")),
    ("_fp_hash('", json.dumps([3, DIGEST, 3]), lambda files: files.read("/a")),
    ("_fp_f.read(", "6", lambda files: files.read("/a")),
    ("_fp_f.read(", "no digits", lambda files: files.read("/a")),
    ("_fp_rows('", '["name"]', lambda files: files.names("")),
    ("_fp_rows('", '[["name", "folder"]]', lambda files: files.names("")),
    ("_fp_rows('", '{"name": 1}', lambda files: files.names("")),
    ("_fp_rows('", json.dumps([["n" * 256, 1]]), lambda files: files.names("")),
    ("statvfs(_fp_root", "[1]", lambda files: files.space()),
    ("statvfs(_fp_root", "[1, 0]", lambda files: files.space()),
    ("_fp_tree('", "1 2", lambda files: files.tree()),
    ("_fp_tree('", '["/a", 1]', lambda files: files.tree()),
    ("_fp_tree('", json.dumps(["/a", 1, DIGEST]) + "\nTraceback", lambda files: files.tree()),
    ("_fp_tree('", "[" * 20_000, lambda files: files.tree()),
]


@pytest.mark.parametrize(("word", "lie", "question"), NO_FILES, ids=range(len(NO_FILES)))
def test_files_of_another_shape_are_no_answer(word, lie, question):
    with pytest.raises(DeviceError, match=r"the board said .* no answer .*; press its reset"):
        asked({word: lie}, lambda cable: question(Files(cable)))


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "/etc/passwd", "a/b", "a\\b", "a\0"])
def test_a_name_that_leads_out_of_its_folder_is_no_name(name):
    with pytest.raises(DeviceError, match="no answer .* is no name of a file"):
        asked({"_fp_rows('": json.dumps([[name, 0x8000]])}, lambda cable: Files(cable).names("/schemas"))


def test_a_file_of_any_length_is_not_read():
    lie = {"_fp_hash('": json.dumps([READ_BYTES_MAX + 1, DIGEST])}
    with pytest.raises(DeviceError, match=f"/a has {READ_BYTES_MAX + 1} bytes .* at most {READ_BYTES_MAX}"):
        asked(lie, lambda cable: Files(cable).read("/a"))


@pytest.mark.parametrize("lie", ["null", '"-1"', "[]", "1.5", ""])
def test_an_erasure_that_is_no_number_is_no_answer(lie):
    with pytest.raises(DeviceError, match="no answer"):
        asked({"rom_ioctl(3": lie}, lambda cable: Rom(cable, 0).write(b"image"))


@pytest.mark.parametrize("lie", ["null", "[-1]", '["1"]', "7"])
def test_blocks_of_a_log_that_are_no_numbers_are_no_answer(lie):
    lies = {"_fp_order(_fp_flash)": lie, "listdir('lib')": '["fieldagent"]'}
    with pytest.raises(DeviceError, match="no answer"):
        asked(lies, look)


IDENTITIES = [
    [],
    [[b"\1" * 32, 5, b"\2" * 16, []]],
    [b"\1" * 32, b"\3" * 32, b"\2" * 16, [1]],
    [b"\1" * 32, b"\3" * 32, b"\2" * 16, 7],
    [b"\1" * 32, b"\3" * 32, b"\2" * 16, None],
    [b"\1" * 32, b"\3" * 32, b"\2" * 16, ["token"]],
    [b"\1" * 32, b"\3" * 32, b"\2" * 16, [b"token"]],
    [b"\1" * 32, 5, b"\2" * 16, []],
]


@pytest.mark.parametrize("items", IDENTITIES, ids=range(len(IDENTITIES)))
def test_an_identity_of_other_items_is_a_damaged_one(items):
    said = json.dumps(b"".join(map(cbor.encode, items)).hex())
    assert asked({"_fp_public()": said}, enrolled).device is None


MANIFESTS = [
    "0",
    "[]",
    "null",
    '"a"',
    "{}",
    "[" * 20_000,
    '{"board": 1, "version": "1", "measurement": "%s"}' % DIGEST,
]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=range(len(MANIFESTS)))
def test_a_manifest_of_another_shape_is_of_no_slot(manifest):
    assert asked({"_fp_text(": json.dumps(manifest)}, board_facts).slots == {}


@pytest.mark.parametrize("error", [" \r\n ", "\n", "x" * 10_000])
def test_an_exception_without_a_word_or_of_many_is_told_shortly(error):
    with pytest.raises(RaisedOnBoard, match="the board says .") as caught:
        asked({}, lambda cable: cable.run("fails"), raised={"fails": error})
    assert len(caught.value.last) <= 200


def test_what_a_board_says_does_not_reach_the_terminal_as_control_characters():
    manifest = json.dumps({"board": f"rp2040{ESCAPE}", "version": ESCAPE, "measurement": DIGEST})
    lies = {"sys.platform": kind(1, f"Pico{ESCAPE}"), "_fp_text(": json.dumps(manifest)}
    with HostileBoard({**lies, "_fp_hash('": json.dumps([0, DIGEST])}) as board:
        told = fieldpost("device", "status", board.path, "--for", "0.1")
        assert told.exit_code == 0 and "Pico\\x1b]0;mine" in told.stdout
        rows = fieldpost("device", "list", board.path, "--ask", "--for", "0.1")
        assert rows.exit_code == 0 and "Pico\\x1b]0;mine" in rows.stdout
    with HostileBoard(raised={"sys.platform": f"OSError: {ESCAPE}"}) as board:
        failed = fieldpost("device", "status", board.path, "--for", "0.1")
        assert failed.exit_code == 3 and "OSError: \\x1b]0;mine" in failed.output
    for one in (told, rows, failed):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", one.output), one.output


def test_what_is_no_answer_is_told_by_each_command_with_its_exit_code(monkeypatch):
    monkeypatch.setattr(device_wipe, "LISTEN_S", 0.1)
    for words in (("status", "--for", "0.1"), ("wipe", "--dry-run"), ("logs", "--crash")):
        with HostileBoard({"modules": "maybe"}) as board:
            told = fieldpost("device", words[0], board.path, *words[1:])
            assert (told.exit_code, told.stdout) == (3, "")
            assert f"{board.path}: the board said 'maybe'" in told.stderr


STATUS_LINES = [
    b"[" * 4_000,
    b'{"a": ' * 600 + b"1" + b"}" * 600,
    b'{"a": [' + b"[]," * 100 + b"[]]}",
    b'{"a": NaN}',
    b'{"a": "\\ud800"}',
    b"{} {}",
    b"7",
]


@pytest.mark.parametrize("line", STATUS_LINES, ids=range(len(STATUS_LINES)))
def test_a_status_line_of_another_shape_says_nothing(line):
    heard = Heard()
    heard.feed(b"status " + line + b"\n")
    assert (heard.status, heard.device) == (None, None)


@pytest.mark.parametrize("device", ["", "aa", "A" * 32, "g" * 32, "a" * 33, ESCAPE, 7, None, [], {}])
def test_a_device_that_has_no_id_is_not_named(device):
    heard = Heard()
    heard.feed(b"status " + json.dumps({"device": device}).encode() + b"\n")
    assert heard.is_agent and heard.device is None


@pytest.mark.parametrize("journalled", ["3", None, [], {}, -1, 1.5])
def test_a_count_that_is_no_number_counts_nothing(journalled):
    heard = Heard()
    heard.feed(b"status " + json.dumps({"journalled": journalled, "freed": 2}).encode() + b"\n")
    assert (heard.count("journalled"), heard.count("freed"), heard.count("none")) == (None, 2, None)
