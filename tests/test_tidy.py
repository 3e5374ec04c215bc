"""House rules that no other tool keeps. Each failure names the files, so that the remedy is plain."""

import ast
import re
import statistics
import tomllib
from pathlib import Path

import pytest
from tidy_tree import CODE, ROOT, files, functions, python_files, text, tree
from typer.main import get_command

from fieldpost.cli.main import COMMANDS, LazyGroup, app, load
from fieldwire.error_numbers import NUMBER

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
# A viper kernel's arithmetic is unrolled, and to call another kernel costs thousands of instructions.
KERNEL_LINES_MAX = 200
DOCSTRING_LINES_MAX = 10
MEDIAN_LINES_MAX = 150
# A kernel in assembler is one function, since it can call no other; what writes these files keeps the rule.
GENERATED = Path("firmware/kernels/armv7em")

AT_THE_TOP = {
    *CODE,
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
}
# A letter in brackets, so that this file is not its own finding.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K]|NotImplementedErro[r]|placeholde[r]|for no[w])\b")
REGISTRIES = re.compile(r"pypi[.]or[g]|pythonhoste[d]|npmj[s][.]|deb[.]debia[n]|proxy[.]golan[g]")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|root|home)/\w")

# Bridge modules that move bytes, read clocks or touch files; the contract in pyproject.toml names all others.
SHELLS = {
    "__main__",
    "app",
    "attestations",
    "bench",
    "bridge_needs",
    "cli",
    "config",
    "demo",
    "desk",
    "device",
    "emulator",
    "export",
    "firmware_build",
    "keyfile",
    "links",
    "mesh",
    "passport",
    "provision",
    "store",
    "store_tables",
    "succession",
    "together",
    "toml_struct",
    "web",
}


def test_no_file_is_longer_than_500_lines():
    long = {str(path): n for path in python_files() if (n := text(path).count("\n")) > FILE_LINES_MAX}
    assert not long


def test_the_median_file_is_a_page_or_two():
    lines = [text(path).count("\n") for path in python_files() if path.name != "__init__.py"]
    assert statistics.median(lines) <= MEDIAN_LINES_MAX


def lines_max(node):
    kernel = any(ast.unparse(decorator) == "micropython.viper" for decorator in node.decorator_list)
    return KERNEL_LINES_MAX if kernel else FUNCTION_LINES_MAX


def test_no_function_is_longer_than_60_lines():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files()
        if path.parent != GENERATED
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > lines_max(node)
    ]
    assert not long


def test_every_module_says_what_it_is_in_at_most_ten_lines():
    wrong = []
    for path in python_files("firmware", "host", "shared", "boards"):
        said = ast.get_docstring(tree(path))
        if said is None or said.count("\n") + 1 > DOCSTRING_LINES_MAX:
            wrong.append(str(path))
    assert not wrong, "a module docstring of one to ten lines is missing"


def test_no_folder_of_the_tests_bears_a_package_name():
    packages = {"fieldwire", "fieldagent", "fieldpost", "board"}
    assert not [
        str(path) for path in files() if path.parts[0] == "tests" and packages & set(path.parts[1:-1])
    ]


def test_nothing_else_stands_at_the_top():
    assert {path.parts[0] for path in files()} <= AT_THE_TOP


def test_every_cited_section_of_the_specification_exists():
    spec = text(Path("shared/SPEC.md"))
    sections = set(re.findall(r"^(?:#+ )?(\d+(?:\.\d+)*)\.? ", spec, re.MULTILINE))
    missing = [
        f"{path}: SPEC {section}"
        for path in python_files()
        for section in re.findall(r"\bSPEC (\d+(?:\.\d+)*)", text(path))
        if section not in sections
    ]
    assert not missing


def specified_codes():
    """Number by name, from the tables of the specification's section of codes."""
    section = text(Path("shared/SPEC.md")).partition("\n## 16. Codes")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| *(\d+) *\| *`?([a-z0-9]+(?:-[a-z0-9]+)*)`? *\|", section)
    return {name: int(number) for number, name in rows}


def test_every_wire_code_stands_in_the_specification_under_its_number():
    assert {name: specified_codes().get(name) for name in NUMBER} == NUMBER


def test_every_wire_code_has_a_golden_vector_that_is_refused_with_it():
    vectors = "".join(text(path) for path in files() if path.parts[:2] == ("tests", "vectors"))
    assert not [code for code in NUMBER if f'"{code}"' not in vectors]


def test_every_code_of_the_specification_is_expected_by_a_vector_or_a_test():
    tests = "".join(text(path) for path in files() if path.parts[0] == "tests")
    assert not [code for code in specified_codes() if f'"{code}"' not in tests]


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    found = [
        str(path) for path in files() if REGISTRIES.search(text(path)) or MACHINE_PATHS.search(text(path))
    ]
    assert not found


def test_no_file_bears_a_mark_of_unfinished_work():
    marked = [
        f"{path}:{number}"
        for path in files()
        if path.suffix in (".py", ".md", ".toml", ".sql", ".cddl", ".js", ".html")
        for number, line in enumerate(text(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not marked


def test_lock_files_hold_hashes_for_each_package_and_no_address():
    for path in (
        Path("requirements.txt"),
        Path("requirements-dev.txt"),
        Path("tests/oracles/requirements.txt"),
    ):
        blocks = re.split(r"(?m)^(?=[a-z0-9])", text(path))
        pinned = [block for block in blocks if "==" in block]
        assert pinned and all("--hash=sha256:" in block for block in pinned), path
        assert "://" not in text(path), path


def test_the_lock_files_pin_what_the_project_declares():
    declared = tomllib.loads(text(Path("pyproject.toml")))
    for path, wanted in (
        ("requirements.txt", declared["project"]["dependencies"]),
        ("requirements-dev.txt", declared["dependency-groups"]["dev"]),
    ):
        pins = {name.lower().replace("_", "-") for name in re.findall(r"(?m)^([\w.-]+)==", text(Path(path)))}
        assert {re.split(r"[<>=!~\[; ]", need)[0].lower() for need in wanted} <= pins, path


def test_every_module_of_the_bridge_is_named_as_a_shell_or_held_to_be_pure():
    contracts = tomllib.loads(text(Path("pyproject.toml")))["tool"]["importlinter"]["contracts"]
    [pure] = [contract["source_modules"] for contract in contracts if contract["name"].startswith("cores")]
    modules = {path.parts[2].removesuffix(".py") for path in python_files("host")} - {"__init__"}
    unnamed = {f"fieldpost.{module}" for module in modules - SHELLS} - set(pure)
    assert not unnamed, "add it to the contract on cores in pyproject.toml, or to SHELLS here"


def leaves(command, words):
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        return [(words, command)]
    return [leaf for name, child in command.commands.items() for leaf in leaves(child, [*words, name])]


def all_commands():
    group = get_command(app)
    assert isinstance(group, LazyGroup)
    return [leaf for name in group.list_commands(None) for leaf in leaves(load(name), [name])]


@pytest.mark.parametrize("words,command", [pytest.param(w, c, id=" ".join(w)) for w, c in all_commands()])
def test_every_command_has_help_and_an_example(words, command):
    said = f"{command.help or ''}\n{command.epilog or ''}"
    assert (command.help or "").strip(), "the command has no help"
    assert f"fieldpost {' '.join(words)}" in said, "its help or epilog shows no example"


def test_every_module_of_the_command_line_that_has_an_application_is_in_the_table():
    names = {
        path.stem.replace("_", "-")
        for path in python_files("host")
        if path.parts[:3] == ("host", "fieldpost", "cli") and re.search(r"^app = ", text(path), re.MULTILINE)
    }
    assert names - {"main"} <= set(COMMANDS)


def test_the_makefile_has_the_promised_targets():
    targets = set(re.findall(r"(?m)^([a-z-]+):", text(Path("Makefile"))))
    promised = {
        "help",
        "demo",
        "test",
        "check",
        "bench",
        "soak",
        "clean",
        "setup",
        "firmware",
        "firmware-all",
    }
    assert targets >= promised
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
