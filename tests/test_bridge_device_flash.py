"""`fieldpost device flash`: what is a runtime for a board, field by field, and how it gets there."""

import json
from pathlib import Path

import pytest
import runtime_files as made
from cable_bench import fieldpost, on_a_bench

from fieldpost.cli import device_flash
from fieldpost.device.errors import DeviceError
from fieldpost.device.flashing import dfu_util, esptool, volume
from fieldpost.device.runtime_file import WrongFile, check
from fieldpost.emulator.runtime import interpreter
from fieldpost.firmware_build import known_boards, load_profile

RP2040, RP2350, ESP32S3, ESP32, STM32 = map(load_profile, ("rp2040", "rp2350", "esp32s3", "esp32", "stm32"))
EMULATED = load_profile("emulated")
PICO = made.said("RP2040")
S3 = made.said("ESP32S3")
PYBD = made.said("STM32F767IIK")

RIGHT = [
    (RP2040, made.uf2(PICO)),
    (RP2350, made.uf2(made.said("RP2350"), family=made.RP2350)),
    (RP2350, made.ignored_block() + made.uf2(made.said("RP2350"), family=made.RP2350)),
    (ESP32S3, made.esp_file(S3)),
    (ESP32S3, made.esp_file(S3, hashed=0)),
    (ESP32, made.esp_file(made.said("ESP32"), base=0x1000, chip=0)),
    (STM32, made.dfu(PYBD)),
    (EMULATED, made.elf(b"MicroPython on linux")),
]

WRONG = [
    (RP2040, b"", "is of no format that is known, and rp2040 takes a UF2 file"),
    (RP2040, made.esp_file(S3), "is an image of an Espressif part, and rp2040 takes a UF2 file"),
    (RP2040, made.uf2(PICO)[:-1], "whole blocks of 512"),
    (RP2040, made.uf2(PICO, at=1, first=1), "block 1: has not the marks"),
    (RP2040, made.uf2(PICO, at=1, second=1), "block 1: has not the marks"),
    (RP2040, made.uf2(PICO, at=2, end=1), "block 2: has not the marks"),
    (RP2040, made.uf2(PICO, flags=0), "block 0: says no family"),
    (
        RP2040,
        made.uf2(PICO, family=made.RP2350),
        r"is for RP2350 \(Arm\) .* and RP2040 \(0xe48bff56\) is expected",
    ),
    (RP2040, made.uf2(PICO, family=7), "is for an unknown part"),
    (RP2350, made.uf2(made.said("RP2350"), family=0xE48BFF5A), "is for RP2350 .RISC-V. .* is expected"),
    (RP2040, made.uf2(PICO, at=1, flags=0x2001), "not for the main flash"),
    (RP2040, made.uf2(PICO, at=1, flags=0x3000), "not for the main flash"),
    (RP2040, made.uf2(PICO, at=1, number=2), "block 1: says 2 of 3, 1 of 3 is expected"),
    (RP2040, made.uf2(PICO, count=9), "block 0: says 0 of 9, 0 of 3 is expected"),
    (RP2040, made.uf2(PICO)[:-512], "says 0 of 3, 0 of 2 is expected"),
    (RP2040, made.uf2(PICO, at=1, size=255), "255 bytes at .* whole pages of 256"),
    (RP2040, made.uf2(PICO, at=1, size=476), "476 bytes at .* whole pages of 256"),
    (RP2040, made.uf2(PICO, at=1, address=0x10000001), "256 bytes at 0x10000001, whole pages"),
    (RP2040, made.uf2(PICO, at=1, address=0x10000000), "block 1: writes 0x10000000 a second time"),
    (
        RP2040,
        made.uf2(PICO, at=1, address=0x20000000),
        "is for 0x20000000, and the flash is 0x10000000 to 0x10200000",
    ),
    (RP2040, made.uf2(PICO, at=2, address=0x10200000), "is for 0x10200000"),
    (RP2040, made.ignored_block() + made.uf2(PICO), "absolute addresses"),
    (
        RP2350,
        made.ignored_block(tail=b"") + made.uf2(made.said("RP2350"), family=made.RP2350),
        "absolute addresses",
    ),
    (RP2040, made.uf2(b"CircuitPython with RP2040" * 40), "is a UF2 file for RP2040, but no MicroPython"),
    (
        RP2040,
        made.uf2(made.said("RP2350")),
        "a MicroPython for another part than RP2040; fetch one for RPI_PICO",
    ),
    (ESP32S3, made.uf2(PICO), "is a UF2 file, and esp32s3 takes an image of an Espressif part"),
    (
        ESP32S3,
        made.esp_file(made.said("ESP32"), base=0x1000, chip=0),
        r"at 0x0 is for ESP32 \(chip id 0\), and ESP32-S3",
    ),
    (ESP32S3, made.esp_file(S3, chip=77), "is for an unknown part .chip id 77."),
    (ESP32S3, made.esp_image([b""] * 17), "has 17 segments, 1 to 16"),
    (ESP32S3, made.esp_image([b"one"], count=0), "has 0 segments"),
    (ESP32S3, made.esp_image([b"one"], count=9), "ends inside of the image at 0x0"),
    (ESP32S3, made.esp_image([b"one" * 20])[:40], "ends inside of the image at 0x0"),
    (ESP32S3, made.esp_image([b"one"], checksum=0), "the image at 0x0 has another checksum"),
    (ESP32S3, made.esp_image([b"one"], digest=bytes(32)), "the image at 0x0 has another hash"),
    (ESP32S3, made.esp_image([b"one"]), "has no partition table with an application at 0x8000"),
    (
        ESP32S3,
        made.esp_file(S3, table=b"\xaa\x50\x01\x02" + bytes(28)),
        "has no partition table with an application",
    ),
    (ESP32S3, made.esp_file(S3, application=b""), "has no image at 0x10000"),
    (ESP32S3, made.esp_file(S3, checksum=0), "the image at 0x10000 has another checksum"),
    (ESP32S3, made.esp_file(S3)[:-1], "the image at 0x10000 has another hash"),
    (ESP32S3, made.esp_file(made.said("ESP32")), "a MicroPython for another part than ESP32S3"),
    (ESP32S3, made.esp_file(S3) + bytes(4 << 20), "bytes long, and the flash has 4194304"),
    (STM32, made.uf2(PICO), "is a UF2 file, and stm32 takes a DfuSe file"),
    (STM32, made.dfu(PYBD)[:20], "too few for a DfuSe file"),
    (STM32, made.dfu(PYBD, mark=b"UFE"), "has not the suffix"),
    (STM32, made.dfu(PYBD, suffix=17), "has not the suffix"),
    (STM32, made.dfu(PYBD, dfu=0x0100), "has not the suffix"),
    (STM32, made.dfu(PYBD, crc=1), "another CRC than its bytes"),
    (STM32, made.dfu(PYBD, vendor=0x1234), "is for the USB device 1234:df11, and 0483:df11 is expected"),
    (STM32, made.dfu(PYBD, product=1), "is for the USB device 0483:0001"),
    (STM32, made.dfu(PYBD, version=2), "says version 2"),
    (STM32, made.dfu(PYBD, size=5), "and 5 bytes, 1 and"),
    (STM32, made.dfu(PYBD, targets=0), "bytes that are in no part"),
    (STM32, made.dfu(PYBD, targets=2), "ends inside of a target"),
    (STM32, made.dfu(PYBD, target=b"Garget"), "has no target at 0xb"),
    (STM32, made.dfu(PYBD, elements=2), "ends inside of a part"),
    (STM32, made.dfu(PYBD, length=1 << 20), "ends inside of a part"),
    (STM32, made.dfu(PYBD, extra=b"x"), "holds 1 bytes that are in no part"),
    (
        STM32,
        made.dfu(PYBD, address=0x08000000),
        "has a part for 0x8000000 .* and a runtime's flash is 0x8008000",
    ),
    (STM32, made.dfu(PYBD, address=0x081FFFFF), "has a part for 0x81fffff"),
    (STM32, made.dfu(PICO), "a MicroPython for another part than STM32F767IIK"),
    (
        load_profile("emulated"),
        made.elf(b"MicroPython linux", machine=183),
        "a program for AArch64, and x86-64 is expected",
    ),
    (load_profile("emulated"), made.elf(b"MicroPython linux", kind=1), "is no program of 64 bits"),
    (load_profile("emulated"), made.elf(b"another"), "but no MicroPython"),
]


@pytest.mark.parametrize(("profile", "data"), RIGHT)
def test_a_runtime_of_the_published_format_is_known(profile, data):
    assert check(data, profile).flash_bytes > 0


@pytest.mark.parametrize(("profile", "data", "said"), WRONG)
def test_a_wrong_file_is_refused_with_what_it_is_and_what_is_expected(profile, data, said):
    with pytest.raises(WrongFile, match=said):
        check(data, profile)


def test_the_interpreter_of_emulated_boards_is_known_for_what_it_is():
    assert check(interpreter().read_bytes(), load_profile("emulated")).format == "an ELF program"


def test_every_board_says_how_it_is_flashed():
    assert {type(load_profile(name).flash_tool).__name__ for name in known_boards()} == {
        "Uf2Tool",
        "EspTool",
        "DfuTool",
        "HostTool",
        "HandTool",
    }


def loader(folder, board_id):
    folder.mkdir()
    info = f"UF2 Bootloader v1.0\r\nModel: A board\r\nBoard-ID: {board_id}\r\n"
    (folder / "INFO_UF2.TXT").write_text(info)
    return folder


def test_a_volume_is_chosen_by_its_board_id_alone(tmp_path):
    pico, other = loader(tmp_path / "pico", "RPI-RP2"), loader(tmp_path / "other", "RP2350")
    tool = RP2040.flash_tool
    assert volume(tool, [tmp_path, other, pico]) == pico
    with pytest.raises(DeviceError, match="boot loader of a board RP2350, and RPI-RP2 is expected"):
        volume(tool, [tmp_path, other])
    with pytest.raises(DeviceError, match="hold the board's BOOTSEL button"):
        volume(tool, [tmp_path])
    with pytest.raises(DeviceError, match="2 boards show a boot loader RPI-RP2 .* name one with --volume"):
        volume(tool, [pico, loader(tmp_path / "second", "RPI-RP2")])


def test_a_uf2_file_is_copied_to_the_boot_loaders_volume_once_it_fits(tmp_path):
    file, target = tmp_path / "micropython.uf2", loader(tmp_path / "RPI-RP2", "RPI-RP2")
    file.write_bytes(made.uf2(PICO))
    dry = fieldpost("device", "flash", "rp2040", file, "--volume", target, "--dry-run")
    assert (dry.exit_code, [one.name for one in target.iterdir()]) == (0, ["INFO_UF2.TXT"])
    done = fieldpost("device", "flash", "rp2040", file, "--volume", target, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["flash_bytes"] == 768
    assert (target / file.name).read_bytes() == file.read_bytes()


def test_a_wrong_file_or_a_wrong_volume_is_refused_and_nothing_is_copied(tmp_path):
    file, target = tmp_path / "micropython.uf2", loader(tmp_path / "RP2350", "RP2350")
    file.write_bytes(made.uf2(PICO))
    wrong = fieldpost("device", "flash", "rp2350", file, "--volume", target)
    assert wrong.exit_code == 1
    assert "is for RP2040 (family 0xe48bff56), and RP2350 (Arm)" in wrong.stderr
    other = fieldpost("device", "flash", "rp2040", file, "--volume", target)
    assert (other.exit_code, "is the boot loader of a board RP2350" in other.stderr) == (3, True)
    assert [one.name for one in target.iterdir()] == ["INFO_UF2.TXT"]


def test_what_cannot_be_flashed_here_says_how_it_is(tmp_path, monkeypatch):
    file = tmp_path / "runtime"
    file.write_bytes(made.esp_file(S3))
    by_hand = fieldpost("device", "flash", "nrf52840", file)
    assert (by_hand.exit_code, f"run: nrfjprog --program {file}" in by_hand.stderr) == (3, True)
    assert fieldpost("device", "flash", "esp32s3", file).exit_code == 2
    assert fieldpost("device", "flash", "pico", file).exit_code == 2
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("fieldpost.device.flashing.find_spec", lambda _: None)
    with pytest.raises(DeviceError, match="esptool: is not installed, .* python -m pip install esptool"):
        esptool(ESP32S3.flash_tool, file, "/dev/ttyUSB0")
    with pytest.raises(DeviceError, match="dfu-util: is not installed"):
        dfu_util(STM32.flash_tool, file)


def test_the_programs_are_run_with_what_the_board_says(tmp_path, monkeypatch):
    monkeypatch.setattr("fieldpost.device.flashing.find_spec", lambda _: None)
    for name in ("esptool", "dfu-util"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    file = Path("a.bin")
    assert esptool(ESP32.flash_tool, file, "/dev/x")[1:] == [
        "--chip", "esp32", "--port", "/dev/x", "write_flash", "0x1000", "a.bin",
    ]  # fmt: skip
    assert dfu_util(STM32.flash_tool, file)[1:] == ["-d", "0483:df11", "-a", "0", "-D", "a.bin"]


def test_the_board_on_the_port_is_looked_at_first(tmp_path, monkeypatch):
    monkeypatch.setattr(device_flash, "LISTEN_S", 0.1)  # nothing runs there
    file, target = tmp_path / "micropython.uf2", loader(tmp_path / "RPI-RP2", "RPI-RP2")
    file.write_bytes(made.uf2(PICO))

    def story(path, _):
        told = fieldpost("device", "flash", "rp2040", file, "--volume", target, "--port", path)
        assert told.exit_code == 3
        assert "the board says that it is linux" in told.stderr and "rp2040 is for RP2040" in told.stderr
        right = fieldpost("device", "flash", "emulated", interpreter(), "--port", path)
        assert right.exit_code == 0, right.output
        held = fieldpost("device", "flash", "rp2040", file, "--volume", target, "--port", tmp_path / "none")
        assert (held.exit_code, "there is no such port" in held.stderr) == (3, True)
        assert [one.name for one in target.iterdir()] == ["INFO_UF2.TXT"]

    on_a_bench(tmp_path / "board", story)


def test_another_interpreter_than_the_emulated_boards_own_is_refused(tmp_path):
    file = tmp_path / "micropython"
    file.write_bytes(interpreter().read_bytes() + b"changed")
    told = fieldpost("device", "flash", "emulated", file)
    assert (told.exit_code, "which is another program; nothing is flashed" in told.stderr) == (1, True)
