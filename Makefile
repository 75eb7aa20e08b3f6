# The whole vocabulary of this project. `make` prints it; nothing else is needed on a fresh machine.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
STAMP := .venv/.stamp
ARGS ?=
# Processes that tests run in side by side; 0: in this one alone.
WORKERS ?= auto
# Where this is set every process compiles what it imports anew, which is seconds at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo test lint fix types bench bench-scale fuzz soak soak-harvest judge docs clean

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 13

venv: $(STAMP) ## Create .venv and install what the project needs

$(STAMP): pyproject.toml constraints.txt
	@tools/make-venv
	@touch $@

demo: $(STAMP) ## Start the demo consortium on loopback (ARGS="--port-offset 100" and the like are passed on)
	@$(BIN)/gateway demo $(ARGS)

test: $(STAMP) ## Run every test, after installing the peers it may install (ARGS are pytest's; WORKERS=0: one after the other)
	@tools/install-peers
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(STAMP) types ## Check style, format, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

fix: $(STAMP) ## Repair style and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(STAMP) ## Check types alone
	@$(BIN)/pyright

bench: $(STAMP) ## Run the benchmarks: ratios in one run, results under tests/benchmarks/results
	@tools/install-peers --bench
	@$(BIN)/python -m tests.benchmarks $(ARGS)

bench-scale: $(STAMP) ## Measure the catalogue with ten million records, hours long (ARGS="--records 50000" for fewer)
	@$(BIN)/python -m tests.benchmarks.scale $(ARGS)

fuzz: $(STAMP) ## Run the property tests longer than `make test` does
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m fuzz --timeout=1800 $(ARGS)

soak: $(STAMP) ## Run the long-running tests that `make test` leaves out
	@$(BIN)/python -m pytest -m soak --timeout=3600 $(ARGS)

soak-harvest: $(STAMP) ## Harvest 100,000 records with foreign harvesters that are broken off (ARGS="--records 2000" for fewer)
	@tools/install-peers
	@$(BIN)/python -m tests.benchmarks.soak_harvest $(ARGS)

judge: $(STAMP) ## Judge the demo, programs of others and wrong servers again, and draw the map (ARGS="gateway", "others" or "wrong" for some)
	@tools/install-peers --bench
	@$(BIN)/python -m tests.conformance.subjects $(ARGS)

docs: $(STAMP) ## Check that every link between the pages of docs leads somewhere
	@$(BIN)/python tools/check_docs.py

clean: ## Remove the environment and everything generated
	@rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
