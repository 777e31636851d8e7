# make demo   see it work: 200 contacts against a simulated HeyGen; no key, no network, no money
# make test   everything that CI checks, step by step, stops at the first failure
# make bench  the benchmarks, against their recorded baseline
# make clean  remove what these commands made
#
# Written for GNU make 3.81 too, which macOS has: no .ONESHELL.

PYTHON ?= python3
VENV ?= .venv
VENV_DEMO ?= $(VENV)-demo
VENV_FLOORS ?= $(VENV)-floors

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# All of these give the stamp `.installed` its age: a changed one means a new installation.
DEFINITION := pyproject.toml .constraints.txt .constraints-floors.txt
PIP_INSTALL := -m pip install --quiet --constraint .constraints.txt
INSTALL := $(PIP_INSTALL) --build-constraint .constraints.txt
COVERED_TO_THE_LAST_BRANCH := $(patsubst %,heygen_async/%.py,errors http/wire http/retry bulk/jobs/job bulk/journal/journal bulk/journal/queries)
# Folders that exercise the four packages which have floors; the others meet them in no other way.
OF_THE_FLOORS := $(addprefix tests/,account api http webhooks bulk/campaign bulk/campaign_file bulk/download bulk/run bulk/watch test_otel.py)
# Some tests wait for a database, so there is one process more than most machines of CI have cores for.
ON_ALL_CORES := --numprocesses=3 --dist=worksteal
STEP := @printf '\n== %s\n'

# $(call fresh_venv,FOLDER): a virtual environment whose pip knows dependency groups. One that works is kept.
SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))
define fresh_venv
	@$(PYTHON) -c '$(SUPPORTED)' || { \
		echo "heygen-async needs Python 3.11 or newer, which $(PYTHON) is not: name one, as in make PYTHON=python3.12 demo." >&2; exit 1; }
	@$(1)/bin/python -c '$(SUPPORTED)' 2>/dev/null || { echo "== making $(1)"; $(PYTHON) -m venv --clear $(1); }
	@$(1)/bin/python $(PIP_INSTALL) --upgrade pip
endef

.PHONY: help
help:
	@sed -n 's/^# make /make /p' Makefile

.PHONY: demo
demo: $(VENV_DEMO)/.installed
	@$(VENV_DEMO)/bin/heygen-async demo

.PHONY: test
test: format lint types imports tests coverage chaos floors wheel
	$(STEP) "all checks passed"

.PHONY: format
format: $(VENV)/.installed
	$(STEP) "format: ruff format --check"
	$(VENV)/bin/ruff format --check .

.PHONY: lint
lint: $(VENV)/.installed
	$(STEP) "lint: ruff check"
	$(VENV)/bin/ruff check .

.PHONY: types
types: $(VENV)/.installed
	$(STEP) "types: mypy --strict"
	$(VENV)/bin/mypy

.PHONY: imports
imports: $(VENV)/.installed
	$(STEP) "imports: the layers, by import-linter"
	$(VENV)/bin/lint-imports

.PHONY: tests
tests: $(VENV)/.installed
	$(STEP) "tests: pytest, README's examples among them"
	$(VENV)/bin/coverage erase
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/coverage run -m pytest -m "not chaos" $(ON_ALL_CORES)

# Unmeasured: what is killed cannot say which lines it ran. Much of it waits, so there are more processes than cores.
.PHONY: chaos
chaos: $(VENV)/.installed
	$(STEP) "chaos: processes killed at every step, workers and a database restarted"
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/python -m pytest -m chaos --numprocesses=3 --dist=worksteal

# After `tests`, whose data it reads.
.PHONY: coverage
coverage: $(VENV)/.installed
	$(STEP) "coverage: branches"
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report
	@for module in $(COVERED_TO_THE_LAST_BRANCH); do \
		test -f "$$module" || { echo "$$module is gone: mend COVERED_TO_THE_LAST_BRANCH in the Makefile" >&2; exit 1; }; \
		printf '\n== coverage: all of %s\n' "$$module"; \
		$(VENV)/bin/coverage report --include="$$module" --fail-under=100 || exit 1; \
	done

.PHONY: floors
floors: $(VENV_FLOORS)/.installed
	$(STEP) "floors: the tests with the oldest versions that pyproject.toml admits"
	PATH="$(abspath $(VENV_FLOORS))/bin:$$PATH" $(VENV_FLOORS)/bin/python -m pytest -q -x -m "not chaos" $(ON_ALL_CORES) $(OF_THE_FLOORS)

.PHONY: wheel
wheel: $(VENV)/.installed
	$(STEP) "wheel: built from the source distribution, used alone in a clean environment"
	@set -euo pipefail; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	$(VENV)/bin/python -m build --no-isolation --outdir "$$work/dist" . >"$$work/build.log" 2>&1 \
		|| { cat "$$work/build.log"; exit 1; }; \
	find heygen_async -type f -not -path '*/__pycache__/*' | sort >"$$work/expected"; \
	$(VENV)/bin/python -m zipfile --list "$$work"/dist/*.whl | sed -n 's|^\(heygen_async/[^ ]*\) .*|\1|p' | sort >"$$work/packed"; \
	diff "$$work/expected" "$$work/packed" || { echo "the wheel and heygen_async/ differ"; exit 1; }; \
	$(PYTHON) -m venv "$$work/venv"; \
	"$$work/venv/bin/python" $(PIP_INSTALL) --upgrade pip; \
	"$$work/venv/bin/python" $(PIP_INSTALL) "$$work"/dist/*.whl; \
	cp .constraints.txt "$$work"; cd "$$work"; \
	echo "-- core alone: every public name loads, and the command line says what it lacks"; \
	venv/bin/python -W error -c 'import heygen_async as h; print(len([getattr(h, n) for n in h.__all__]), "names from", h.__file__)'; \
	if venv/bin/heygen-async demo 2>lacks; then echo "the command line runs without its extra?"; exit 1; fi; \
	grep -F 'heygen-async[cli]' lacks; \
	echo "-- with [cli]: the command line"; \
	venv/bin/python $(PIP_INSTALL) "$$(echo dist/*.whl)[cli]"; \
	venv/bin/heygen-async --version; \
	venv/bin/heygen-async --help; \
	venv/bin/heygen-async guide; \
	venv/bin/python -m heygen_async.examples

# Its peers and its pictures need more than the tests do.
.PHONY: bench
bench: $(VENV)/.installed
	@$(VENV)/bin/python $(INSTALL) --group bench
	@for benchmark in benchmarks/bench_*.py; do \
		printf '\n== %s\n' "$$benchmark"; \
		$(VENV)/bin/python "$$benchmark" --plot || exit 1; \
	done

.PHONY: clean
clean:
	rm -rf .venv-demo .venv-floors .venv/.installed .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache
	rm -rf .import_linter_cache .hypothesis htmlcov dist build heygen-demo
	find heygen_async tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV))
	@echo "== installing the development tools into $(VENV)"
	@$(VENV)/bin/python $(INSTALL) --group dev --editable '.[cli,data,dbos,otel,templates]'
	@touch $@

$(VENV_FLOORS)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV_FLOORS))
	@echo "== installing the floors into $(VENV_FLOORS)"
	@$(VENV_FLOORS)/bin/python $(INSTALL) --constraint .constraints-floors.txt --group test --editable '.[cli,data,otel,templates]'
	@touch $@

# Editable, so that the demo shows the checkout as it is, after `git pull` too.
$(VENV_DEMO)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV_DEMO))
	@echo "== installing heygen-async into $(VENV_DEMO), once"
	@$(VENV_DEMO)/bin/python $(INSTALL) --editable '.[cli]'
	@touch $@
