"""The device's bench: scripts fail loudly, hashes are counted as the tree hashes, every noun has its lines."""

import sys

import pytest

import fieldwire
import fieldwire.point25519_verify
from fieldpost.bench.areas import device
from fieldpost.bench.device import mpy_bytes, scripts, sealed_work, signatures
from fieldpost.bench.device.board_code import BoardCode
from fieldpost.bench.thumb.observers import Count
from fieldpost.signing import Signer
from fieldwire import merkle_tree


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Writes a script where run_script looks for them."""
    monkeypatch.setattr(scripts, "SCRIPTS", tmp_path)

    def written(text):
        (tmp_path / "measure.py").write_text(text)
        return "measure.py"

    return written


def test_a_script_runs_under_micropython_with_its_arguments_and_the_firmware_beside_it(script):
    name = script(
        "import sys, json\nfrom fieldwire import port\n"
        "print(json.dumps({'name': sys.implementation.name, 'arguments': sys.argv[1:]}))\nprint('{}')\n"
    )
    assert scripts.run_script(name, 5, "x") == [{"name": "micropython", "arguments": ["5", "x"]}, {}]


def test_a_script_gets_the_heap_that_is_asked_for(script):
    name = script("b = bytearray(300000)\nprint('{}')\n")
    assert scripts.run_script(name, heap_bytes=1 << 20) == [{}]
    with pytest.raises(scripts.ScriptFailed, match="MemoryError"):
        scripts.run_script(name, heap_bytes=256 << 10)


def test_a_script_that_prints_something_else_has_failed(script):
    with pytest.raises(scripts.ScriptFailed, match="no JSON"):
        scripts.run_script(script("print('fast')\n"))


class CountedSha256:
    """Counts the blocks of all that is hashed."""

    blocks = 0

    def __init__(self, data=b""):
        self.size = len(data)

    def update(self, data):
        self.size += len(data)

    def digest(self):
        CountedSha256.blocks += sealed_work.blocks(self.size)
        return bytes(32)


def test_the_blocks_of_a_tree_are_those_that_it_hashes(monkeypatch):
    monkeypatch.setattr(merkle_tree, "sha256", CountedSha256)
    for leaves in ([bytes(150)], [bytes(55)] * 2, [bytes(150)] * 32, [bytes(54), bytes(118)] * 5):
        CountedSha256.blocks = 0
        merkle_tree.root([merkle_tree.leaf_hash(leaf) for leaf in leaves])
        assert sealed_work.tree_blocks(leaves) == CountedSha256.blocks


@pytest.mark.parametrize("size, blocks", [(0, 1), (55, 1), (56, 2), (119, 2), (120, 3), (150, 3)])
def test_a_message_is_padded_to_whole_blocks_of_sha_256(size, blocks):
    assert sealed_work.blocks(size) == blocks


def test_the_signed_bytes_are_those_of_a_real_observation_and_a_real_seal():
    alone, sealed = signatures.covered_messages(1)
    assert b"Signature1" in alone and b"Signature1" in sealed and alone != sealed
    assert signatures.covered_messages(1) == (alone, sealed)


def test_every_module_of_the_firmware_has_its_bytes():
    (line,) = mpy_bytes.lines(1)
    assert line.value == sum(line.references.values()) and line.references["fieldwire.sha512"] > 1000


def test_every_noun_of_the_area_can_be_asked_for_its_lines():
    assert device.NOUNS and all(callable(noun.lines) for noun in device.NOUNS)


@pytest.mark.parametrize("build", signatures.BUILDS, ids=lambda build: build.name)
def test_a_builds_signature_is_libsodiums_and_takes_no_more_instructions_than_its_goal(build):
    work = signatures.work_of(build, bytes(range(127)), 7)
    assert 0 < work.instructions <= build.goal
    assert sum(work.calls.values()) <= 120


@pytest.mark.parametrize("build", signatures.BUILDS, ids=lambda build: build.name)
def test_a_builds_machine_code_verifies_libsodiums_signatures_and_no_altered_ones(build):
    code = BoardCode(build.architecture, Count, build.folder)
    signer, message = Signer(bytes(range(32))), b"a reading"
    signature = signer.sign(message)
    assert code.verify(signer.public, message, signature)
    assert not code.verify(signer.public, message + b"!", signature)
    for at in (0, 31, 32, 62):
        altered = bytearray(signature)
        altered[at] ^= 1
        assert not code.verify(signer.public, message, bytes(altered)), at
    assert not code.verify(Signer(bytes(32)).public, message, signature)


def test_loading_a_boards_code_leaves_the_wires_own_modules_in_place(monkeypatch):
    import fieldwire.field25519 as before

    monkeypatch.delitem(sys.modules, "fieldwire.point25519_verify")
    monkeypatch.delattr(fieldwire, "point25519_verify")
    code = BoardCode("armv6m", Count)
    from fieldwire import field25519, point25519_verify

    assert field25519 is before is not code.modules["field25519"]
    assert point25519_verify is not code.modules["point25519_verify"]
