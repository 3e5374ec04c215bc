"""What people are told of an authority's next key: `why`, `taxonomy list` and `inspect`. SPEC 7.6"""

import pytest
from desk_world import RUN
from desk_world import said as document
from sample_store import NOW_S, YEAR, Chance, World

from fieldpost.cli.main import app
from fieldpost.equivalence_rows import equivalence_rows
from fieldpost.inspect import inspect
from fieldwire import keys, tokens


class Told:
    """A bridge of alpha that heard bravo's survey, whose key was rotated twice; `shown`: how many rotations of it."""

    def __init__(self, folder, shown):
        self.world = World(folder)
        self.mesh = self.world.bravo.mesh
        self.first = tokens.decode(self.mesh.token(self.mesh.authorities["survey"]))
        self.made = [self.mesh.rotate_authority("survey", YEAR, Chance(f"key {n}")) for n in range(2)]
        for credential, _ in self.made:
            self.world.alpha.put("token", self.mesh.token(credential))
        for _, rotation in self.made[:shown]:
            self.world.alpha.put("token", self.mesh.token(rotation))
        self.world.alpha.put("solve", b"")
        self.trust = self.world.alpha.state.trust
        self.path = self.world.alpha.path
        for side in (self.world.alpha, self.world.bravo):
            side.store.close()

    def why(self, name):
        found = document("why", self.world.ids[name].hex(), "--store", self.path)
        return {one["stage"]: one for one in found["steps"]}

    def row(self):
        [found] = [one for one in equivalence_rows(self.trust, NOW_S) if one["foreign"][1] == "survey"]
        return found

    def listed(self):
        result = RUN.invoke(app, ["taxonomy", "list", "--store", str(self.path)])
        assert result.exit_code == 0
        [line] = [one for one in result.stdout.splitlines() if one.split()[2:3] == ["survey"]]
        return line


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("shown"), 2)


@pytest.fixture(scope="module")
def withheld(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("withheld"), 1)


def test_why_names_the_rotations_that_a_statement_holds_along(shown):
    ids = [rotation.hex() for _, rotation in shown.made]
    steps = shown.why("relay")
    assert steps["translate"]["inputs"][2:] == ids
    assert (
        f"the key that it binds handed over to the one that holds survey now, by {ids[0][:12]}, {ids[1][:12]}"
        in (steps["translate"]["reason"])
    )
    assert steps["admit"]["code"] == "admitted-mapped"


def test_why_says_at_the_credential_that_its_key_handed_over(shown):
    step = shown.why("relay")["authority"]
    credential, rotation = (one.hex()[:12] for one in shown.made[0])
    assert f"whose key handed over to that of {credential} by rotation {rotation}" in step["reason"]
    assert step["inputs"][-1] == shown.made[0][1].hex()


def test_why_says_that_no_rotation_leads_to_the_present_key(withheld):
    steps = withheld.why("relay")
    assert steps["admit"]["code"] == "unmapped" and "equivalence-key at" in steps["admit"]["reason"]
    assert "no rotation shown leads from one to the other" in steps["admit"]["reason"]


def test_the_list_says_whether_a_statement_still_binds_who_holds_the_authority(shown, withheld):
    bound, present = (
        keys.thumbprint(one.public).hex()
        for one in (shown.first, tokens.decode(shown.mesh.token(shown.made[1][0])))
    )
    row = shown.row()
    assert (row["state"], row["key"], row["present_key"]) == ("valid", bound, present)
    assert row["rotations"] == [rotation.hex() for _, rotation in shown.made]
    assert shown.listed().endswith("; its key was rotated since (2)")
    row = withheld.row()
    assert (row["state"], row["key"], row["rotations"]) == ("other-key", bound, [])
    assert withheld.listed().endswith("; another key holds survey now, and no rotation shown leads to it")


def test_inspect_shows_the_keys_by_the_thumbprints_that_statements_bind_and_who_signed(shown):
    found = inspect(shown.mesh.token(shown.made[0][1]))
    claims = found["tree"]["claims"]
    assert (found["kind"], found["outcome"], claims["signed by"]) == (
        "rotation",
        "well-formed",
        "the mesh's root",
    )
    assert claims["handover"]["from"]["thumbprint"] == keys.thumbprint(shown.first.public).hex()
    assert claims["handover"]["to"]["thumbprint"] == claims["key"]["thumbprint"]
    assert (claims["handover"]["boot"], claims["handover"]["log ends"]) == (0, [])
