"""The documents are true: their examples run or parse, their commands, files and links exist."""

import ast
import doctest
import importlib
import json
import re
import tomllib

import docs_commands
import docs_text
import pytest
from test_bridge_spec import rows
from tidy_tree import ROOT, files

import fieldpost
from fieldagent import enrolment, neighbours
from fieldpost import boundary_messages, rotate
from fieldpost.codes import CODES
from fieldwire import carry_frames, cose, session_frames
from fieldwire import observation as obs

DOCUMENTS = docs_text.documents(ROOT, files())
BLOCKS = [
    pytest.param(block, id=f"{name}:{block.line}")
    for name, text in DOCUMENTS.items()
    for block in docs_text.blocks(text)
]
README = DOCUMENTS.get("README.md", "")
DESIGN = DOCUMENTS["host/DESIGN.md"]
MAKEFILE = (ROOT / "Makefile").read_text()
LEAVES = [
    leaf for name, command in docs_commands.tree().items() for leaf in docs_commands.leaves(command, [name])
]
COMMANDS = [pytest.param(words, command, id=" ".join(words)) for words, command in LEAVES]
OURS = {"fieldagent", "fieldpost", "fieldwire"}
FIRST_SCREEN = 40  # lines, what the commands print apart


def parses_as_python(text: str) -> None:
    """Python that needs a board does not run here; what it takes from us must be there all the same."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS:
            module = importlib.import_module(node.module or "")
            assert not [one.name for one in node.names if not hasattr(module, one.name)]


def runs_as_doctest(text: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, "document", None, 0)
    assert test.examples, "a pycon block without a prompt"
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test, out=said.append).failed == 0, "".join(said)


def is_a_call(text: str) -> None:
    wrong = []
    for line in docs_text.shell_lines(docs_text.Block("sh", text, 0)):
        wrong += faults_of(line)
    assert not wrong


def is_a_prompted_call(text: str) -> None:
    lines = docs_text.shell_lines(docs_text.Block("console", text, 0))
    assert lines, "a console block shows what is typed after `$ `"
    assert not [fault for line in lines for fault in faults_of(line)]


def is_json_lines(text: str) -> None:
    for line in text.splitlines():
        json.loads(line)


def is_output(text: str) -> None:
    assert text.strip(), "an empty block"


CHECKS = {
    "python": parses_as_python,
    "pycon": runs_as_doctest,
    "sh": is_a_call,
    "console": is_a_prompted_call,
    "toml": tomllib.loads,
    "json": json.loads,
    "jsonl": is_json_lines,
    "text": is_output,
}


def faults_of(line: str) -> list[str]:
    """What is wrong with the calls of ours in one line of shell."""
    found = []
    for part in re.split(r"&&|;", line):
        words = part.split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words.pop(0)
        if words and words[0].rpartition("/")[2] == "fieldpost":
            fault = docs_commands.fault(" ".join(words), whole=True)
            found += [fault] if fault else []
        elif words and words[0] == "make":
            found += make_faults(words[1:])
    return found


def make_faults(words: list[str]) -> list[str]:
    """Targets and variables that the Makefile does not have."""
    targets = set(re.findall(r"(?m)^([a-z-]+):", MAKEFILE))
    variables = {word.partition("=")[0] for word in words if "=" in word}
    wrong = [
        f"make has no target {word}"
        for word in words
        if re.fullmatch(r"[a-z-]+", word) and word not in targets
    ]
    used = set(re.findall(r"\$[({](?:if )?\$?\(?([A-Z]+)", MAKEFILE))
    return wrong + [f"make has no variable {name}" for name in sorted(variables - used)]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_runs_or_parses_as_what_it_says_it_is(block, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert block.language in CHECKS, f"say one of {', '.join(CHECKS)} after the fence"
    CHECKS[block.language](block.text)


def test_the_two_commands_stand_on_the_readmes_first_screen_and_in_the_makefile():
    first = "\n".join(docs_text.without_output(README).splitlines()[:FIRST_SCREEN])
    for command in ("make demo", "make test"):
        assert f"$ {command}\n" in first, f"{command} is not on the first screen"
        assert not make_faults(command.split()[1:])


def test_the_readme_shows_one_observation_as_a_doctest_and_a_sensor_of_a_persons_own():
    languages = {block.language for block in docs_text.blocks(README)}
    assert {"pycon", "python"} <= languages


def spoken_of(text: str) -> list[str]:
    """Calls of ours in code spans, and those in the last column of a table."""
    found = [span for span in docs_text.spans(text) if re.match(r"fieldpost( |$)", span)]
    return found + re.findall(r"(?m)\| (fieldpost [^|`]+) \|$", docs_text.prose(text))


@pytest.mark.parametrize("name", [name for name, text in DOCUMENTS.items() if spoken_of(text)])
def test_every_command_that_a_document_speaks_of_exists_with_its_options(name):
    found = [docs_commands.fault(line, whole=False) for line in spoken_of(DOCUMENTS[name])]
    assert not [one for one in found if one]


def test_every_make_target_that_a_document_speaks_of_exists():
    spoken = [
        span.split()[1:]
        for text in DOCUMENTS.values()
        for span in docs_text.spans(text)
        if span.startswith("make ")
    ]
    assert spoken and not [fault for words in spoken for fault in make_faults(words)]


def test_every_command_that_the_programs_messages_name_exists():
    sources = [
        ROOT / path for path in files() if path.suffix == ".py" and path.parts[:2] == ("host", "fieldpost")
    ]
    named = {
        line for path in sources for line in re.findall(r"`(fieldpost [a-z][^`{}\n]*)`", path.read_text())
    }
    named |= {remedy for _, _, remedy in CODES.values() if remedy.startswith("fieldpost ")}
    assert named and not [one for one in (docs_commands.fault(line, whole=False) for line in named) if one]


@pytest.mark.parametrize("words,command", COMMANDS)
def test_every_command_says_what_it_does_and_shows_an_example_that_it_takes(words, command):
    assert (command.help or "").strip(), "it has no help"
    assert re.match(rf"Example: fieldpost {' '.join(words)}\b", command.epilog or ""), "no `Example:` epilog"
    said = re.split(r"\. (?=[A-Z])", command.epilog.removeprefix("Example: "))[0]
    examples = re.split(r",? or: ", said)
    assert not [one for one in (docs_commands.fault(line, whole=True) for line in examples) if one]


@pytest.mark.parametrize("words,command", COMMANDS)
def test_every_option_and_argument_of_a_command_has_help(words, command):
    assert not [one.name for one in command.params if not getattr(one, "help", None)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(name):
    broken = []
    for target in docs_text.links(DOCUMENTS[name]):
        if re.match(r"(https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        if not there.exists() or (
            anchor and anchor not in docs_text.anchors(there.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    assert not broken


def test_every_test_that_a_document_names_exists():
    made = {
        one
        for path in files()
        if path.parts[0] == "tests" and path.suffix == ".py"
        for one in re.findall(r"(?m)^def (test_\w+)\(", (ROOT / path).read_text())
    }
    spans = {span for text in DOCUMENTS.values() for span in docs_text.spans(text)}
    named = {span for span in spans if re.fullmatch(r"test_\w+", span)}
    assert named and not named - made


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_by_its_path_exists(name):
    named = [
        span
        for span in docs_text.spans(DOCUMENTS[name])
        if re.fullmatch(r"(firmware|host|shared|boards|tests)/[\w./-]+", span)
    ]
    assert not [span for span in named if not (ROOT / span).exists()]


def test_the_changelog_has_this_version():
    assert re.search(rf"(?m)^## {re.escape(fieldpost.__version__)}\b", DOCUMENTS["CHANGELOG.md"])


def test_the_design_gives_a_reason_for_each_dependency_and_for_no_other():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = declared["project"]["dependencies"] + declared["dependency-groups"]["dev"]
    wanted += declared["build-system"]["requires"]
    wanted += (ROOT / "tests/oracles/requirements.in").read_text().split()
    names = {re.split(r"[<>=!~\[; ]", need)[0].lower() for need in wanted}
    section = DESIGN.partition("\n## Dependencies")[2].partition("\n## ")[0]
    stated = {cell.strip() for row in rows(section) for cell in row[0].replace("`", "").split(",")}
    assert stated == names
    assert all(row[-1].endswith(".") for row in rows(section))


def test_the_designs_decisions_are_dated_lines_at_its_end():
    title, *lines = DESIGN.rstrip().rpartition("\n## ")[2].splitlines()
    listed = [line for line in lines if line.strip()]
    assert title == "Decisions" and len(listed) > 10
    assert not [line for line in listed if not re.match(r"- 20\d\d-\d\d-\d\d: \S.*\.$", line)]


def in_use(space: str) -> str:
    """The third cell of a row of the specification's registry."""
    section = DOCUMENTS["shared/SPEC.md"].partition("\n17.2 ")[2]
    [found] = [row[2] for row in rows(section) if row[0].startswith(space)]
    return found


def test_the_registry_names_the_numbers_that_the_code_uses():
    typs = range(cose.EARLY, cose.MERGE_PLAN + 1)
    assert in_use("typ") == f"{typs[0]} to {typs[-1]}"
    assert in_use("content format") == f"{obs.GAP_FORMAT}, {obs.TIME_FORMAT}"
    assert in_use("observation keys") == f"0 to {obs.SALT}"
    numbers = boundary_messages.NUMBERS.values()
    assert in_use("boundary messages") == f"{min(numbers)} to {max(numbers)}"
    assert in_use("session frames") == ", ".join(f"0x{one:02x}" for one in session_frames.TYPE.values())
    assert in_use("frames of the local link") == f"0x{neighbours.BEACON:02x} to 0x{carry_frames.TAKEN:02x}"
    assert in_use("frames of enrolment") == f"0x{enrolment.START:02x} to 0x{rotate.PROMPT:02x}"


def test_a_call_that_the_program_does_not_take_is_found_out():
    wrong = [
        "fieldpost nothing-of-the-kind",
        "fieldpost picture --no-such-option",
        "fieldpost place",
        "fieldpost place a.jsonl b.jsonl",
        "fieldpost place a.jsonl --interval loose",
        "fieldpost log",
        "fieldpost log forget",
        "fieldpost picture --store",
    ]
    assert all(docs_commands.fault(line, whole=True) for line in wrong)
    right = [
        "fieldpost place a.jsonl --interval strict --claims 2 | head",
        "fieldpost --version",
        "fieldpost picture --json",
    ]
    assert not [
        docs_commands.fault(line, whole=True) for line in right if docs_commands.fault(line, whole=True)
    ]
