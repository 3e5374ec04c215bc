"""The signing kernels leave the same trace whatever the secret; kernels that leak are caught."""

import pytest

from fieldpost.bench.device import constant_time
from fieldpost.bench.device.board_code import FAST, BoardCode
from fieldpost.bench.device.signatures import BUILDS
from fieldpost.bench.thumb.kernels import Kernels
from fieldpost.bench.thumb.observers import OFF_STACK, Trace, stack_by_pointer, unaligned_multiples

MESSAGE = bytes(range(127))
# All bits clear, all set, few and many: what a leak would tell apart first.
SECRETS = [bytes(32), b"\xff" * 32, bytes(31) + b"\x01", bytes(range(32)), b"\xaa" * 32]
SECRETS += [bytes((31 * n * n + 7 * n + k) & 0xFF for n in range(32)) for k in range(3)]

LEAKS = {
    "a branch": """
@micropython.viper
def kernel(secret: ptr8, table: ptr8) -> int:
    if secret[0] & 1:
        return 1
    return 0
""",
    "a table's index": """
@micropython.viper
def kernel(secret: ptr8, table: ptr8) -> int:
    return table[secret[0]]
""",
    "where it stores": """
@micropython.viper
def kernel(secret: ptr8, table: ptr8) -> int:
    table[secret[0]] = 0
    return 0
""",
    "the passes of a loop": """
@micropython.viper
def kernel(secret: ptr8, table: ptr8) -> int:
    n = int(secret[0])
    while n:
        n >>= 1
    return 0
""",
}
MASKED = """
@micropython.viper
def kernel(secret: ptr8, table: ptr8) -> int:
    found = 0
    wanted = secret[0]
    for i in range(16):
        found |= table[i] & ((((i ^ wanted) - 1) >> 31) & 0xFF)
    return found
"""


@pytest.fixture
def traced(tmp_path):
    """Traces of one kernel over secrets of one byte."""

    def run(source, core, secrets):
        path = tmp_path / "toy.py"
        path.write_text("import micropython\n" + source)
        kernels = Kernels.from_source(path, core, Trace(OFF_STACK))
        for secret in secrets:
            kernels.call("kernel", bytearray([secret]), bytearray(range(16)))
        return [(note,) for note in kernels.notes]

    return run


@pytest.mark.parametrize("core", ["armv6m", "armv7em"])
@pytest.mark.parametrize("leak", LEAKS)
def test_a_kernel_that_leaks_is_caught(traced, core, leak):
    assert constant_time.differing(traced(LEAKS[leak], core, [2, 3, 4, 5])) > 0


@pytest.mark.parametrize("core", ["armv6m", "armv7em"])
def test_a_kernel_that_reads_the_whole_table_under_a_mask_is_not_accused(traced, core):
    assert constant_time.differing(traced(MASKED, core, range(16))) == 0


def test_an_access_to_the_stack_by_a_pointer_is_noticed(tmp_path):
    path = tmp_path / "toy.py"
    path.write_text(
        "import micropython\n"
        "@micropython.asm_thumb\ndef honest(r0):\n    push({r0})\n    data(2, 0x9800)\n    pop({r1})\n"
        "@micropython.asm_thumb\ndef sly(r0):\n    push({r0})\n    mov(r1, sp)\n    ldr(r0, [r1, 0])\n    pop({r1})\n"
    )
    for name, noticed in (("honest", 0), ("sly", 1)):
        kernels = Kernels.from_source(path, "armv7em", stack_by_pointer())
        assert kernels.call(name, 42) == 42
        assert len(kernels.notes[0][1]) == noticed


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_the_signing_kernels_leave_one_trace_for_every_secret(build):
    assert constant_time.differing(constant_time.traces(build, MESSAGE, SECRETS)) == 0


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_the_signing_kernels_reach_the_stack_by_its_pointer_alone(build):
    assert not constant_time.reaches_stack_by_pointer(build, MESSAGE, SECRETS[3])


def test_the_fast_kernels_load_and_store_several_words_at_aligned_addresses_alone():
    code = BoardCode("armv7emsp", unaligned_multiples, FAST["armv7em"])
    code.signer(SECRETS[3]).sign(MESSAGE)
    assert not any(suspects for _, suspects in code.notes)
