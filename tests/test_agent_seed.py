"""The seed of a device's key: what it is made of, and a random source that must not make one."""

from agent_world import EnrollingHost, Mesh, config, install
from fake_board import FakeBoard, PowerOff
from fake_flash import FakeFlash
from vectors_io import fails

from fieldagent import app, identity
from fieldagent.journal_files import Files
from fieldagent.random_source import RandomFailed
from fieldagent.seed import clock_jitter, jitter_of, make_seed
from fieldwire.sha512 import sha512


class Source:
    """Random bytes that never repeat, from a counter; `first` tells two sources apart."""

    def __init__(self, first):
        self._next = first

    def __call__(self, count):
        self._next += 1
        return (sha512(b"%d" % self._next) * (count // 64 + 1))[:count]


def made(first=0, host=b"h" * 32, hardware=b"hw", jitter=b"j" * 128):
    return make_seed(Source(first), host, hardware, jitter)


def test_the_seed_depends_on_each_of_its_inputs():
    seeds = {made(), made(1), made(host=b"i" * 32), made(hardware=b"hx"), made(jitter=b"k" * 128)}
    assert len(seeds) == 5 and all(len(seed) == 32 for seed in seeds)
    assert made() == made()


def constant(count):
    return b"\x5a" * count


def short(count):
    return Source(3)(count)[:-1]


def alike(count):
    """The same bytes at each call, as a generator gives that is started anew each time."""
    return Source(3)(count)


def looping(count):
    return (b"sixteen bytes in" * count)[:count]


def failing(count):
    raise OSError(5)


def nearly_stuck(count):
    return bytes(min(at, 40) for at in range(count))


def test_a_source_that_fails_stands_still_or_repeats_itself_makes_no_key():
    for source in (constant, short, alike, looping, nearly_stuck):
        error = fails(RandomFailed, make_seed, source, b"h" * 32, b"hw", b"j")
        assert "random source repeats" in str(error) and "replace it" in str(error)
    assert "random source fails" in str(fails(RandomFailed, make_seed, failing, b"h" * 32, b"hw", b"j"))


def test_what_the_test_of_the_source_cannot_see_is_known():
    """A counter passes, as any generator does that somebody else could follow: hence the other inputs."""
    assert len(make_seed(Source(0), b"", b"", b"")) == 32


class Ticks:
    def __init__(self):
        self._reads = 0

    def __call__(self):
        self._reads += 1
        return self._reads * self._reads // 600


class Board:
    def __init__(self):
        self.ticks_ms = Ticks()


class NoisyBoard(Board):
    def noise(self, count):
        return b"\x07" * count


def test_jitter_is_1024_low_bits_of_the_boards_noise_or_of_its_clock():
    found = clock_jitter(Ticks())
    assert len(found) * 8 == 1_024 and len(set(found)) > 5
    assert jitter_of(Board()) == found
    assert jitter_of(NoisyBoard()) == b"\x07" * 128


class BrokenBoard(FakeBoard):
    """Its random source stands still at first, and recovers at a given time."""

    recovers_ms = 1_000

    def random_bytes(self, count):
        return FakeBoard.random_bytes(self, count) if self._now_ms > self.recovers_ms else b"\x00" * count


class PatientHost(EnrollingHost):
    """Says its start again every 100 ms, as a host does that hears nothing."""

    def turn(self, now_ms):
        if now_ms % 100 < 5 and self.request is None:
            self._started = False
        EnrollingHost.turn(self, now_ms)


def wait_for_a_key(off_ms):
    flash, hosts = FakeFlash(), []
    install(Files("", flash), config(observe=[]))
    board = BrokenBoard(1, {}, off_ms, lambda now_ms: hosts[0].turn(now_ms))
    hosts.append(PatientHost(Mesh(10), board.host_uart))
    app.Files = lambda root: Files(root, flash)
    try:
        app.run(board)
    except PowerOff:
        return flash, hosts[0]
    raise AssertionError("the loop ended by itself")


def test_a_device_whose_random_source_stands_still_stores_nothing_and_goes_on_waiting():
    flash, host = wait_for_a_key(900)
    assert host.request is None and identity.load(Files("", flash)) is None
    flash, host = wait_for_a_key(3_000)
    assert host.device == identity.load(Files("", flash)).device
