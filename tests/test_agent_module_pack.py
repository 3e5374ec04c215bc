"""A slot's pack as a board reads it: its golden bytes, each module and folder in it, and nothing of one not sound."""

import io

import pack
from vectors_io import fails, load_json, unhex

FILE, FOLDER = 0x8000, 0x4000


def opened(data):
    """The pack in a file of those bytes. OSError where it is not sound."""
    pack.open = lambda path, mode: io.BytesIO(data)
    return pack.Files("/a.pack")


def is_sound(data):
    try:
        opened(data)
    except OSError as error:
        assert error.args[0] == 22
        return False
    return True


def golden():
    return next(row for row in load_json("module_pack") if row["error"] is None)


def test_every_pack_vector_is_read_or_refused_as_it_says():
    rows = load_json("module_pack")
    assert len([row for row in rows if row["error"] is None]) >= 2
    for row in rows:
        assert is_sound(unhex(row["hex"])) == (row["error"] is None), row["name"]


def test_each_module_is_found_at_its_first_byte_and_with_its_size():
    for row in load_json("module_pack"):
        if row["error"]:
            continue
        files = opened(unhex(row["hex"]))
        for module in row["modules"]:
            data = unhex(module["hex"])
            with files.open("/" + module["path"], "rb") as file:
                assert file.read(len(data)) == data, module["path"]
            told = files.stat("/" + module["path"])
            assert len(told) == 10 and (told[0], told[6]) == (FILE, len(data)), module["path"]


def test_what_is_above_a_module_is_a_folder_and_nothing_else_is_there():
    files = opened(unhex(golden()["hex"]))
    for name in ("/fieldagent", "/fieldagent/drivers", "/fieldwire"):
        assert files.stat(name)[0] == FOLDER, name
    missing = ("/a", "/board", "/board.py", "/fieldagent.mpy", "/fieldagent/ap", "/fieldagent/ap.mpy")
    longer = (
        "/fieldagent/app",
        "/fieldagent/app.mpyx",
        "/fieldagent0",
        "/fieldzz/app.mpy",
        "/" + "n" * 60 + ".mpy",
    )
    for name in missing + longer:
        assert fails(OSError, files.stat, name).args[0] == 2, name
        assert fails(OSError, files.open, name, "rb").args[0] == 2, name


def test_a_pack_that_ends_anywhere_too_early_is_not_sound():
    whole = unhex(golden()["hex"])
    assert is_sound(whole)
    for length in range(len(whole)):
        assert not is_sound(whole[:length]), length


def test_a_bit_turned_anywhere_in_head_or_index_is_seen():
    whole = unhex(golden()["hex"])
    end = 16 + 56 * len(golden()["modules"])
    for at in range(end * 8):
        data = bytearray(whole)
        data[at >> 3] ^= 1 << (at & 7)
        assert not is_sound(bytes(data)), at
