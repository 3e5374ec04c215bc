"""What the export writes can be checked from its files alone, by the rules of COSE and RFC 9162."""

import hashlib
import json

import pytest
from oracle_run import ask_cwt, ask_receipt
from sample_cli import run, world

from fieldpost.export.cose import INDEX
from fieldpost.signing import verify
from fieldpost.store import Store
from fieldwire import cbor, cose, keys, merkle, seal, tokens
from fieldwire import observation as obs
from fieldwire.errors import WireError


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "out"
    result = run("export", "cose", folder)
    assert result.exit_code == 0, result.output
    return folder


def entries(out, kind):
    rows = [json.loads(line) for line in (out / INDEX).read_text().splitlines()]
    assert all(
        row.keys() == {"id", "kind", "file", "leaf", "key", "credential", "stream", "seq"} for row in rows
    )
    return [row for row in rows if row["kind"] == kind]


def public_of(out, row):
    """The key's 32 bytes, read from its file."""
    public = keys.public_of(cbor.decode((out / "keys" / f"{row['key']}.cosekey").read_bytes()))
    assert keys.thumbprint(public).hex() == row["key"]
    return public


def test_each_early_copy_is_signed_by_the_key_that_its_entry_names(out):
    rows = entries(out, "early")
    assert rows
    for row in rows:
        observation, leaf = obs.open_early_copy((out / row["file"]).read_bytes(), public_of(out, row), verify)
        assert hashlib.sha256(b"\x00" + leaf).hexdigest() == row["id"] and row["leaf"] is None
        assert (observation[obs.STREAM], observation[obs.SEQ]) == (row["stream"], row["seq"])


def test_each_receipt_proves_its_leaf_under_the_seal(out):
    rows = entries(out, "receipt")
    assert rows
    for row in rows:
        public, leaf = public_of(out, row), (out / row["leaf"]).read_bytes()
        receipt = (out / row["file"]).read_bytes()
        _, _, observation = seal.open_receipt(receipt, leaf, public, keys.device_id(public), verify)
        assert hashlib.sha256(b"\x00" + leaf).hexdigest() == row["id"]
        assert (observation[obs.STREAM], observation[obs.SEQ]) == (row["stream"], row["seq"])


def test_each_seal_signs_the_root_over_its_leaves(out):
    rows = entries(out, "segment")
    assert rows
    for row in rows:
        message, body = seal.decode((out / row["file"]).read_bytes())
        leaves = leaves_of((out / row["leaf"]).read_bytes(), body.count)
        root = merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])
        cose.check(message, public_of(out, row), verify, root)
        assert seal.seal_hash(message.protected_bytes, root).hex() == row["id"]
        assert (body.stream, body.first) == (row["stream"], row["seq"])


def leaves_of(data, count):
    """Takes a sequence of observations apart without any helper of ours: each starts where the last ended."""
    found, start = [], 0
    for end in range(1, len(data) + 1):
        try:
            obs.decode(data[start:end])
        except WireError:
            continue
        found.append(data[start:end])
        start = end
    assert len(found) == count and start == len(data)
    return found


def test_libraries_that_are_not_ours_verify_the_files(out, tmp_path):
    for kind in ("early", "receipt"):
        by_key = {}
        for row in entries(out, kind):
            by_key.setdefault(row["key"], []).append(row)
        for key, rows in by_key.items():
            cose_key = (out / "keys" / f"{key}.cosekey").read_bytes()
            files = [(out / row["file"]).read_bytes() for row in rows]
            if kind == "early":
                answers = ask_cwt(tmp_path, cose_key, *files)
            else:
                leaves = [(out / row["leaf"]).read_bytes() for row in rows]
                answers = ask_receipt(tmp_path, cose_key, *zip(files, leaves))
            assert len(answers) == len(rows) and all(answer["valid"] for answer in answers)


def one_leaf_seals(out):
    """The leaves that are the whole of their segment: their seal alone proves them, without a path."""
    for row in entries(out, "segment"):
        if seal.decode((out / row["file"]).read_bytes())[1].count == 1:
            yield (out / row["leaf"]).read_bytes()


def test_each_credential_named_is_there_as_a_token_for_that_key(out):
    rows = [*entries(out, "early"), *entries(out, "receipt"), *entries(out, "segment")]
    for row in rows:
        token = tokens.decode((out / "tokens" / f"{row['credential']}.cwt").read_bytes())
        assert token.id.hex() == row["credential"] and keys.thumbprint(token.public).hex() == row["key"]


def test_every_held_observation_is_there_and_so_is_every_token_as_received(out):
    store = Store.read_only(world().alpha.path)
    ids = {one.hex() for (one,) in store.query("SELECT id FROM observation")}
    held = dict(store.query("SELECT id, data FROM token"))
    store.close()
    lone = {hashlib.sha256(b"\x00" + leaf).hexdigest() for leaf in one_leaf_seals(out)}
    assert {row["id"] for kind in ("early", "receipt") for row in entries(out, kind)} | lone == ids
    for identity, data in held.items():
        assert (out / "tokens" / f"{identity.hex()}.cwt").read_bytes() == data


def test_no_file_lies_beside_the_promised_ones(out):
    told = {
        row[name]
        for kind in ("early", "receipt", "segment")
        for row in entries(out, kind)
        for name in ("file", "leaf")
    }
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    rest = {name for name in found - told if not name.startswith(("keys/", "tokens/"))}
    assert rest == {INDEX} and told - {None} <= found


def test_an_export_over_an_export_is_the_same(out):
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run("export", "cose", out).exit_code == 0
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_a_leaf_that_crossed_alone_yields_the_receipt_that_its_own_bridge_cuts(tmp_path):
    for side in (world().alpha, world().bravo):
        assert run("export", "cose", tmp_path / side.name, store=side.path).exit_code == 0
    name = f"receipts/{world().ids['relay'].hex()}.cose"
    assert (tmp_path / "alpha" / name).read_bytes() == (tmp_path / "bravo" / name).read_bytes()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("here")
    result = run("export", "cose", tmp_path / "file" / "out")
    assert result.exit_code == 3 and str(tmp_path / "file") in result.stderr
