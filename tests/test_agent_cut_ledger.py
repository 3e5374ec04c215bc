"""What a power cut may do to a renewal: the ledger takes either incarnation while that is honest, and no longer."""

import power_cuts
from ledger import Broken, Ledger
from vectors_io import fails

OLD, NEW, OTHER = b"old-----", b"new-----", b"other---"


class Found:
    """What a start found, with nothing in it: only its incarnation is judged here."""

    def __init__(self, incarnation):
        self.incarnation = incarnation

    def held(self):
        return []

    def heads(self):
        return []


def commit_in(ledger, incarnation):
    ledger.appended((incarnation, 1, 0))
    ledger.committed()
    ledger.owed.clear()


def asked_to_renew():
    ledger = Ledger()
    ledger.check(Found(OLD))
    commit_in(ledger, OLD)
    ledger.renewing(NEW)
    return ledger


def test_a_renewal_that_one_start_does_not_find_may_be_found_by_the_next():
    ledger = asked_to_renew()
    for incarnation in (OLD, OLD, NEW, NEW):
        ledger.check(Found(incarnation))


def test_what_was_committed_after_a_renewal_was_not_found_keeps_it_from_coming_true():
    ledger = asked_to_renew()
    ledger.check(Found(OLD))
    commit_in(ledger, OLD)
    assert "incarnation changed" in str(fails(Broken, ledger.check, Found(NEW)))


def test_a_renewal_that_was_found_stays():
    ledger = asked_to_renew()
    ledger.check(Found(NEW))
    commit_in(ledger, NEW)
    assert "incarnation changed" in str(fails(Broken, ledger.check, Found(OLD)))


def test_an_incarnation_that_nobody_asked_for_is_never_taken():
    assert "incarnation changed" in str(fails(Broken, asked_to_renew().check, Found(OTHER)))


def test_a_header_that_hangs_and_is_read_at_the_second_start_breaks_nothing():
    words = ("sweep", "60066", "11", "weak")
    tally = power_cuts.one_case(power_cuts.KINDS["ring-small-unit"], words)
    assert tally.cuts() == 1 and tally.broken == []
