# Thin targets: each is one command that a person could type. `make help` prints them from their comments.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check peers viewers conformance judges refusals bench costs evaluate interval methods serve help clean
.DEFAULT_GOAL := help

$(BIN)/calcium-node: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "calcium-node needs Python 3.11 or newer: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(BIN)/calcium-node
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.viewers: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[viewers]'
	touch $@

demo: $(BIN)/calcium-node  ## the main job by itself: a node, a test PACS, a push, the results
	$(BIN)/calcium-node demo

test: $(VENV)/.dev  ## run the tests, on two cores
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

peers: $(VENV)/.dev  ## only the tests with foreign programs (DCMTK, Orthanc, dicom3tools)
	$(BIN)/python -m pytest -q -m peer

viewers: $(VENV)/.viewers  ## the results in a real viewer (OHIF), as screenshots in OUT=build/viewers; needs npm, chromium, orthanc-dicomweb
	CALCIUM_VIEWER_PICTURES=$(abspath $(or $(OUT),build/viewers)) $(BIN)/python -m pytest -q -rs -m viewer tests/viewers

check: $(VENV)/.dev  ## format, ruff, mypy, import walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

judges: $(VENV)/.dev  ## all DICOM validators over the demo's results, or over a folder: make judges FOLDER=arrived
	$(BIN)/python -m tests.judges $(FOLDER)

refusals: $(VENV)/.dev  ## one result against peers that refuse some of it: what was sent, what was said
	$(BIN)/python -m tests.refusals

bench: $(VENV)/.dev  ## the arithmetic beside a naive one; stage times of scoring and reporting one phantom
	$(BIN)/python -m tests.bench_arithmetic
	$(BIN)/python -m tests.bench

costs: $(VENV)/.dev  ## time and bytes of one result, by object and encoding; tables of docs/performance.md
	$(BIN)/python -m tests.report_costs --write

evaluate: $(VENV)/.dev  ## accuracy on new phantoms and real hearts; SEED=2 CASES=100 draw others
	$(BIN)/python -m tests.evaluation --seed $(or $(SEED),1) --cases $(or $(CASES),100) $(if $(OUT),--out $(OUT))

methods: $(VENV)/.dev  ## the table of scoring/METHODS.md: one phantom under every preset, sampling and kVp (minutes)
	$(BIN)/python -m tests.methods_table --write

conformance: $(BIN)/calcium-node  ## docs/conformance.md anew, its tables from the code
	$(BIN)/calcium-node conformance --out docs/conformance.md

interval: $(VENV)/.dev  ## coverage of the repeat interval on phantoms that are scanned again; half an hour
	$(BIN)/python -m tests.interval_validation

serve: $(BIN)/calcium-node  ## run a node with config/node.toml
	$(BIN)/calcium-node serve --config config/node.toml

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

clean:  ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
