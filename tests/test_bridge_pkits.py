"""Equivalences against X.509 policy mapping: NIST's PKITS 4.8 to 4.12, as certificates and as statements. SPEC 12.9

`x509_policies` is RFC 5280 6.1; PKITS says what it must answer. Each path's certificates are then told as
equivalences: what those admit, X.509 finds valid under that policy; and the two are equal where no row of SPEC 12.9
says that ours are stricter.
"""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_run import ROOT, ask_names
from x509_policies import ANY, self_issued, valid

from fieldpost.taxonomy import Authority, Equivalence, Query, taxonomy_of

P1, P2, P3, P4, P5, P6 = (f"2.16.840.1.101.3.2.1.48.{n}" for n in range(1, 7))
EXPLICIT, NO_MAPPING, NO_ANY = {"explicit": True}, {"inhibit_mapping": True}, {"inhibit_any": True}
# Section of PKITS: end entity, and each of its tests as (wanted policies, flags, what NIST says).
PKITS = {
    "4.8.1": ("ValidCertificatePathTest1EE", ([ANY], EXPLICIT, True), ([P1], EXPLICIT, True),
              ([P2], EXPLICIT, False), ([P1, P2], EXPLICIT, True)),
    "4.8.2": ("AllCertificatesNoPoliciesTest2EE", ([ANY], {}, True), ([ANY], EXPLICIT, False)),
    "4.8.3": ("DifferentPoliciesTest3EE", ([ANY], {}, True), ([ANY], EXPLICIT, False), ([P1, P2], EXPLICIT, False)),
    "4.8.4": ("DifferentPoliciesTest4EE", ([ANY], {}, False)),
    "4.8.5": ("DifferentPoliciesTest5EE", ([ANY], {}, False)),
    "4.8.6": ("OverlappingPoliciesTest6EE", ([ANY], {}, True), ([P1], {}, True), ([P2], {}, False)),
    "4.8.7": ("DifferentPoliciesTest7EE", ([ANY], {}, False)),
    "4.8.8": ("DifferentPoliciesTest8EE", ([ANY], {}, False)),
    "4.8.9": ("DifferentPoliciesTest9EE", ([ANY], {}, False)),
    "4.8.10": ("AllCertificatesSamePoliciesTest10EE", ([ANY], {}, True), ([P1], {}, True), ([P2], {}, True)),
    "4.8.11": ("AllCertificatesanyPolicyTest11EE", ([ANY], {}, True), ([P1], {}, True)),
    "4.8.12": ("DifferentPoliciesTest12EE", ([ANY], {}, False)),
    "4.8.13": ("AllCertificatesSamePoliciesTest13EE", ([P1], {}, True), ([P2], {}, True), ([P3], {}, True)),
    "4.8.14": ("AnyPolicyTest14EE", ([P1], {}, True), ([P2], {}, False)),
    "4.8.15": ("UserNoticeQualifierTest15EE", ([ANY], {}, True)),
    "4.8.16": ("UserNoticeQualifierTest16EE", ([ANY], {}, True)),
    "4.8.17": ("UserNoticeQualifierTest17EE", ([ANY], {}, True)),
    "4.8.18": ("UserNoticeQualifierTest18EE", ([P1], {}, True), ([P2], {}, True)),
    "4.8.19": ("UserNoticeQualifierTest19EE", ([ANY], {}, True)),
    "4.8.20": ("CPSPointerQualifierTest20EE", ([ANY], {}, True)),
    "4.9.1": ("ValidrequireExplicitPolicyTest1EE", ([ANY], {}, True)),
    "4.9.2": ("ValidrequireExplicitPolicyTest2EE", ([ANY], {}, True)),
    "4.9.3": ("InvalidrequireExplicitPolicyTest3EE", ([ANY], {}, False)),
    "4.9.4": ("ValidrequireExplicitPolicyTest4EE", ([ANY], {}, True)),
    "4.9.5": ("InvalidrequireExplicitPolicyTest5EE", ([ANY], {}, False)),
    "4.9.6": ("ValidSelfIssuedrequireExplicitPolicyTest6EE", ([ANY], {}, True)),
    "4.9.7": ("InvalidSelfIssuedrequireExplicitPolicyTest7EE", ([ANY], {}, False)),
    "4.9.8": ("InvalidSelfIssuedrequireExplicitPolicyTest8EE", ([ANY], {}, False)),
    "4.10.1": ("ValidPolicyMappingTest1EE", ([P1], {}, True), ([P2], {}, False), ([ANY], NO_MAPPING, False)),
    "4.10.2": ("InvalidPolicyMappingTest2EE", ([ANY], {}, False), ([ANY], NO_MAPPING, False)),
    "4.10.3": ("ValidPolicyMappingTest3EE", ([P1], {}, False), ([P2], {}, True)),
    "4.10.4": ("InvalidPolicyMappingTest4EE", ([ANY], {}, False)),
    "4.10.5": ("ValidPolicyMappingTest5EE", ([P1], {}, True), ([P6], {}, False)),
    "4.10.6": ("ValidPolicyMappingTest6EE", ([P1], {}, True), ([P6], {}, False)),
    "4.10.7": ("InvalidMappingFromanyPolicyTest7EE", ([ANY], {}, False)),
    "4.10.8": ("InvalidMappingToanyPolicyTest8EE", ([ANY], {}, False)),
    "4.10.9": ("ValidPolicyMappingTest9EE", ([ANY], {}, True)),
    "4.10.10": ("InvalidPolicyMappingTest10EE", ([ANY], {}, False)),
    "4.10.11": ("ValidPolicyMappingTest11EE", ([ANY], {}, True)),
    "4.10.12": ("ValidPolicyMappingTest12EE", ([P1], {}, True), ([P2], {}, True)),
    "4.10.13": ("ValidPolicyMappingTest13EE", ([ANY], {}, True)),
    "4.10.14": ("ValidPolicyMappingTest14EE", ([ANY], {}, True)),
    "4.11.1": ("InvalidinhibitPolicyMappingTest1EE", ([ANY], {}, False)),
    "4.11.2": ("ValidinhibitPolicyMappingTest2EE", ([ANY], {}, True)),
    "4.11.3": ("InvalidinhibitPolicyMappingTest3EE", ([ANY], {}, False)),
    "4.11.4": ("ValidinhibitPolicyMappingTest4EE", ([ANY], {}, True)),
    "4.11.5": ("InvalidinhibitPolicyMappingTest5EE", ([ANY], {}, False)),
    "4.11.6": ("InvalidinhibitPolicyMappingTest6EE", ([ANY], {}, False)),
    "4.11.7": ("ValidSelfIssuedinhibitPolicyMappingTest7EE", ([ANY], {}, True)),
    "4.11.8": ("InvalidSelfIssuedinhibitPolicyMappingTest8EE", ([ANY], {}, False)),
    "4.11.9": ("InvalidSelfIssuedinhibitPolicyMappingTest9EE", ([ANY], {}, False)),
    "4.11.10": ("InvalidSelfIssuedinhibitPolicyMappingTest10EE", ([ANY], {}, False)),
    "4.11.11": ("InvalidSelfIssuedinhibitPolicyMappingTest11EE", ([ANY], {}, False)),
    "4.12.1": ("InvalidinhibitAnyPolicyTest1EE", ([ANY], {}, False)),
    "4.12.2": ("ValidinhibitAnyPolicyTest2EE", ([ANY], {}, True)),
    "4.12.3": ("inhibitAnyPolicyTest3EE", ([ANY], {}, True), ([ANY], NO_ANY, False)),
    "4.12.4": ("InvalidinhibitAnyPolicyTest4EE", ([ANY], {}, False)),
    "4.12.5": ("InvalidinhibitAnyPolicyTest5EE", ([ANY], {}, False)),
    "4.12.6": ("InvalidinhibitAnyPolicyTest6EE", ([ANY], {}, False)),
    "4.12.7": ("ValidSelfIssuedinhibitAnyPolicyTest7EE", ([ANY], {}, True)),
    "4.12.8": ("InvalidSelfIssuedinhibitAnyPolicyTest8EE", ([ANY], {}, False)),
    "4.12.9": ("ValidSelfIssuedinhibitAnyPolicyTest9EE", ([ANY], {}, True)),
    "4.12.10": ("InvalidSelfIssuedinhibitAnyPolicyTest10EE", ([ANY], {}, False)),
}  # fmt: skip
SECTIONS = [pytest.param(section, id=section) for section in PKITS]
UNBOUNDED = 99
ANCHOR = "anchor"  # its mesh; each other one is named by its key, as a mesh is


@cache
def paths():
    """The certificates of each section's path, under the anchor first."""
    answers = ask_names("read_pkits.py", [name for name, *_ in PKITS.values()])
    return {section: one["path"] for section, one in zip(PKITS, answers, strict=True)}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_procedure_of_rfc_5280_answers_as_pkits_says(section):
    for wanted, flags, expected in PKITS[section][1:]:
        assert valid(paths()[section], wanted, **flags) is expected, (wanted, flags)


def statements(path):
    """What the issuers on a path state, as equivalences: each certificate's policies, mapped or by the same name.

    A key is a mesh; a policy is an authority in it. What maps from or to anyPolicy is malformed (RFC 5280 4.2.1.5)
    and states nothing; anyPolicy itself is written as the wildcard that it is.
    """
    made = []
    for place, (issuer, one) in enumerate(
        zip([ANCHOR, *(one["key"] for one in path)], path[:-1], strict=False)
    ):
        if any(ANY in pair for pair in one["mappings"]):
            continue
        for policy in one["policies"]:
            named = [theirs for ours, theirs in one["mappings"] if ours == policy] or [policy]
            for theirs in named:
                made.append(equivalence(f"{place} {policy} {theirs}", issuer, one, policy, theirs))
    return made


def equivalence(name, issuer, one, policy, theirs):
    length = UNBOUNDED if one["inhibit_mapping"] is None else one["inhibit_mapping"]
    ours, other = ("*" if policy == ANY else policy), ("*" if theirs == ANY else theirs)
    local, foreign = (issuer, ours), (one["key"], other)
    return Equivalence(name, local, foreign, local, None, None, 0, 10, path_length=length)


def admitted(path):
    """The anchor's policies under which the path's equivalences admit what its end entity states."""
    meshes = [ANCHOR, *(one["key"] for one in path[:-1])]
    names = {
        policy
        for one in path
        for policy in (*one["policies"], *(name for pair in one["mappings"] for name in pair))
    } | {"*"}
    authorities = [Authority(mesh, name, f"key of {mesh}") for mesh in meshes for name in names]
    taxonomy = taxonomy_of(authorities, meshes, statements(path))
    found = set()
    for policy in path[-1]["policies"]:
        if policy != ANY:
            query = Query((meshes[-1], policy), ANCHOR, "s", 0, (1, 2))
            found |= {authority for _, authority in taxonomy.paths(query).admitted_under}
    return found


def rows(path):
    """The rows of SPEC 12.9 by which ours are stricter on this path."""
    found = set()
    if any(ANY in one["policies"] for one in path):
        found.add("any-policy")
    for place, one in enumerate(path[:-1]):
        further = path[place + 1 : -1]
        if one["inhibit_mapping"] is not None and len(further) > one["inhibit_mapping"]:
            found.add("self-issued" if any(map(self_issued, further)) else "same-name")
    return found


def universe(path):
    return {P1, P2, P3, P4, P5, P6} | {policy for one in path for policy in one["policies"]} - {ANY}


@pytest.mark.parametrize("section", SECTIONS)
def test_what_ours_admit_x509_finds_valid_under_that_policy(section):
    path = paths()[section]
    for policy in admitted(path):
        assert valid(path, [policy], explicit=True), policy


@pytest.mark.parametrize("section", SECTIONS)
def test_where_no_row_applies_both_answer_alike(section):
    path = paths()[section]
    theirs = {policy for policy in universe(path) if valid(path, [policy], explicit=True)}
    if not rows(path):
        assert admitted(path) == theirs
    else:
        assert admitted(path) <= theirs


POLICIES = st.lists(st.sampled_from([P1, P2, P3, ANY]), unique=True, max_size=3)
SKIPS = st.none() | st.integers(0, 2)
CERTIFICATES = st.fixed_dictionaries({
    "policies": POLICIES, "mappings": st.lists(st.tuples(*[st.sampled_from([P1, P2, P3])] * 2).map(list), max_size=3),
    "require_explicit": SKIPS, "inhibit_mapping": SKIPS, "inhibit_any": SKIPS, "new_key": st.booleans(),
})  # fmt: skip


def chained(certificates):
    """Names and keys for certificates of random contents; `new_key`: of an issuer for its own next key."""
    issuer, path = "0", []
    for place, one in enumerate(certificates, 1):
        subject = issuer if one["new_key"] and 1 < place < len(certificates) else str(place)
        path.append({**one, "issuer": issuer, "subject": subject, "key": f"key {place}"})
        issuer = subject
    return path


@settings(max_examples=400, deadline=None)
@given(st.lists(CERTIFICATES, min_size=2, max_size=5).map(chained))
def test_on_any_path_ours_admit_no_more_than_x509_and_as_much_where_no_row_applies(path):
    theirs = {policy for policy in universe(path) if valid(path, [policy], explicit=True)}
    assert admitted(path) <= theirs
    assert rows(path) or admitted(path) == theirs


def test_each_row_makes_ours_stricter_on_some_path_and_some_are_equal():
    differing = {}
    equal = 0
    for path in paths().values():
        theirs = {policy for policy in universe(path) if valid(path, [policy], explicit=True)}
        if admitted(path) != theirs:
            for row in rows(path):
                differing.setdefault(row, 0)
                differing[row] += 1
        equal += admitted(path) == theirs != set()
    assert set(differing) == {"any-policy", "self-issued", "same-name"} and equal >= 15


def test_x509_accepts_a_path_without_a_policy_where_none_is_asked_for_and_ours_never_do():
    path = paths()["4.8.2"]
    assert valid(path) and not valid(path, explicit=True) and not admitted(path)


def test_the_specification_lists_the_rows_of_this_test():
    spec = (ROOT / "shared" / "SPEC.md").read_text().partition("\n12.9 ")[2].partition("\n## 13")[0]
    for row in ("`any-policy`", "`self-issued`", "`same-name`", "`explicit`"):
        assert row in spec
