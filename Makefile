# Python 3.11 or newer, make and git are all that these commands need: each makes .venv first, if it is missing.
PYTHON ?= python3
PORT ?= 5000
BIN := .venv/bin

.PHONY: study test mutants ui bench lint picture clean help

study: .venv/installed ## tune the estimator on the default config, then grade the guidance
	$(BIN)/study run configs/diabetes.toml
	$(BIN)/study guidance --budget quick

test: .venv/installed ## run the tests, the doctests and the code of README.md
	$(BIN)/python -m pytest -q -n auto

# docs/mutants.md says why the mutants that survive may. mutants/ holds the mutated code.
mutants: .venv/installed ## change the code that decides, one change at a time, and show which changes no test notices
	rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/mutmut results

ui: .venv/installed ## show the runs in MLflow's UI; PORT=5001 chooses another port
	$(BIN)/study ui --port $(PORT)

bench: .venv/installed ## time the estimator and the tracking against other libraries
	$(BIN)/python -m benchmarks.estimator
	$(BIN)/python -m benchmarks.tracking
	$(BIN)/python -m benchmarks.predicted
	$(BIN)/python -m benchmarks.rivals

lint: .venv/installed ## run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The study runs in a temporary store, so it adds nothing to mlruns/.
picture: .venv/installed ## run the default study and write its picture and its numbers into README.md
	$(BIN)/python -m docs.picture

# The stores in mlruns/ stay: they hold the results.
clean: ## delete the environments, the caches and what was built; mlruns/ stays
	rm -rf .venv .venv-lower-bounds .venv-translate build mutants *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	touch $@
