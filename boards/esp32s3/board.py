"""ESP32-S3 with an SX1262, wired as on the Heltec WiFi LoRa 32 V3: pins and factories.

Decides nothing. The cable is the port of the prompt; neighbours may be wired to UART 1.
"""

import gc
import os
import time

import esp32
import machine

from fieldagent.drivers import esp32_port, port
from fieldagent.drivers.uart_port import UartPort
from fieldagent.drivers.usb import StandardLink

NAME = "esp32s3"
TCXO_MV = 1800  # None for a module whose clock is a crystal

ticks_ms = time.ticks_ms
sleep_ms = port.sleep_ms
unique_id = machine.unique_id
random_bytes = os.urandom
utc = port.no_utc
free_heap = gc.mem_free
reset = machine.reset
boot_reason = port.boot_reason
watchdog = esp32_port.watchdog
journal_flash = esp32_port.journal_flash
espnow = esp32_port.espnow

_BAUD, _TURNAROUND_MS, _BUFFER_BYTES = 115_200, 2, 1_100
_cable = StandardLink()
_cable.baud = _BAUD  # of the bridge between USB and UART that most boards have


def temperature_mc():
    return esp32.mcu_temperature() * 1_000


_sensors = {"die": temperature_mc}


def console():
    return _cable


def links():
    uart = machine.UART(
        1, _BAUD, tx=machine.Pin(47), rx=machine.Pin(48), txbuf=_BUFFER_BYTES, rxbuf=_BUFFER_BYTES
    )
    return {"uart": _cable, "local": UartPort(uart, _BAUD, _TURNAROUND_MS, _BUFFER_BYTES)}


def lora(lora_cfg):
    from fieldagent.drivers.lora_chip import open_chip

    pin = machine.Pin
    bus = machine.SPI(1, baudrate=2_000_000, sck=pin(9), mosi=pin(10), miso=pin(11))
    return open_chip(bus, pin(8), pin(12), pin(14), pin(13), TCXO_MV, lora_cfg)


def i2c():
    return machine.I2C(0, sda=machine.Pin(41), scl=machine.Pin(42), freq=100_000)


def gnss_uart(baud):
    return machine.UART(2, baud, tx=machine.Pin(5), rx=machine.Pin(6), rxbuf=_BUFFER_BYTES)


def sensor(name):
    return port.sensor(_sensors, name)
