"""Pyboard D (SF6W) with a LoRa module on its SPI X: pins and factories.

Decides nothing. The cable is USB, which is the port of the prompt too.
"""

import gc
import os
import time

import machine
import pyb

from fieldagent.drivers import port
from fieldagent.drivers.usb import StandardLink

NAME = "stm32"
ROOT = "/flash"
TCXO_MV = None  # the voltage of an oscillator that DIO3 feeds
_INTERNAL_CHANNELS = 0x70000
_WATCHDOG_MS = 30_000

ticks_ms = time.ticks_ms
sleep_ms = port.sleep_ms
unique_id = machine.unique_id
random_bytes = os.urandom
utc = port.no_utc
free_heap = gc.mem_free
reset = machine.reset
boot_reason = port.boot_reason

_cable = StandardLink()


def temperature_mc():
    return int(pyb.ADCAll(12, _INTERNAL_CHANNELS).read_core_temp() * 1_000)


_sensors = {"die": temperature_mc}


def watchdog():
    return machine.WDT(timeout=_WATCHDOG_MS)


def console():
    return _cable


def links():
    return {"uart": _cable}


def lora(lora_cfg):
    from fieldagent.drivers.lora_chip import open_chip

    pin = machine.Pin
    bus = machine.SPI("X", baudrate=2_000_000)  # X6, X7 and X8
    return open_chip(bus, pin("X5"), pin("X11"), pin("X4"), pin("X12"), TCXO_MV, lora_cfg)


def i2c():
    return machine.I2C("X", freq=100_000)  # X9 and X10


def gnss_uart(baud):
    return machine.UART("XA", baud, rxbuf=1_100)  # X1 and X2


def sensor(name):
    return port.sensor(_sensors, name)
