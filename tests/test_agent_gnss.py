"""The GNSS driver against what real receivers send, and against every way in which it may be wrong."""

from fake_parts import FakeUart, recorded
from gnss_sentences import checked, gga, rmc, second

from fieldagent.drivers import nmea
from fieldagent.drivers.gnss import Gnss

PLACE = [472852395, 85652537, 10_100]
UTC_S = 1_794_213_300  # 2026-11-09 08:35:00
UNCERTAINTY_MS, STALE_MS = 1_500, 3_000


class World:
    """A receiver on the board's UART; what it sends arrives at once, unless `late_ms` says that nobody looked."""

    def __init__(self):
        self.uart = FakeUart()
        self.gnss = Gnss(self.uart, UNCERTAINTY_MS, STALE_MS)
        self.now_ms = 10_000
        self.gnss.turn(self.now_ms)

    def pass_ms(self, duration_ms, every_ms=250):
        end_ms = self.now_ms + duration_ms
        while self.now_ms < end_ms:
            self.now_ms = min(self.now_ms + every_ms, end_ms)
            self.gnss.turn(self.now_ms)

    def send(self, text):
        self.uart.waiting += text if isinstance(text, bytes) else text.encode()
        self.gnss.turn(self.now_ms)

    def run(self, *texts):
        """Each text is what comes in one second."""
        for text in texts:
            self.send(text)
            self.pass_ms(1_000)

    @property
    def position(self):
        return self.gnss.position(self.now_ms)

    @property
    def utc(self):
        return self.gnss.utc(self.now_ms)


def test_every_published_sentence_says_what_is_known_of_it():
    for row in recorded("nmea"):
        [line] = nmea.Lines().feed(row["sentence"].encode() + b"\r\n")
        told = nmea.fields(line)
        assert (told[0][2:] if told else None) == row["kind"], row
        reads = {"RMC": nmea.rmc, "GGA": nmea.gga}.get(row["kind"])
        says = reads(told) if reads else None
        assert (list(says) if says else None) == row["says"], row


def test_no_flipped_bit_of_a_published_sentence_passes():
    for row in recorded("nmea"):
        if not row["says"]:
            continue
        line = row["sentence"][1:].encode()
        for bit in range(8 * len(line)):
            changed = bytearray(line)
            changed[bit >> 3] ^= 1 << (bit & 7)
            told = nmea.fields(bytes(changed))
            same = changed.upper() == line.upper()  # the checksum's digits may be of either case
            assert told is None or same, changed


def test_no_cut_of_a_sentence_passes():
    line = recorded("nmea")[0]["sentence"][1:].encode()
    for size in range(1, len(line)):
        assert nmea.fields(line[:size]) is None
        rest = nmea.fields(line[size:])
        assert rest is None or nmea.rmc(rest) is None, "a rest may sum up, and says nothing"


def test_a_position_and_a_utc_come_of_sentences_that_agree():
    world = World()
    world.run(second(1))
    assert world.position == PLACE and world.utc is None, "one sentence alone tells no UTC"
    world.run(second(2))
    assert world.position == PLACE
    assert world.utc == (UTC_S + 3, 0, UNCERTAINTY_MS), "it goes on with the board's clock"
    world.pass_ms(250)
    assert world.utc == (UTC_S + 3, 250, UNCERTAINTY_MS)


def test_sentences_may_come_in_pieces_and_in_either_order():
    world = World()
    for number in (1, 2):
        clock = "0835%02d.00" % number
        for byte in (gga(clock) + rmc(clock)).encode():
            world.send(bytes([byte]))
        world.pass_ms(1_000)
    assert world.position == PLACE and world.utc == (UTC_S + 3, 0, UNCERTAINTY_MS)


def test_what_is_old_is_none():
    world = World()
    world.run(second(1), second(2))
    world.pass_ms(STALE_MS - 1_000)
    assert world.position and world.utc
    world.pass_ms(1)
    assert world.position is None and world.utc is None


def test_a_receiver_that_says_it_has_no_fix_is_believed_at_once():
    for void in (rmc("083503.00", state="V"), rmc("083503.00", mode="N"), gga("083503.00", quality="0")):
        world = World()
        world.run(second(1), second(2), void)
        assert world.position is None, void


def test_what_is_estimated_typed_in_or_simulated_is_no_fix():
    for mode in "EMSN":
        world = World()
        world.run(
            rmc("083501.00", mode=mode) + gga("083501.00"), rmc("083502.00", mode=mode) + gga("083502.00")
        )
        assert world.position is None and world.utc is None, mode
    for quality in ("0", "6", "7", "8", "", "9", "A"):
        world = World()
        world.run(rmc("083501.00") + gga("083501.00", quality=quality))
        assert world.position is None, quality


def test_no_field_that_is_none_becomes_a_number():
    for place in (
        "nan,N,00833.91522,E",
        "4717.11437,N,nan,E",
        "inf,N,inf,E",
        "-4717.1143,N,00833.91522,E",
        "4717.1143e1,N,00833.91522,E",
        "4717.1_437,N,00833.91522,E",
        "4760.00000,N,00833.91522,E",
        "9000.00001,N,00833.91522,E",
        "4717.11437,N,18000.00001,E",
        "4717.11437,X,00833.91522,E",
        "4717.11437,N,00833.91522,",
        "4717.11437,NS,00833.91522,E",
        "717.11437,N,00833.91522,E",
        "4717.11437,N,0833.91522,E",
        "4717,11437,N,00833.9,E",
        "0000.0000,N,00000.0000,E",
        ",,,",
    ):
        world = World()
        world.run(second(1, place=place), second(2, place=place))
        assert world.position is None and world.utc is None, place
    for hdop in ("nan", "", "99.99", "0", "-1", "20.01"):
        world = World()
        world.run(rmc("083501.00") + gga("083501.00", hdop=hdop))
        assert world.position is None, hdop
    for satellites in ("00", "02", "", "x"):
        world = World()
        world.run(rmc("083501.00") + gga("083501.00", satellites=satellites))
        assert world.position is None, satellites


def test_the_poles_and_the_date_line_are_places():
    for place, found in (
        ("9000.00000,N,00000.0000,E", (900_000_000, 0)),
        ("9000.00000,S,18000.0000,W", (-900_000_000, -1_800_000_000)),
        ("0000.0000,N,00000.0006,W", (0, -100)),
    ):
        world = World()
        world.run(second(1, place=place))
        assert tuple(world.position[:2]) == found


def test_a_clock_that_no_day_has_tells_nothing():
    for clock in (
        "240000.00",
        "236000.00",
        "235960.00",
        "0835",
        "08350.1",
        "083501.0.0",
        "nan",
        "",
        "8.35e4",
    ):
        world = World()
        world.run(rmc(clock) + gga(clock), rmc("083502.00"))
        assert world.utc is None and world.position is None, clock
    for date in ("320126", "000126", "290226", "310426", "011326", "010026", "1126", "091126x", "nan", ""):
        world = World()
        world.run(second(1, date=date), second(2, date=date))
        assert world.utc is None, date
    leap = nmea.rmc(nmea.fields(rmc("235959.99", date="290228")[1:-2].encode()))
    assert leap[1] == 1_835_481_599_990


def test_a_receiver_that_lost_count_of_its_weeks_tells_no_utc():
    for date in ("260307", "311225", "230394", "060180"):  # 1,024 weeks ago, a day too early, and long ago
        world = World()
        world.run(second(1, date=date), second(2, date=date), second(3, date=date))
        assert world.utc is None and world.position == PLACE


def test_a_utc_that_jumps_or_stands_still_is_none_until_it_goes_on():
    world = World()
    world.run(second(1), second(2))
    assert world.utc
    world.run(second(40))
    assert world.utc is None, "it jumped"
    world.run(second(41))
    assert world.utc == (UTC_S + 42, 0, UNCERTAINTY_MS)
    world.run(second(41))
    assert world.utc is None, "it stands still"
    world.run(second(10))
    assert world.utc is None, "it went back"


def test_two_sentences_of_other_places_or_moments_are_no_fix():
    world = World()
    world.run(rmc("083501.00") + gga("083502.00"))
    assert world.position is None
    world = World()
    world.run(rmc("083501.00") + gga("083501.00", place="4717.21437,N,00833.91522,E"))
    assert world.position is None


def test_a_sentence_spliced_by_another_is_dropped_and_the_other_taken():
    world = World()
    broken = rmc("083501.00")[:30]
    world.run(broken + second(1), second(2))
    assert world.position == PLACE and world.utc
    world = World()
    world.run(second(1)[:-4] + "\r\n" + gga("083501.00"))
    assert world.position == PLACE and world.gnss.faults == 1


def test_no_line_without_an_end_takes_more_than_its_room():
    world = World()
    for _ in range(64):
        world.send(b"$GNRMC" + b"A" * 506)
        assert len(world.gnss._lines._held) <= nmea.LINE_MAX
    world.run("\r\n" + second(1))
    assert world.position == PLACE
    long = checked("GNRMC,083502.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091126,,,A" + "," * 60)
    world.run(long)
    assert world.utc is None and world.gnss.faults == 0, "it is dropped unread"


def test_what_no_sentence_is_does_not_disturb():
    world = World()
    junk = bytes(range(256)) + b"\n$\n$*\n$*00\n$,*2C\n$GN*09\r\n$GNRMC*00\n"
    world.run(junk + b"\n" + second(1).encode(), junk + b"\n" + second(2).encode())
    assert world.position == PLACE and world.utc == (UTC_S + 3, 0, UNCERTAINTY_MS)


def test_bytes_that_nobody_looked_at_in_time_tell_no_time():
    world = World()
    world.run(second(1), second(2))
    world.uart.waiting += second(3).encode() * 8
    world.pass_ms(20_000, every_ms=20_000)
    assert world.utc is None and world.position is None
    world.pass_ms(100, every_ms=50)
    assert not world.uart.waiting, "they are let go of"
    assert world.utc is None and world.position is None
    world.run(second(24), second(25))
    assert world.utc == (UTC_S + 26, 0, UNCERTAINTY_MS) and world.position == PLACE
