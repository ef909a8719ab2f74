# make demo   the report and the view of the shipped flagship network, under out/
# make test   the test suite
# make lint   style, types and the floors of the package
# make fuzz   200,000 inputs changed at random for each reader, and the engine against its slow
#             twin on 10,000 networks of each kind (hours; Linux)
# make bench  speed and memory beside peers, in ratios
# Needs Python 3.11+ with venv and pip. Packages are fetched once, into .venv; after that
# nothing here needs a network. Another Python: make demo PYTHON=python3.13

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NETWORK := rare_earth_magnets
ARGS :=

.PHONY: demo test lint fuzz bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/.stamp-run
	@mkdir -p out
	@$(BIN)/supplynet report $(NETWORK) -o out/$(NETWORK)_report.html
	@$(BIN)/supplynet view $(NETWORK) -o out/$(NETWORK)_view.html
	@echo "Open them in a browser:"
	@echo "  report  $(CURDIR)/out/$(NETWORK)_report.html"
	@echo "  view    $(CURDIR)/out/$(NETWORK)_view.html"

test: $(VENV)/.stamp-test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.stamp-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(VENV)/.stamp-fuzz
	$(BIN)/python tests/fuzz.py $(ARGS)
	PYTHONPATH=tests $(BIN)/python tests/fuzz_engine.py

bench: $(VENV)/.stamp-bench
	$(BIN)/python benchmarks/run.py $(ARGS)

clean:
	rm -rf $(VENV) out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "supplynet needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp newer than pyproject.toml means that what it lists is installed: pip is not asked again.
$(VENV)/.stamp-run: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.stamp-test: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[test,speed,sat,parquet]"
	@touch $@ $(VENV)/.stamp-run

$(VENV)/.stamp-lint: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[test,lint,speed,sat,parquet]"
	@touch $@ $(VENV)/.stamp-test $(VENV)/.stamp-run

$(VENV)/.stamp-fuzz: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[test,fuzz,speed,sat,parquet]"
	@touch $@ $(VENV)/.stamp-test $(VENV)/.stamp-run

$(VENV)/.stamp-bench: pyproject.toml | $(BIN)/python
	$(PIP) --editable ".[bench,speed,sat,parquet]"
	@touch $@ $(VENV)/.stamp-run
