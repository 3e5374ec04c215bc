"""Raspberry Pi Pico with a LoRa module on SPI 1: pins and factories.

Decides nothing. The cable is USB, which is the port of the prompt too; neighbours may be wired to UART 0.
"""

import gc
import os
import time

import machine

from fieldagent.drivers import port, rp2_port
from fieldagent.drivers.uart_port import UartPort
from fieldagent.drivers.usb import StandardLink

NAME = "rp2040"
FILES_BYTES = 917504
JOURNAL_BYTES = 524288
TCXO_MV = 1700  # None for a module whose clock is a crystal

ticks_ms = time.ticks_ms
sleep_ms = port.sleep_ms
unique_id = machine.unique_id
random_bytes = os.urandom
noise = rp2_port.noise
temperature_mc = rp2_port.temperature_mc
utc = port.no_utc
free_heap = gc.mem_free
reset = machine.reset
boot_reason = port.boot_reason
watchdog = rp2_port.watchdog
light_sleep = rp2_port.light_sleep

_BAUD, _TURNAROUND_MS, _BUFFER_BYTES = 115_200, 2, 1_100
_cable = StandardLink()
_sensors = {"die": temperature_mc}


def console():
    return _cable


def links():
    uart = machine.UART(
        0, _BAUD, tx=machine.Pin("GP0"), rx=machine.Pin("GP1"), txbuf=_BUFFER_BYTES, rxbuf=_BUFFER_BYTES
    )
    return {"uart": _cable, "local": UartPort(uart, _BAUD, _TURNAROUND_MS, _BUFFER_BYTES)}


def lora(lora_cfg):
    from fieldagent.drivers.lora_chip import open_chip

    pin = machine.Pin
    bus = machine.SPI(1, baudrate=2_000_000, sck=pin("GP10"), mosi=pin("GP11"), miso=pin("GP12"))
    return open_chip(bus, pin("GP3"), pin("GP15"), pin("GP20"), pin("GP2"), TCXO_MV, lora_cfg)


def i2c():
    return machine.I2C(0, sda=machine.Pin("GP4"), scl=machine.Pin("GP5"), freq=100_000)


def gnss_uart(baud):
    return machine.UART(1, baud, tx=machine.Pin("GP8"), rx=machine.Pin("GP9"), rxbuf=_BUFFER_BYTES)


def sensor(name):
    return port.sensor(_sensors, name)


def journal_flash():
    return rp2_port.journal_flash(FILES_BYTES, JOURNAL_BYTES)
