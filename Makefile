# `make study` and `make test` work on a bare machine with Python 3.11 or newer: each makes .venv first.
PYTHON ?= python3
PORT ?= 5000
BIN := .venv/bin

.PHONY: study test ui bench lint clean picture

study: .venv/installed
	$(BIN)/study run configs/diabetes.toml
	$(BIN)/study guidance --budget quick

test: .venv/installed
	$(BIN)/python -m pytest -q -n auto

ui: .venv/installed
	$(BIN)/study ui --port $(PORT)

bench: .venv/installed
	$(BIN)/python -m benchmarks.estimator
	$(BIN)/python -m benchmarks.tracking

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The README's picture, drawn anew from a real run in a store of its own.
picture: .venv/installed
	$(BIN)/python -m docs.picture

# The record in mlruns/ stays: it is what the project is for.
clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	touch $@
