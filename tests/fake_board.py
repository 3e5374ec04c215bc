"""A board of memory for the agent's tests, on both runtimes: pipes as links, simulated time, sensors from lists."""


class Pipe:
    """One end of a link; what one end writes the other reads. `cut`: nothing is taken, as with no cable."""

    def __init__(self):
        self.baud = 115_200
        self.turnaround_ms = 1
        self.peer = None
        self.cut = False
        self._arrived = b""

    def read(self):
        data, self._arrived = self._arrived[:512], self._arrived[512:]
        return data or None

    def write(self, data):
        if self.cut or self.peer.cut:
            return 0
        self.peer._arrived += bytes(data)
        return len(data)


def pipe():
    one, other = Pipe(), Pipe()
    one.peer, other.peer = other, one
    return one, other


class PowerOff(Exception):
    """Ends a run of the board's loop at the time that the test has set."""


class FakeBoard:
    """`turn(now_ms)` is called whenever the agent sleeps: the rest of the world runs there."""

    NAME = "fake"

    def __init__(self, number, readings, off_ms, turn, start_ticks=0):
        self._number = number
        self._readings = readings
        self._turn = turn
        self._now_ms = start_ticks
        self._off_ms = start_ticks + off_ms
        self._drawn = 0
        self.uart, self.host_uart = pipe()
        self.local, self.air = pipe()

    def unique_id(self):
        return b"fake board " + bytes((self._number,))

    def ticks_ms(self):
        self._reads = getattr(self, "_reads", 0) + 1
        return (self._now_ms + self._reads // 20) & ((1 << 30) - 1)

    async def sleep_ms(self, duration_ms):
        self._now_ms += max(1, duration_ms)
        if self._now_ms >= self._off_ms:
            raise PowerOff
        self._turn(self._now_ms)

    def links(self):
        return {"uart": self.uart, "local": self.local}

    def random_bytes(self, count):
        """Repeatable, and different on each board and at each call."""
        self._drawn += 1
        return bytes((self._number * 41 + self._drawn * 7 + at * 13) & 0xFF for at in range(count))

    def sensor(self, name):
        readings = list(self._readings[name])
        return lambda: readings.pop(0) if readings else None

    def temperature_mc(self):
        return 21_000

    def utc(self):
        return 1_700_000_000 + self._now_ms // 1000, self._now_ms % 1000, 50

    def free_heap(self):
        return 100_000
