"""What boards take of their ports, on both runtimes: each fake has what the port documents and no more."""

import sys

from fake_uart import Uart

from fieldagent.settings import ConfigError


class Namespace:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class Adc:
    CORE_TEMP = 4
    reads = [14_000, 14_016, 14_032]

    def __init__(self, channel):
        assert channel == self.CORE_TEMP

    def read_u16(self):
        self.reads = self.reads[1:] + self.reads[:1]
        return self.reads[-1]


def port_module(name, **ports):
    """A driver that is imported anew where the port's modules are these; all is as before after it."""
    drivers = __import__("fieldagent.drivers").drivers
    kept = {one: sys.modules.get(one) for one in ports}
    full = "fieldagent.drivers." + name
    sys.modules.pop(full, None)
    if hasattr(drivers, name):
        delattr(drivers, name)
    try:
        sys.modules.update(ports)
        __import__(full)
        return sys.modules.pop(full)
    finally:
        for one in kept:
            sys.modules.pop(one)
            if kept[one] is not None:
                sys.modules[one] = kept[one]


def test_a_wired_link_reads_what_is_there_and_writes_what_its_buffer_takes():
    from fieldagent.drivers.uart_port import UartPort

    uart = Uart()
    link = UartPort(uart, 115_200, 2, 100)
    assert link.read() is None
    uart.waiting = bytes(600)
    assert [len(link.read()), len(link.read()), link.read()] == [512, 88, None]
    assert link.write(memoryview(bytes(120))) == 100
    uart.busy = True
    assert link.write(b"more") == 0 and len(uart.sent) == 100


def test_an_rp2_board_tells_its_temperature_noise_and_place_for_the_log():
    made = []

    def flash(start, **rest):
        made.append((start, rest["len"]))
        return made[-1]

    watched, slept = [], []
    machine = Namespace(ADC=Adc, WDT=lambda timeout: watched.append(timeout), lightsleep=slept.append)
    driver = port_module("rp2_port", machine=machine, rp2=Namespace(Flash=flash))
    assert 20_000 < driver.temperature_mc() < 35_000
    driver.watchdog()
    driver.light_sleep(500)
    assert watched == [8_000] and slept == [500]
    noise = driver.noise(4)
    assert set(noise) <= {read >> 4 & 0xFF for read in Adc.reads} and len(noise) == 4
    whole = [4_096, 4_096, 300]
    driver.os = Namespace(statvfs=lambda path: whole)
    assert driver.journal_flash(299 * 4_096, 65_536) is None and made == []
    assert driver.journal_flash(300 * 4_096, 65_536) == ((300 * 4_096, 65_536), 256, True)


def test_an_esp32_board_keeps_its_log_in_the_partition_of_that_name():
    labels = {"journal": "flash"}

    class Partition:
        TYPE_DATA = 1

        @staticmethod
        def find(kind, label):
            return [labels[label]] if kind == 1 and label in labels else []

    driver = port_module("esp32_port", esp32=Namespace(Partition=Partition), machine=Namespace())
    assert driver.journal_flash() == ("flash", 256, True)
    labels.clear()
    assert driver.journal_flash() is None


def test_every_port_sleeps_tells_why_it_started_and_knows_its_sensors():
    slept = []
    clock = Namespace(sleep_ms=slept.append)
    driver = port_module("port", machine=Namespace(reset_cause=lambda: 3, PWRON_RESET=1))
    driver.time = clock
    try:
        driver.sleep_ms(7).send(None)
    except StopIteration:
        pass
    assert slept == [7] and driver.boot_reason() == "reset" and driver.no_utc() is None
    assert driver.sensor({"die": len}, "die") is len
    try:
        driver.sensor({"die": len}, "soil")
        raise AssertionError("no sensor of that name")
    except ValueError as error:
        assert "no sensor soil: register it in /sensors.py" in str(error)


def chips(**classes):
    sys.modules["lora"] = Namespace(**classes)


def opened(tcxo_mv=None):
    from fieldagent.drivers.lora_chip import open_chip

    try:
        return open_chip("bus", "select", "reset", "interrupt", "busy", tcxo_mv, {"sf": 7})
    finally:
        sys.modules.pop("lora", None)


def note(*arguments, **settings):
    return arguments, settings


def silent(*arguments, **settings):
    raise RuntimeError("no answer")


def test_the_modem_is_the_one_whose_driver_is_installed():
    chips(SX1262=note, SX1276=silent)
    arguments, settings = opened(1_700)
    assert arguments == ("bus", "select", "busy")
    wanted = {"dio1": "interrupt", "reset": "reset", "lora_cfg": {"sf": 7}, "dio3_tcxo_millivolts": 1_700}
    assert settings == wanted
    chips(SX1276=note)
    arguments, settings = opened()
    assert arguments == ("bus", "select")
    assert settings == {
        "dio0": "interrupt",
        "reset": "reset",
        "lora_cfg": {"sf": 7, "tx_ant": "PA_BOOST"},
    }


def test_a_modem_that_does_not_answer_is_a_fault_with_a_remedy():
    chips(SX1262=silent)
    try:
        opened()
        raise AssertionError("it answered")
    except ConfigError as error:
        assert str(error) == "radio.kind: the modem does not answer (no answer); look at its wiring"
