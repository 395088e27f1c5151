# `make` alone says what there is. Nothing needs to be there beforehand but make and Python 3.11 or newer.
VENV := .venv
BIN := $(VENV)/bin
PEERS := benchmarks/.venv-peers
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip install --quiet

# The first that runs, is new enough and can make environments; PYTHON=… comes before all.
# A name on the path proves little: pyenv's shims stand there for versions that are not switched on.
define find_python
for candidate in "$(PYTHON)" python3.13 python3.12 python3.11 python3 python; do \
	if [ -n "$$candidate" ] && "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1; then found="$$candidate"; break; fi; \
done; \
if [ -z "$$found" ]; then \
	echo "No Python 3.11 or newer with venv was found. Install one (on Debian: apt install python3 python3-venv)," >&2; \
	echo "or name it: make PYTHON=/path/to/python3" >&2; exit 1; \
fi
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint types format torture bench bench-full bench-page clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.run-ready ## make the environment, then ingest, train and link the samples and print what was found
	@$(BIN)/mdi demo

test: lint types ## make the environment, then lint, check types and run all tests
	@$(BIN)/pytest -n auto

lint: $(VENV)/.test-ready ## ruff: rules and layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.test-ready ## mypy, strict
	@$(BIN)/mypy

format: $(VENV)/.test-ready ## mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

torture: $(VENV)/.test-ready ## kill writers 500 times, then random lives of ledgers: half an hour; PostgreSQL by MDI_TORTURE_URL
	$(BIN)/python benchmarks/torture.py
	$(if $(MDI_TORTURE_URL),$(BIN)/python benchmarks/torture.py --ledger "$(MDI_TORTURE_URL)")
	MDI_STATE_RUNS=2000 $(BIN)/pytest -q tests/ledger/test_state_machine.py

bench: $(VENV)/.test-ready $(PEERS)/.ready ## mdi-engine beside other programs, small sizes: minutes
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/linking.py --rows 50000
	$(BIN)/python benchmarks/peers.py
	@$(BIN)/python benchmarks/render.py

bench-full: $(VENV)/.test-ready $(PEERS)/.ready ## the same with all sizes: hours, 20 GB of memory, MDI_REAL_DATA
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/linking.py --rows 1000000
	$(BIN)/python benchmarks/linking.py --rows 10000000 --runs 1 --alone --seconds 14400 --megabytes 24000
	$(BIN)/python benchmarks/peers.py --full
	@$(BIN)/python benchmarks/render.py

bench-page: $(VENV)/.test-ready ## write the figures that were kept into docs/benchmarks.md
	@$(BIN)/python benchmarks/render.py

clean: ## remove the environments and caches; homes and data stay
	rm -rf $(VENV) $(PEERS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@$(find_python); \
	echo "making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV)

# Stamps: nothing is installed again until pyproject.toml changes.
$(VENV)/.run-ready: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "installing mdi-engine into $(VENV)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.test-ready: pyproject.toml $(VENV)/pyvenv.cfg
	@echo "installing mdi-engine and its development tools into $(VENV)"
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.run-ready

# Other programs, for comparing only: never into $(VENV).
$(PEERS)/.ready: benchmarks/peers/requirements.lock
	@$(find_python); \
	echo "installing the programs to compare with into $(PEERS)"; \
	"$$found" -m venv --clear $(PEERS)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
		$(PEERS)/bin/python -m pip install --quiet --no-deps -r benchmarks/peers/requirements.lock
	@touch $@
