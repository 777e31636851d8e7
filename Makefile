# make demo   see it work: 200 contacts against a simulated HeyGen; no key, no network, no money
# make test   everything that CI checks, step by step; stops at the first failure
# make check  the daily round: format, lint, types, layers, and the tests that your change touches
# make explore NIGHTS=100000  look for faults that nobody thought of: thousands of bad nights in simulated time
# make soak   workers under the faults of 20 seeds: hours
# make bench  the benchmarks, compared with their recorded baselines
# make clean  remove what these commands made
#
# GNU make 3.81 of macOS must be able to read this file, so there is no .ONESHELL.

PYTHON ?= python3
VENV ?= .venv
VENV_DEMO ?= $(VENV)-demo
VENV_FLOORS ?= $(VENV)-floors

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Some machines forbid Python to keep what it has compiled. Each of the hundreds of processes of the tests would then
# compile the package and the tests anew.
unexport PYTHONDONTWRITEBYTECODE

# All of these give the stamp `.installed` its age: a changed one means a new installation.
DEFINITION := pyproject.toml .constraints.txt .constraints-floors.txt
PINNED := --constraint .constraints.txt
ALL_PINNED := $(PINNED) --build-constraint .constraints.txt
# Installs in a tenth of the time of pip, which does the work where uv cannot, as behind an index that only pip knows.
UV := PATH="$$PATH:$(abspath $(VENV))/bin" uv
COVERED_TO_THE_LAST_BRANCH := $(patsubst %,heygen_async/%.py,errors http/lenient http/wire http/retry bulk/jobs/job bulk/journal/journal bulk/journal/queries)
EXTRAS := '.[cli,data,dbos,otel,templates]'
EXTRAS_OF_FLOORS := '.[cli,data,otel,templates]'
# Folders whose tests use the dependencies and the libraries of the extras; other folders use them in no further way.
OF_THE_FLOORS := $(addprefix tests/,account api http webhooks bulk/campaign bulk/campaign_file bulk/download bulk/run bulk/watch test_otel.py \
	bulk/rows bulk/template bulk/output cli/rendering cli/terminal cli/test_help_layout.py)
# One process more than the two cores of most CI machines, because some tests wait for a database.
ON_ALL_CORES := --numprocesses=3 --dist=worksteal
# Journals flush each step to the disk, which costs nothing in memory, if there is enough: a container may have 64 MB.
IN_MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "TMPDIR=/dev/shm" }')
STEP := @printf '\n== %s\n'

# $(call make_venv,FOLDER): make a virtual environment.
make_venv = { $(UV) venv --quiet --clear --seed --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(1) 2>/dev/null || $(PYTHON) -m venv --clear $(1); }

# $(call fresh_venv,FOLDER): the same, but keep one that works.
SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))
define fresh_venv
	@$(PYTHON) -c '$(SUPPORTED)' || { \
		echo "heygen-async needs Python 3.11 or newer, and $(PYTHON) is not that: name another one, as in make PYTHON=python3.12 demo." >&2; exit 1; }
	@$(1)/bin/python -c '$(SUPPORTED)' 2>/dev/null || { echo "== making $(1)"; $(call make_venv,$(1)); }
endef

# $(call install,FOLDER,ARGUMENTS): install into a virtual environment; a pip of its own may not know dependency groups.
install = { $(UV) pip install --quiet --python $(1)/bin/python $(2) 2>/dev/null || { \
	$(1)/bin/python -m pip install --quiet $(PINNED) --upgrade pip && $(1)/bin/python -m pip install --quiet $(2); }; }

.PHONY: help
help:
	@sed -n 's/^# make /make /p' Makefile

.PHONY: demo
demo: $(VENV_DEMO)/.installed
	@$(VENV_DEMO)/bin/heygen-async demo

.PHONY: test
test: format lint imports
	@$(VENV)/bin/python .ci/side_by_side.py "$(MAKE)" "compiled tests coverage" "types chaos nights" "wheel floors"
	$(STEP) "all checks passed"

.PHONY: check
check: format lint types imports
	$(STEP) "check: the tests that the change since main touches"
	PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/python -m pytest -q -m "not chaos and not explore" $(ON_ALL_CORES) \
		$$($(VENV)/bin/python -m tests.helpers.touched_tests)

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

# Else each of the processes of the next steps, which begin together, compiles all tests for itself, with their asserts.
.PHONY: compiled
compiled: $(VENV)/.installed
	@$(VENV)/bin/python -m pytest --collect-only -qq >/dev/null || true # the tests say what is wrong

.PHONY: tests
tests: $(VENV)/.installed
	$(STEP) "tests: pytest, with the examples of README and guides"
	$(VENV)/bin/coverage erase
	$(IN_MEMORY) PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/coverage run -m pytest -m "not chaos and not explore" $(ON_ALL_CORES)

# Without coverage, which takes twice as long. The tests use all cores by themselves.
.PHONY: nights
nights: $(VENV)/.installed
	$(STEP) "nights: bad nights of campaigns that meet every kind of trouble, and mutants that they find"
	$(IN_MEMORY) $(VENV)/bin/python -m pytest -m explore tests/explore

# Without coverage: a killed process writes no measurements.
.PHONY: chaos
chaos: $(VENV)/.installed
	$(STEP) "chaos: processes killed at every step, workers and a database restarted"
	$(IN_MEMORY) PATH="$(abspath $(VENV))/bin:$$PATH" $(VENV)/bin/python -m pytest -m chaos -p no:cacheprovider --numprocesses=2 --dist=worksteal tests/chaos

# The same for workers, with many seeds: two hours.
.PHONY: soak
soak: $(VENV)/.installed
	$(STEP) "soak: workers under faults of 20 seeds"
	CHAOS_SEEDS=20 $(VENV)/bin/python -m pytest -m chaos tests/chaos/test_durable.py

# One campaign a night, in virtual time, under trouble that a seed decides.
NIGHTS ?= 10000
SEED ?= 1
.PHONY: explore
explore: $(VENV)/.installed
	$(STEP) "explore: $(NIGHTS) nights from seed $(SEED)"
	$(VENV)/bin/python -m tests.explore --nights $(NIGHTS) --seed $(SEED)

# Runs after `tests`, whose data it reads.
.PHONY: coverage
coverage: $(VENV)/.installed
	$(STEP) "coverage: branches"
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage report
	@for module in $(COVERED_TO_THE_LAST_BRANCH); do \
		test -f "$$module" || { echo "$$module is missing: correct COVERED_TO_THE_LAST_BRANCH in the Makefile" >&2; exit 1; }; \
		printf '\n== coverage: all of %s\n' "$$module"; \
		$(VENV)/bin/coverage report --include="$$module" --fail-under=100 || exit 1; \
	done

.PHONY: floors
floors: $(VENV_FLOORS)/.installed
	$(STEP) "floors: the tests with the oldest versions that pyproject.toml admits"
	$(IN_MEMORY) PATH="$(abspath $(VENV_FLOORS))/bin:$$PATH" $(VENV_FLOORS)/bin/python -m pytest -q -x -m "not chaos" -p no:cacheprovider --numprocesses=2 --dist=worksteal $(OF_THE_FLOORS) --ignore tests/webhooks/test_frameworks.py \
		--ignore tests/bulk/campaign/test_shared_signals.py

.PHONY: wheel
wheel: $(VENV)/.installed
	$(STEP) "wheel: built from the source distribution, used alone in a clean environment"
	@set -euo pipefail; work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	$(VENV)/bin/python -m build --no-isolation --outdir "$$work/dist" . >"$$work/build.log" 2>&1 \
		|| { cat "$$work/build.log"; exit 1; }; \
	find heygen_async -type f -not -path '*/__pycache__/*' | sort >"$$work/expected"; \
	$(VENV)/bin/python -m zipfile --list "$$work"/dist/*.whl | sed -n 's|^\(heygen_async/[^ ]*\) .*|\1|p' | sort >"$$work/packed"; \
	diff "$$work/expected" "$$work/packed" || { echo "the wheel and heygen_async/ differ"; exit 1; }; \
	mkdir "$$work/sdist"; tar -xzf "$$work"/dist/*.tar.gz -C "$$work/sdist" --strip-components=1; \
	make -s -n -C "$$work/sdist" format chaos floors demo >/dev/null || { echo "the source distribution lacks files of make demo or make test, see above"; exit 1; }; \
	$(call make_venv,"$$work/venv"); \
	$(call install,"$$work/venv",$(PINNED) "$$work"/dist/*.whl); \
	cp .constraints.txt "$$work"; cd "$$work"; \
	echo "-- core alone: every public name loads, and the command line names the missing extra"; \
	venv/bin/python -W error -c 'import heygen_async as h; print(len([getattr(h, n) for n in h.__all__]), "names from", h.__file__)'; \
	if venv/bin/heygen-async demo 2>lacks; then echo "the command line runs without its extra"; exit 1; fi; \
	grep -F 'heygen-async[cli]' lacks; \
	echo "-- with [cli]: the command line"; \
	$(call install,venv,$(PINNED) "$$(echo dist/*.whl)[cli]"); \
	venv/bin/heygen-async --version; \
	venv/bin/heygen-async --help; \
	venv/bin/heygen-async guide; \
	venv/bin/python -m heygen_async.examples

# The peers and the plots need packages that the tests do not need.
.PHONY: bench
bench: $(VENV)/.installed
	@$(call install,$(VENV),$(ALL_PINNED) --group bench)
	@missed=; for benchmark in benchmarks/bench_*.py; do \
		printf '\n== %s\n' "$$benchmark"; \
		$(VENV)/bin/python "$$benchmark" --plot || missed="$$missed $$benchmark"; \
	done; \
	test -z "$$missed" || { echo "a bar is missed, or a count is not as recorded, in:$$missed"; exit 1; }

.PHONY: clean
clean:
	rm -rf .venv-demo .venv-floors .venv/.installed .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache
	rm -rf .import_linter_cache .hypothesis htmlcov dist build heygen-demo
	find heygen_async tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV))
	@echo "== installing the development tools into $(VENV)"
	@$(UV) --version >/dev/null 2>&1 || $(VENV)/bin/python -m pip install --quiet $(PINNED) uv || echo "== without uv"
	@$(call install,$(VENV),$(ALL_PINNED) --group dev --editable $(EXTRAS))
	@touch $@

$(VENV_FLOORS)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV_FLOORS))
	@echo "== installing the floors into $(VENV_FLOORS)"
	@awk -F== 'NR == FNR { floor[$$1]; print; next } !($$1 in floor)' .constraints-floors.txt .constraints.txt >$(VENV_FLOORS)/constraints.txt
	@$(call install,$(VENV_FLOORS),--constraint $(VENV_FLOORS)/constraints.txt --build-constraint .constraints.txt --group test --editable $(EXTRAS_OF_FLOORS))
	@touch $@

# Editable, so that the demo runs the present checkout, also after `git pull`. Python compiles what the demo imports.
$(VENV_DEMO)/.installed: $(DEFINITION)
	$(call fresh_venv,$(VENV_DEMO))
	@echo "== installing heygen-async into $(VENV_DEMO), once"
	@$(call install,$(VENV_DEMO),$(ALL_PINNED) --no-compile --editable '.[cli]')
	@touch $@
