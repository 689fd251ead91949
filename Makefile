# Thin targets: each is one command that a person could type. `make help` prints them from their comments.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check peers bench accuracy serve help clean
.DEFAULT_GOAL := help

$(BIN)/calcium-node: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "calcium-node needs Python 3.11 or newer: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(BIN)/calcium-node
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(BIN)/calcium-node  ## the main job by itself: a node, a test PACS, a push, the results
	$(BIN)/calcium-node demo

test: $(VENV)/.dev  ## run the tests
	$(BIN)/python -m pytest -q

peers: $(VENV)/.dev  ## only the tests with foreign programs (DCMTK, Orthanc, dicom3tools)
	$(BIN)/python -m pytest -q -m peer

check: $(VENV)/.dev  ## format, ruff, mypy, import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## stage times of scoring and reporting one phantom
	$(BIN)/python -m tests.bench

accuracy: $(VENV)/.dev  ## scores of random phantoms and of the real series against what is known
	$(BIN)/python -m tests.accuracy

serve: $(BIN)/calcium-node  ## run a node with config/node.toml
	$(BIN)/calcium-node serve --config config/node.toml

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

clean:  ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
