"""ESP32 with an SX1276, wired as on the Heltec WiFi LoRa 32 V2: pins and factories.

Decides nothing. The cable is the UART of the prompt.
"""

import gc
import os
import time

import esp32
import machine

from fieldagent.drivers import esp32_port, port
from fieldagent.drivers.usb import StandardLink

NAME = "esp32"

ticks_ms = time.ticks_ms
sleep_ms = port.sleep_ms
unique_id = machine.unique_id
random_bytes = os.urandom
utc = port.no_utc
free_heap = gc.mem_free
reset = machine.reset
boot_reason = port.boot_reason
watchdog = esp32_port.watchdog
light_sleep = machine.lightsleep  # ticks_ms counts on
journal_flash = esp32_port.journal_flash
espnow = esp32_port.espnow

_cable = StandardLink()
_cable.baud = 115_200


def temperature_mc():
    """The sensor tells degrees Fahrenheit."""
    return (esp32.raw_temperature() - 32) * 5_000 // 9


_sensors = {"die": temperature_mc}


def console():
    return _cable


def links():
    return {"uart": _cable}


def lora(lora_cfg):
    from fieldagent.drivers.lora_chip import open_chip

    pin = machine.Pin
    bus = machine.SPI(1, baudrate=2_000_000, sck=pin(5), mosi=pin(27), miso=pin(19))
    return open_chip(bus, pin(18), pin(14), pin(26), None, None, lora_cfg)


def i2c():
    return machine.I2C(0, sda=machine.Pin(13), scl=machine.Pin(23), freq=100_000)


def gnss_uart(baud):
    return machine.UART(2, baud, tx=machine.Pin(17), rx=machine.Pin(36), rxbuf=1_100)


def sensor(name):
    return port.sensor(_sensors, name)
