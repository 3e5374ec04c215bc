"""The power is cut at every operation that touches the flash, with unflushed bytes lost, torn or kept."""

from agent_log import Device, Incarnations, Keeper
from fake_flash import FakeFlash, PowerCut


def promise(device, stream, value, promised):
    made = device.observe(stream, value)
    device.journal.commit()
    promised.append(made.id)


def a_day(flash, incarnations, keeper, promised):
    """A boot with observations, seals, a drained and freed segment; ids that were promised as durable are noted."""
    device = Device(flash, incarnations)
    keeper.drain(device.journal)
    for value in range(3):
        promise(device, 1, value, promised)
    made = device.observe(0)
    promised.append(made.id)
    keeper.take_early(made.early_copy)
    device.observer.seal(1)
    keeper.drain(device.journal)
    device.journal.free(next(device.journal.held()))
    promise(device, 1, 0, promised)
    device.observer.seal_all()
    keeper.drain(device.journal)
    device.journal.free(next(device.journal.held()))
    promise(device, 1, 0, promised)
    promise(device, 0, 0, promised)


def survives(cut_at, torn_part, boots_before):
    """False when the day had ended before that operation."""
    flash, incarnations, keeper, promised = FakeFlash(torn_part=torn_part), Incarnations(), Keeper(), []
    for _ in range(boots_before):
        a_day(flash, incarnations, keeper, promised)
    flash.cut_at = flash.operations + cut_at
    try:
        a_day(flash, incarnations, keeper, promised)
        was_cut = False
    except PowerCut:
        was_cut = True
    flash.power_on()
    a_day(flash, incarnations, keeper, promised)
    last = Device(flash, incarnations)
    keeper.drain(last.journal)
    keeper.check_chains()
    assert incarnations.taken <= 2, "an incarnation is lost only before its first seq"
    kept = set(keeper.ids.values())
    lost = [identity for identity in promised if identity not in kept]
    assert not lost, "cut at %d, torn %d: %d of %d lost" % (cut_at, torn_part, len(lost), len(promised))
    return was_cut


def sweep(torn_part, boots_before):
    """How many operations were cut, each in a day of its own."""
    cut_at = 1
    while survives(cut_at, torn_part, boots_before):
        cut_at += 1
    return cut_at


def test_a_cut_at_any_operation_of_the_first_boot_loses_nothing_promised():
    assert sweep(0, 0) > 14


def test_a_cut_at_any_operation_of_a_later_boot_loses_nothing_promised():
    assert sweep(0, 1) > 14


def test_a_cut_that_tears_what_was_being_written_loses_nothing_promised():
    assert sweep(2, 1) > 14


def test_a_cut_just_after_the_bytes_reached_the_flash_loses_nothing_promised():
    assert sweep(4, 1) > 14
