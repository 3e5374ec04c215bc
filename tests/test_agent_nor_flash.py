"""The emulated flash keeps the rules of its part and tears what a cut falls on."""

import torn
from nor_flash import ERASE, SYNC, NorFlash, PowerCut

BLOCK = 512


def part(**changed):
    return NorFlash(4, BLOCK, changed.pop("unit_bytes", 16), **changed)


def read(flash, block, offset=0, size=BLOCK):
    found = bytearray(size)
    flash.readblocks(block, found, offset)
    return bytes(found)


def refuses(action, *arguments):
    try:
        action(*arguments)
    except ValueError:
        return True
    return False


def goes(action, *arguments):
    """True when the power goes in the call."""
    try:
        action(*arguments)
    except PowerCut:
        return True
    return False


def test_programming_clears_bits_and_an_erase_sets_the_block():
    flash = part()
    assert read(flash, 1) == b"\xff" * BLOCK
    flash.writeblocks(1, b"\x0f" * 16, 32)
    flash.writeblocks(1, b"\x05" * 16, 32)
    assert read(flash, 1, 31, 18) == b"\xff" + b"\x05" * 16 + b"\xff"
    flash.ioctl(ERASE, 1)
    assert read(flash, 1) == b"\xff" * BLOCK


def test_a_bit_that_would_have_to_rise_is_refused_and_padding_leaves_what_is_there():
    flash = part()
    flash.writeblocks(0, b"\x0f" * 16, 0)
    assert refuses(flash.writeblocks, 0, b"\xf0" * 16, 0)
    flash.writeblocks(0, b"\xff" * 16, 0)
    assert read(flash, 0, 0, 16) == b"\x0f" * 16


def test_a_program_off_the_unit_or_beyond_the_part_is_refused():
    flash = part()
    assert refuses(flash.writeblocks, 0, b"\x00" * 16, 8)
    assert refuses(flash.writeblocks, 0, b"\x00" * 8, 0)
    assert refuses(flash.writeblocks, 0, b"\x00" * 32, BLOCK - 16)
    assert refuses(flash.writeblocks, 4, b"\x00" * 16, 0)
    assert refuses(flash.readblocks, 4, bytearray(1), 0)


def test_a_unit_with_ecc_is_programmed_once_after_an_erase():
    flash = part(ecc=True)
    flash.writeblocks(0, b"\x0f" * 16 + b"\xff" * 16, 0)
    assert refuses(flash.writeblocks, 0, b"\x0f" * 16, 0)
    flash.writeblocks(0, b"\x0f" * 16, 16)
    flash.ioctl(ERASE, 0)
    flash.writeblocks(0, b"\x0f" * 16, 0)


def test_work_is_counted_in_bytes_that_are_not_blank():
    flash = part(unit_bytes=256)
    flash.writeblocks(0, b"\x00" * 162 + b"\xff" * 94, 0)
    flash.ioctl(ERASE, 1)
    flash.in_append = True
    flash.ioctl(ERASE, 2)
    read(flash, 0, 0, 100)
    assert (flash.programs, flash.bytes_programmed) == (1, 162)
    assert (flash.erases, flash.erases_in_append) == (2, 1)
    assert (flash.reads, flash.bytes_read) == (1, 100)


def test_after_a_cut_nothing_works_until_the_power_is_back():
    flash = part()
    flash.cut_after(1)
    flash.writeblocks(0, b"\x00" * 16, 0)
    assert goes(flash.ioctl, ERASE, 0)
    assert goes(flash.readblocks, 0, bytearray(1), 0)
    assert goes(flash.writeblocks, 0, b"\x00" * 16, 16)
    flash.power_on()
    assert read(flash, 0, 0, 17) == b"\x00" * 16 + b"\xff"


def test_a_torn_program_changes_nothing_outside_itself_and_sets_no_bit():
    data = bytes(range(1, 97))
    for mode in torn.MODES:
        for seed in range(40):
            flash = part()
            flash.writeblocks(0, b"\x00" * 16, 0)
            flash.cut_after(0, mode, seed)
            assert goes(flash.writeblocks, 0, data, 16)
            flash.power_on()
            left = read(flash, 0)
            assert left[:16] == b"\x00" * 16 and left[112:] == b"\xff" * (BLOCK - 112)
            if mode not in (torn.UNSTABLE, torn.WEAK):
                assert torn.both(left[16:112], data) == data


def test_each_way_of_tearing_a_program_leaves_what_its_name_says():
    data = b"\x5a" * 64
    seen = {}
    for mode in torn.MODES:
        for seed in range(40):
            left, mask = torn.program(b"\xff" * 64, data, 0, mode, torn_dice(seed))
            seen.setdefault(mode, set()).add((left, mask))
    assert seen[torn.NOTHING] == {(b"\xff" * 64, None)}
    assert seen[torn.WHOLE] == {(data, None)}
    for mode in (torn.PREFIX, torn.BITS, torn.UNSTABLE, torn.WEAK):
        assert len(seen[mode]) > 20, mode
    for left, _ in seen[torn.PREFIX]:
        done = len(left) - len(left.lstrip(b"\x5a"))
        assert left[done + 1 :] == b"\xff" * len(left[done + 1 :])
    assert any(mask != bytes(64) for _, mask in seen[torn.UNSTABLE])


def torn_dice(seed):
    from dice import Dice

    return Dice(seed)


def test_a_torn_erase_may_leave_the_begin_alive_the_end_alive_or_bits_of_both():
    old = bytes([index & 0x7F for index in range(BLOCK)])
    alive, tails = 0, 0
    for seed in range(60):
        left, mask = torn.erase(old, torn.PREFIX, torn_dice(seed))
        assert mask is None and all(byte in (0xFF, old[at]) for at, byte in enumerate(left))
        alive += left[:16] == old[:16]
        tails += left[-1] == old[-1]
    assert alive and tails
    for seed in range(20):
        left, mask = torn.erase(old, torn.UNSTABLE, torn_dice(seed))
        assert left == b"\xff" * BLOCK and not any(byte & old[at] for at, byte in enumerate(mask))


def test_unstable_bits_read_now_so_now_so_until_they_are_erased_or_programmed():
    flash = part()
    flash.writeblocks(0, b"\x00" * BLOCK, 0)
    flash.cut_after(0, torn.UNSTABLE, 3)
    assert goes(flash.ioctl, ERASE, 0)
    flash.power_on()
    assert len({read(flash, 0) for _ in range(8)}) > 1
    image = flash.image()
    flash.writeblocks(0, b"\x00" * BLOCK, 0)
    assert read(flash, 0) == b"\x00" * BLOCK
    flash.load(image)
    flash.ioctl(ERASE, 0)
    assert read(flash, 0) == b"\xff" * BLOCK


def test_what_was_not_synced_is_dropped_or_reordered_and_what_was_synced_stays():
    seen = set()
    for seed in range(60):
        flash = part(cached=True)
        flash.writeblocks(0, b"\x00" * 16, 0)
        flash.ioctl(SYNC, 0)
        flash.writeblocks(0, b"\x11" * 16, 16)
        flash.writeblocks(1, b"\x22" * 16, 0)
        flash.cut_after(0, torn.NOTHING, seed)
        assert goes(flash.ioctl, SYNC, 0)
        flash.power_on()
        assert read(flash, 0, 0, 16) == b"\x00" * 16
        seen.add((read(flash, 0, 16, 1), read(flash, 1, 0, 1)))
    blank = b"\xff"
    assert seen == {(blank, blank), (b"\x11", blank), (blank, b"\x22"), (b"\x11", b"\x22")}


def test_a_bad_block_fails_its_reads_or_turns_bits_and_fails_its_writes():
    flash = part()
    flash.fail_reads(1)
    assert errno_of(flash.readblocks, 1, bytearray(4), 0) == 5
    flash.fail_reads(1, flips=2)
    assert read(flash, 1) != b"\xff" * BLOCK
    flash.fail_writes(1)
    assert errno_of(flash.writeblocks, 1, b"\x00" * 16, 0) == 5
    assert errno_of(flash.ioctl, ERASE, 1) == 5
    flash.heal()
    assert read(flash, 1) == b"\xff" * BLOCK


def errno_of(action, *arguments):
    try:
        action(*arguments)
    except OSError as error:
        return error.errno
    return None


def test_an_image_that_is_put_back_brings_everything_back():
    flash = part()
    flash.writeblocks(0, b"\x00" * 16, 0)
    image = flash.image()
    flash.ioctl(ERASE, 0)
    flash.writeblocks(2, b"\x01" * 16, 0)
    flash.load(image)
    assert read(flash, 0, 0, 16) == b"\x00" * 16 and read(flash, 2) == b"\xff" * BLOCK
