"""A log on flash that is full, fails or holds what it should not: what is told, kept, and goes on. FAULTS.md"""

from binascii import crc32

import torn
from dice import Dice
from journal_life import Life
from nor_flash import NorFlash, PowerCut
from ring_store import RingStore
from test_agent_record_log import started_on
from vectors_io import fails

from fieldagent import record, ring
from fieldwire.errors import StorageError

BLOCKS, BLOCK_BYTES = 8, 2048


def lived(seed=1, steps=60):
    """A log after some life, with sealed segments of several streams and leaves that are open."""
    flash = NorFlash(BLOCKS, BLOCK_BYTES, 256)
    store = RingStore()
    store.format(flash)
    life = Life(store, flash, Dice(seed))
    life.boot()
    life.live(steps)
    life.append_and_commit()
    return life


def reopened(life):
    """The log as the next boot finds it, with the error's text where it refuses to start."""
    life.ledger.boots += 1
    life.ledger.power_gone()
    try:
        journal = life.store.open(life.flash, life.ledger.new_incarnation)
        journal.recover(life.signer)
        return journal, None
    except StorageError as error:
        return None, str(error)


def survey(life, journal):
    """Keys of segments that read whole and as they were written, and of those that say that they are damaged."""
    sound, damaged = set(), set(journal.damaged)
    for key in journal.held():
        try:
            life.ledger.see(journal, key)
            sound.add(key)
        except StorageError:
            damaged.add(key)
    return sound, damaged


def goes_on(life, journal):
    """New positions are taken and drained; Broken, when one is used twice."""
    life.journal = journal
    life.append_and_commit()
    for stream in range(4):
        life.seal(stream)


def test_a_full_flash_refuses_readings_loses_none_and_takes_them_again_after_a_custody():
    life = lived(steps=0)
    while life.refused < 3:
        for stream in range(4):
            life.append_and_commit()
            life.seal(stream)
    assert life.journal.bytes >= life.journal.capacity // 2
    life.boot()  # every promise is asked for
    held = list(life.journal.held())
    for key in held[: 3 * len(held) // 4]:
        life.free(key)
    while life.journal.idle():
        pass
    refused = life.refused
    life.append_and_commit()
    assert life.refused == refused
    life.boot()


def test_a_log_that_took_nothing_more_has_room_as_soon_as_something_was_freed():
    """Else whoever looks after a custody would drop what need not go."""
    life = lived(steps=0)
    while life.refused < 3:
        life.append_and_commit()
    assert life.journal.bytes >= life.journal.capacity
    for stream in range(4):
        life.seal(stream)
    for key in list(life.journal.held()):
        life.free(key)
    assert life.journal.bytes == 0


def test_a_block_that_cannot_be_read_costs_what_lies_in_it_and_nothing_is_lost_in_silence():
    for block in range(BLOCKS):
        life = lived()
        life.settle()
        known = set(life.journal.held())
        life.flash.fail_reads(block)
        journal, refusal = reopened(life)
        if refusal is not None:
            assert "journal" in refusal and ("flash" in refusal or "block" in refusal), refusal
            continue
        sound, damaged = survey(life, journal)
        lost = known - sound - damaged
        # What was sealed in the newest sector is known to nothing else; a new incarnation tells of that.
        assert not lost or journal.incarnation != life.journal.incarnation, (block, lost)
        goes_on(life, journal)


def test_a_block_that_fails_while_the_log_goes_round_loses_nothing_in_silence():
    for block in range(BLOCKS):
        life = lived(steps=30)
        life.settle()
        known = set(life.journal.held())
        life.flash.fail_reads(block)
        begun = life.journal.bytes_written
        for _ in range(20 * BLOCKS):
            life.append_and_commit()
            for stream in range(4):
                life.seal(stream)
            for key in list(life.journal.held()):
                if key not in known:
                    life.journal.free(key)
        sound, damaged = survey(life, life.journal)
        assert known <= sound | damaged, (block, known - sound - damaged)
        assert life.journal.bytes_written - begun > 2 * BLOCKS * BLOCK_BYTES, block


def test_bits_that_turn_anywhere_make_no_false_record_and_lose_none_in_silence():
    dice = Dice(7)
    for _ in range(60):
        life = lived()
        life.settle()
        known = set(life.journal.held())
        spoil(life.flash, dice.below(BLOCKS), dice.below(BLOCK_BYTES), 1 << dice.below(8))
        journal, refusal = reopened(life)
        assert refusal is None, refusal
        sound, damaged = survey(life, journal)
        assert known <= sound | damaged, known - sound - damaged
        goes_on(life, journal)


def seals_of(flash):
    """(block, offset) of each seal's record in a log on that part."""
    log = started_on(flash)
    for sector in range(log.tail, log.head + 1):
        for offset, kind, _, _ in log.records(sector):
            if kind in record.SEALS:
                yield sector % BLOCKS, offset


def test_a_bit_that_turns_in_a_seals_kind_or_number_makes_no_fork_and_loses_it_not_in_silence():
    life = lived()
    life.settle()
    known = set(life.journal.held())
    image = life.flash.image()
    for block, offset in list(seals_of(life.flash)):
        for turned in range(8 * 19):  # its head, its incarnation, its number
            life.flash.load(image)
            spoil(life.flash, block, offset + turned // 8, 1 << turned % 8)
            journal, refusal = reopened(life)
            assert refusal is None, refusal
            sound, damaged = survey(life, journal)
            assert known <= sound | damaged, (block, offset, turned, known - sound - damaged)


def spoil(flash, block, offset, bits):
    """Turns bits in the cells themselves."""
    blocks, unstable, used = flash.image()
    held = bytearray(blocks[block])
    held[offset] ^= bits
    blocks[block] = bytes(held)
    flash.load((blocks, unstable, used))


def test_a_damaged_segment_is_named_until_it_is_freed_and_then_forgotten():
    life = lived()
    life.settle()
    life.flash.fail_reads(0)
    journal, refusal = reopened(life)
    assert refusal is None
    for key in survey(life, journal)[1]:
        journal.free(key)
    assert not survey(life, journal)[1]


def test_a_flash_that_refuses_a_write_costs_that_reading_alone():
    life = lived()
    for block in range(BLOCKS):
        life.flash.fail_writes(block)
    refused = life.refused
    life.append_and_commit()
    assert life.refused > refused
    life.flash.heal()
    for stream in range(4):
        life.seal(stream)
    life.append_and_commit()
    life.boot()


def of_format_2(block):
    """A sector as a program of another version would have begun it."""
    place = block[4:10]
    if place == b"\xff" * 6:  # erased, and not begun
        return b"FPJ\x02" + block[4:]
    return b"FPJ\x02" + place + crc32(b"FPJ\x02" + place).to_bytes(4, "big") + block[14:]


def test_an_image_of_another_version_and_a_flash_with_other_content_are_refused_with_the_remedy():
    life = lived()
    blocks, unstable, used = life.flash.image()
    life.flash.load(([of_format_2(block) for block in blocks], unstable, used))
    text = reopened(life)[1]
    assert text and "format 2" in text and "erase" in text, text

    foreign = NorFlash(BLOCKS, BLOCK_BYTES, 256)
    for block in range(BLOCKS):
        foreign.writeblocks(block, b"photographs of a cat" * 12 + bytes(16), 0)
    life = Life(RingStore(), foreign, Dice(1))
    text = reopened(life)[1]
    assert text and "no journal" in text and "erase" in text, text
    ring.format(foreign)
    life.boot()
    life.append_and_commit()


def test_a_board_that_starts_again_and_again_never_fills_its_flash_with_starts():
    life = lived()
    for _ in range(10 * BLOCKS):
        life.boot()
    life.append_and_commit()
    assert life.refused == 0


class DyingInSeals:
    """Watches a part: the power goes in each program of a start's seal, until it stands there whole."""

    def __init__(self, flash, mode):
        self._flash = flash
        self._mode = mode
        self._dice = Dice(3)
        flash.watch = self

    def __call__(self, kind, block, offset, data):
        first = data.lstrip(b"\xff")[:1]
        if kind == "program" and first and first[0] >> 4 in (record.SEAL, record.SEAL_RECOVERED):
            self._flash.cut_after(0, self._mode, self._seed_that_tears(block, offset, data))

    def _seed_that_tears(self, block, offset, data):
        while True:
            seed = self._dice.below(1 << 30)
            image = self._flash.torn("program", block, offset, data, self._mode, Dice(seed))
            left = image[0][block][offset : offset + len(data)]
            if torn.both(left, data) != left or self._mode == torn.WEAK:
                return seed


def test_starts_that_all_die_in_their_seal_use_few_sectors_and_lose_nothing():
    for mode in (torn.PREFIX, torn.BITS, torn.UNSTABLE, torn.WEAK):
        life = lived(3, 20)
        life._append(1, b"open")
        life.commit()
        head = started_on(life.flash).head
        DyingInSeals(life.flash, mode)
        for _ in range(4 * BLOCKS):
            fails(PowerCut, life.boot)
            life.flash.power_on()
        assert started_on(life.flash).head <= head + 4, mode
        life.flash.watch = None
        life.boot()
        life.finish()
        assert life.refused == 0, mode
