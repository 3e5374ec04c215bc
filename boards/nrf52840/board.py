"""nRF52840 DK with Semtech's SX1262MB2xAS shield: pins and factories. Pin 40 is P1.08, D7 of the Arduino headers.

Decides nothing. The cable is USB, which is the port of the prompt too.
"""

import gc
import os
import time

import machine

from fieldagent.drivers import port
from fieldagent.drivers.usb import StandardLink

NAME = "nrf52840"
ROOT = "/flash"

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
    return machine.Temp().read() * 1_000


_sensors = {"die": temperature_mc}


def console():
    return _cable


def links():
    return {"uart": _cable}


def lora(lora_cfg):
    from fieldagent.drivers.lora_chip import open_chip

    pin = machine.Pin
    pin(42, pin.OUT, value=1)  # feeds the shield's antenna switch, which DIO2 turns
    bus = machine.SPI(0, baudrate=2_000_000)  # 47, 45 and 46, by the runtime
    return open_chip(bus, pin(40), pin(3), pin(38), pin(36), None, lora_cfg)


def i2c():
    return machine.I2C(1, sda=machine.Pin(26), scl=machine.Pin(27))


def sensor(name):
    return port.sensor(_sensors, name)
