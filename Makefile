# Everything a person runs here. Each target sets up what it needs; the second run of a set-up takes no time.
PYTHON ?= python3
VENV := .venv
ORACLE := .venv-oracle
READY := $(VENV)/.ready
ORACLE_READY := $(ORACLE)/.ready
BIN := $(VENV)/bin
PIP_QUIET := --quiet --disable-pip-version-check --no-input

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak firmware firmware-all clean lock

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

setup: $(READY) $(ORACLE_READY) ## make .venv and .venv-oracle from the lock files

demo: $(READY) ## two meshes, six emulated boards, one joint picture (JSON=1: one document)
	@$(BIN)/fieldpost demo $(if $(JSON),--json)

test: setup ## the tests, on CPython and MicroPython, a process a core (ARGS=... goes to pytest)
	@$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## format, lint, types, import contracts, house rules
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "ruff: the files above differ; remedy: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/pyright --warnings
	@PYTHONPATH=firmware $(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/pytest tests/test_tidy.py

bench: $(READY) ## measure, print a table, renew build/bench.json (AREA=wire: only that area)
	@$(BIN)/python -m fieldpost.bench $(AREA)

soak: setup ## the long tests
	@$(BIN)/pytest -m soak --timeout 3600 $(ARGS)

firmware: $(READY) ## build what lies on a board into build/<board>/ (BOARD=rp2040)
	@$(BIN)/fieldpost firmware build $(BOARD) $(if $(JSON),--json)

firmware-all: $(READY) ## the same for every board
	@$(BIN)/fieldpost firmware build --all $(if $(JSON),--json)

clean: ## remove what was built; keeps the environments
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find firmware host shared boards tests -name __pycache__ -type d -prune -exec rm -rf {} +

lock: ## renew the lock files from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make: uv is missing; install it: $(BIN)/pip install uv" >&2; exit 3; }
	@$(LOCK) pyproject.toml -o requirements.txt >/dev/null
	@$(LOCK) --group pyproject.toml:dev -c requirements.txt -o requirements-dev.txt >/dev/null
	@$(LOCK) tests/oracles/requirements.in -o tests/oracles/requirements.txt >/dev/null

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@$(call new_venv,$(VENV))
	@echo "setting up $(VENV) from requirements.txt and requirements-dev.txt" >&2
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements.txt -r requirements-dev.txt >&2
	@$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(ORACLE_READY): tests/oracles/requirements.txt
	@$(call new_venv,$(ORACLE))
	@echo "setting up $(ORACLE) from tests/oracles/requirements.txt" >&2
	@$(ORACLE)/bin/python -m pip install $(PIP_QUIET) --require-hashes -r tests/oracles/requirements.txt >&2
	@touch $@

# Says the one command that installs what is missing, or makes the environment $(1).
define new_venv
command -v $(PYTHON) >/dev/null || { \
  echo "make: $(PYTHON) is missing; install it: apt-get install -y python3 python3-venv" >&2; exit 3; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "make: Python 3.11 or later is needed, $$($(PYTHON) --version) found;" \
       "install it: apt-get install -y python3.11-venv, then make PYTHON=python3.11" >&2; exit 3; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo "make: Python's venv module is missing; install it: apt-get install -y python3-venv" >&2; exit 3; }; \
test -x $(1)/bin/pip || $(PYTHON) -m venv --clear $(1) >&2
endef
