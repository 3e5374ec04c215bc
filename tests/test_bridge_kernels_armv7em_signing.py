"""Hash, scalars and whole signatures by the fast kernels for Cortex-M4, -M7 and -M33, run as machine code."""

import hashlib
import random
import sys
from dataclasses import replace

import pytest
from fast_kernels import ARCHITECTURE, FOLDER, imported, loaded
from vectors_io import load_json, unhex

import fieldwire
from fieldpost.bench.device.board_code import BoardCode
from fieldpost.bench.thumb.kernels import Kernels
from fieldpost.bench.thumb.observers import Count, Trace
from fieldpost.firmware_build import device_files, load_profile
from fieldpost.signing import Signer

L = 2**252 + 27742317777372353535851937790883648493
VECTORS = load_json("ed25519")


@pytest.fixture(scope="module")
def hashing():
    return loaded("sha512")


@pytest.fixture(scope="module")
def scalars():
    return loaded("scalar25519")


@pytest.fixture(scope="module")
def board():
    return BoardCode(ARCHITECTURE, Count, FOLDER)


@pytest.fixture(scope="module")
def verify(board):
    """The board's verification, over the same modules as its signing."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in board.modules.items():
            patch.setitem(sys.modules, f"fieldwire.{name}", module)
            patch.setattr(fieldwire, name, module, raising=False)
        path = FOLDER.parents[2] / "shared/fieldwire/ed25519_verify.py"
        return imported(path).verify


@pytest.mark.parametrize("size", [*range(0, 4), *range(109, 132), *range(238, 260), 1000])
def test_digests_are_those_of_hashlib(hashing, size):
    sha512, _ = hashing
    data = random.Random(size).randbytes(size)
    assert sha512.sha512_kernel(data) == hashlib.sha512(data).digest()


def test_parts_hash_like_the_whole_wherever_they_are_cut(hashing):
    sha512, _ = hashing
    data = random.Random(5).randbytes(300)
    wanted = hashlib.sha512(data).digest()
    scratch, out = bytearray(sha512.SCRATCH_BYTES), bytearray(64)
    for first, second in ((0, 0), (1, 2), (32, 64), (127, 128), (128, 256), (100, 300), (129, 255)):
        for kind in (bytes, bytearray):
            parts = (kind(data[:first]), kind(data[first:second]), kind(data[second:]))
            sha512.digest_into(scratch, out, parts)
            assert out == wanted


def test_a_block_takes_at_most_8200_instructions(hashing):
    sha512, kernels = hashing
    kernels.notes.clear()
    sha512.sha512_kernel(bytes(128))
    assert max(count for _, count in kernels.notes) <= 8200


def digits_of(scalar):
    """comb_digits by its definition."""
    odd = scalar + (0 if scalar & 1 else L)
    signs = (odd + 2**256 - 1) // 2
    return bytes(
        sum((signs >> column + 16 * (4 * digit + m) & 1) << m for m in range(4))
        for column in range(15, -1, -1)
        for digit in range(4)
    )


def scalar_numbers():
    rng = random.Random(6)
    edges = (0, 1, 2, L - 2, L - 1, L, L + 1, 2**252, 2**254, 2**255 - 8, 2**255 - 1, 0xFFFFFFFF)
    return [*edges, *(rng.getrandbits(255) for _ in range(12))]


def test_digits_are_those_of_their_definition(scalars):
    scalar25519, _ = scalars
    for scalar in scalar_numbers():
        digits = bytearray(b"\xff" * 64)
        scalar25519.comb_digits(digits, bytearray(scalar.to_bytes(32, "little")))
        assert digits == digits_of(scalar)


def test_64_bytes_are_reduced_to_the_number_below_the_order(scalars):
    scalar25519, _ = scalars
    rng = random.Random(7)
    top = 2**512 // L
    edges = (0, 1, L - 1, L, L + 1, 2**256 - 1, 2**256, 2**511, top * L - 1, top * L, 2**512 - 1)
    multiples = (L * 2**200, L * 3**100, L * (2**256 - 1), L * 2**256 - 1)
    for number in (*edges, *multiples, *(rng.getrandbits(512) for _ in range(40))):
        work, out = bytearray(scalar25519.WORK_BYTES), bytearray(32)
        scalar25519.reduce(work, out, bytearray(number.to_bytes(64, "little")))
        assert int.from_bytes(out, "little") == number % L


def test_products_and_sums_modulo_the_order_are_right_for_all_pairs(scalars):
    scalar25519, _ = scalars
    rng = random.Random(8)
    work, out = bytearray(scalar25519.WORK_BYTES), bytearray(32)
    for factor in scalar_numbers():
        for addend in (0, 1, L - 1, rng.randrange(L)):
            data = rng.choice((0, 1, L, 2**512 - 1, rng.getrandbits(512)))
            numbers = (
                data.to_bytes(64, "little"),
                factor.to_bytes(32, "little"),
                addend.to_bytes(32, "little"),
            )
            scalar25519.multiply_add(work, out, *map(bytearray, numbers))
            assert int.from_bytes(out, "little") == (data * factor + addend) % L


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 64, 100])
def test_wiping_clears_a_buffer_and_nothing_behind_it(scalars, size):
    scalar25519, kernels = scalars
    buffer = bytearray(b"\xa5" * 128)
    kernels.call("_wipe", buffer, size)
    assert buffer == bytes(size) + b"\xa5" * (128 - size)
    scalar25519.wipe(buffer)
    assert buffer == bytes(128)


@pytest.mark.parametrize("name", ["sha512", "scalar25519"])
def test_kernels_of_the_portable_module_give_the_same(name, hashing, scalars):
    fast = {"sha512": hashing, "scalar25519": scalars}[name][0]
    path = FOLDER.parents[2] / f"shared/fieldwire/{name}.py"
    portable = imported(path)
    Kernels.from_source(path, "armv6m", Count(), vars(portable)).install(portable)
    data = random.Random(9).randbytes(150)
    if name == "sha512":
        assert fast.sha512_kernel(data) == portable.sha512_kernel(data)
        return
    results = []
    for module in (fast, portable):
        out, digits = bytearray(32), bytearray(64)
        scalar = bytearray(data[100:131] + b"\x40")
        module.multiply_add(bytearray(module.WORK_BYTES), out, data[:64], scalar, data[64:95] + b"\0")
        module.comb_digits(digits, out)
        results.append((out, digits))
    assert results[0] == results[1]


def test_the_published_keys_and_signatures_are_met(board):
    for vector in VECTORS["signed"]:
        signer = board.signer(unhex(vector["seed"]))
        assert signer.public == unhex(vector["public"]), vector["source"]
        assert signer.sign(unhex(vector["message"])) == unhex(vector["signature"]), vector["source"]


def test_signatures_are_libsodiums(board):
    rng = random.Random(10)
    for size in (0, 31, 150, 700):
        seed, message = rng.randbytes(32), rng.randbytes(size)
        assert board.signer(seed).sign(message) == Signer(seed).sign(message)


def test_verification_accepts_and_refuses_what_the_vectors_say(board, verify):
    board.notes.clear()
    for kind in ("signed", "accepted", "refused"):
        for vector in VECTORS[kind]:
            arguments = [unhex(vector[part]) for part in ("public", "message", "signature")]
            assert verify(*arguments) is (kind != "refused"), vector
    assert "_run" in {name for name, _ in board.notes}


def test_a_signature_of_a_seal_takes_at_most_215000_instructions_and_24_calls(board):
    signer = board.signer(bytes(range(32)))
    board.notes.clear()
    signer.sign(bytes(127))
    assert sum(count for _, count in board.notes) <= 215_000
    assert len(board.notes) <= 24


@pytest.mark.parametrize("arch", ["armv7em", "armv7emsp", "armv7emdp"])
def test_a_board_of_this_arch_has_these_modules_in_place_of_the_portable_ones(arch):
    portable = load_profile()
    before, files = device_files(portable), device_files(replace(portable, arch=arch))
    assert files.keys() == before.keys()
    changed = {name for name in files if files[name] != before[name]}
    assert changed == {f"lib/fieldwire/{path.name}" for path in FOLDER.glob("*.py")}


@pytest.mark.parametrize("arch", ["armv6m", "armv7m", "xtensawin", "rv32imc", "x64"])
def test_a_board_of_another_arch_keeps_the_portable_modules(arch):
    portable = load_profile()
    assert device_files(replace(portable, arch=arch)) == device_files(portable)


def test_traces_of_scalars_and_hashes_do_not_depend_on_secrets():
    rng = random.Random(11)
    sha512, hashed = loaded("sha512", Trace())
    scalar25519, reduced = loaded("scalar25519", Trace())
    for secret in (bytes(64), b"\xff" * 64, *(rng.randbytes(64) for _ in range(30))):
        sha512.sha512_kernel(secret)
        work, out = bytearray(scalar25519.WORK_BYTES), bytearray(32)
        factor = bytearray(secret[1:33])
        factor[31] &= 0x7F
        scalar25519.multiply_add(work, out, secret, factor, out)
        scalar25519.comb_digits(bytearray(64), factor)
    for notes in (hashed.notes, reduced.notes):
        share = len(notes) // 32
        calls = [tuple(notes[at : at + share]) for at in range(0, len(notes), share)]
        assert len(calls) == 32 and len(set(calls)) == 1


def test_traces_of_whole_signatures_do_not_depend_on_the_key():
    rng = random.Random(12)
    board = BoardCode(ARCHITECTURE, Trace, FOLDER)
    found = set()
    for seed in (bytes(32), b"\xff" * 32, *(rng.randbytes(32) for _ in range(6))):
        board.notes.clear()
        board.signer(seed).sign(b"a message")
        found.add(tuple(board.notes))
    assert len(found) == 1
