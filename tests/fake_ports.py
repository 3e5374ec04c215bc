"""Modules that MicroPython's ports have and CPython has not, as far as boards use them: what was made of them is kept.

`installed(monkeypatch)` puts them in place for one test and gives the record.
"""

import gc
import io
import os
import sys
import time
from types import ModuleType, SimpleNamespace

from fake_uart import Uart

from fieldagent import drivers

MODEM_SILENT = "Timeout waiting for the modem"


class Made:
    """What a board asked for. `files_bytes`: how long its file system is; `partitions`: label -> flash."""

    def __init__(self):
        self.pins = []
        self.buses = []
        self.uarts = []
        self.modems = []
        self.flashes = []
        self.files_bytes = 0
        self.partitions = {}
        self.silent_modem = False
        self.watchdogs = []
        self.watchdog_ms_max = 8_388
        self.slept_ms = []
        self.temperature_raw = 0


class Flash:
    def __init__(self, start, length):
        self.start, self.length = start, length

    def ioctl(self, operation, _argument):
        return {4: self.length // 4096, 5: 4096}[operation]


def _watchdog(made):
    class Watchdog:
        """Its time in ms; a part that counts no further refuses more, as an RP2040 does."""

        def __init__(self, id=0, timeout=5_000):
            assert 0 < timeout <= made.watchdog_ms_max
            self.timeout, self.fed = timeout, 0
            made.watchdogs.append(self)

        def feed(self):
            self.fed += 1

    return Watchdog


def _machine(made):
    class Pin:
        OUT = 1

        def __init__(self, name, mode=None, value=None):
            made.pins.append(name)
            self.name, self.mode, self.level = name, mode, value

    class NumberedUart(Uart):
        def __init__(self, number, baud, **settings):
            super().__init__()
            self.number, self.baud, self.settings = number, baud, settings
            made.uarts.append(self)

    class Adc:
        CORE_TEMP = 4

        def __init__(self, channel):
            assert channel == self.CORE_TEMP

        def read_u16(self):
            made.temperature_raw += 1
            return made.temperature_raw - 1

    def bus(number, **settings):
        made.buses.append(SimpleNamespace(number=number, settings=settings))
        return made.buses[-1]

    return {
        "WDT": _watchdog(made),
        "lightsleep": made.slept_ms.append,
        "Pin": Pin,
        "UART": NumberedUart,
        "SPI": bus,
        "I2C": lambda number, **settings: SimpleNamespace(number=number, settings=settings),
        "ADC": Adc,
        "Temp": lambda: SimpleNamespace(read=lambda: 21),
        "PWRON_RESET": 1,
        "reset_cause": lambda: 1,
        "reset": lambda: None,
        "unique_id": lambda: b"\x01\x02\x03\x04\x05\x06\x07\x08",
    }


def _lora(made, names):
    def modem(name):
        def make(*arguments, **settings):
            if made.silent_modem:
                raise RuntimeError(MODEM_SILENT)
            made.modems.append(SimpleNamespace(name=name, arguments=arguments, settings=settings))
            return made.modems[-1]

        return make

    return {name: modem(name) for name in names}


def _ports(made):
    def flash(start, **rest):
        made.flashes.append(Flash(start, rest["len"]))
        return made.flashes[-1]

    class Partition:
        TYPE_DATA = 1

        @staticmethod
        def find(kind, label):
            assert kind == Partition.TYPE_DATA
            return [made.partitions[label]] if label in made.partitions else []

    station = SimpleNamespace(active=lambda on: on, config=lambda **_settings: None, PM_NONE=0)
    return {
        "rp2": {"Flash": flash},
        "esp32": {"Partition": Partition, "mcu_temperature": lambda: 21, "raw_temperature": lambda: 70},
        "pyb": {"ADCAll": lambda *_: SimpleNamespace(read_core_temp=lambda: 21.0)},
        "network": {"WLAN": type("WLAN", (), {"IF_STA": 0, "__new__": lambda _cls, _kind: station})},
        "espnow": {"ESPNow": lambda: SimpleNamespace(active=lambda on: on)},
    }


def installed(monkeypatch, lora=("SX1262",)):
    """`lora`: the classes of the LoRa drivers that are installed; none: not even the package."""
    made = Made()
    modules = {"machine": _machine(made), **_ports(made)}
    if lora:
        modules["lora"] = _lora(made, lora)
    else:
        monkeypatch.setitem(sys.modules, "lora", None)
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("port", "rp2_port", "esp32_port"):  # so that they find these
        monkeypatch.delitem(sys.modules, f"fieldagent.drivers.{name}", raising=False)
        monkeypatch.delattr(drivers, name, raising=False)
    monkeypatch.setattr(time, "ticks_ms", lambda: time.monotonic_ns() // 1_000_000, raising=False)
    monkeypatch.setattr(time, "sleep_ms", lambda ms: time.sleep(ms / 1_000), raising=False)
    monkeypatch.setattr(gc, "mem_free", lambda: 100_000, raising=False)
    monkeypatch.setattr(os, "statvfs", lambda _path: (4096, 4096, made.files_bytes // 4096))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.FileIO(os.devnull)))
    return made
