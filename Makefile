# `make help` lists what can be made. PYTHON chooses the interpreter that .venv is made with.
PYTHON ?= python3
BIN := .venv/bin
ENV := $(BIN)/nemotron-agent-env
# e.g. make test PYTEST_ARGS='tests/core -x'
PYTEST_ARGS ?=
# e.g. make bench BENCH_ARGS='turns --json'
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help:  ## say what can be made
	@sed -n 's/^\([a-z]*\):.*##\(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

setup:  ## make .venv with all that is needed (again: takes a second)
	@$(PYTHON) scripts/bootstrap.py

demo: setup  ## drive a simulated robot by words
	@$(BIN)/nemotron-agent demo

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint  ## lint, then all tests
	$(ENV) python -m pytest $(PYTEST_ARGS)

bench: setup  ## measure speed, memory and safety (about two hours on two cores)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt || \
		echo "without llama.cpp's server: it could not be installed" >&2
	@$(BIN)/nemotron-agent bench $(BENCH_ARGS)

clean:  ## remove .venv and everything that was built (downloads stay in the cache)
	rm -rf .venv .venv.log build install log .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
