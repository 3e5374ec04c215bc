"""A file of the device's state that cannot be read is not taken for one that is not there."""

from fieldagent import identity
from fieldagent.held_tokens import HeldTokens
from fieldagent.identity import Attestations
from fieldagent.journal_files import Files
from fieldagent.start_up import next_boot
from fieldwire.errors import StorageError

EIO, ENOENT = 5, 2


class Failing:
    """A file system that answers every question with one error, and refuses to be written."""

    def __init__(self, errno):
        self._errno = errno

    def open(self, path, mode):
        if mode != "rb":
            raise AssertionError("%s is written" % path)
        raise OSError(self._errno, path)

    def ilistdir(self, path):
        raise OSError(self._errno, path)

    def mkdir(self, path):
        raise OSError(17, path)


def refusal(action):
    try:
        action()
    except StorageError as error:
        return str(error)
    return None


def test_a_boot_counter_that_cannot_be_read_starts_no_count_anew():
    text = refusal(lambda: next_boot(Files("", Failing(EIO))))
    assert text and "state/boot" in text


def test_an_identity_that_cannot_be_read_makes_no_unenrolled_device():
    assert "state/identity" in refusal(lambda: identity.load(Files("", Failing(EIO))))
    assert identity.load(Files("", Failing(ENOENT))) is None


def test_tokens_and_attestations_that_cannot_be_read_are_not_forgotten():
    assert "state/held" in refusal(lambda: HeldTokens(Files("", Failing(EIO))))
    assert "state/boots" in refusal(lambda: Attestations(Files("", Failing(EIO))))
    assert HeldTokens(Files("", Failing(ENOENT))).all() == []
