# make run and make test are all that a newcomer needs: both install what they use first.
#
#   make run     Mesher on http://127.0.0.1:8000, on a PostgreSQL of its own
#   make test    all that CI checks: formatting, lint, types, direction of imports, tests
#   make check   the same; this name is what CI calls it
#   make setup   only install
#   make bench   the benchmarks (benchmarks/README.md); writes docs/performance-results.md
#   make chaos   faults at random under load; MINUTES=10 for longer, CHAOS_SEED=1 for others
#   make fuzz    damaged requests; CASES=1000000 for more, FUZZ_FIRST=1000000 for others
#   make api-fuzz    made-up requests to the API, held against its document; MINUTES=10 for longer
#   make screenshots   all pages in light, dark and three widths: build/screenshots, docs/images
#   make access-table   docs/access.md from what is declared beside the routes
#   make grouping-evaluation   docs/grouping-evaluation.md from the labelled events
#   make lock    write the pinned versions anew after a change of pyproject.toml or package.json
#
# Needed: a Debian-like system with Python 3.11 or newer and, for the tests, Node.js 20. What is
# missing beyond that is installed as root or with sudo, or named in plain words (scripts/require.sh).

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Bytecode is made on first use: a third of the time that an installation takes saved. Where the
# environment forbids it, as in some containers, each process would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# The pins are complete, so nothing is left to resolve: pip would look for the newest of whatever is
# wanted with an extra, as coverage[toml], and refuse it for want of a hash.
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps
SOURCES := src tests benchmarks
# The pure parts, from bytes to fingerprint, are held at full coverage.
COVERAGE := --cov=mesher.protocol --cov=mesher.grouping --cov=mesher.scrubbing \
	--cov=mesher.similarity --cov=mesher.search --cov=mesher.symbolication --cov-fail-under=100 \
	--cov-report=term-missing:skip-covered

# One process for each core, a file of tests after the other: both have servers of their own.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile

.PHONY: run setup test check bench chaos fuzz api-fuzz screenshots access-table grouping-evaluation lock
.DELETE_ON_ERROR:

run: .venv/run.stamp
	$(BIN)/mesher up

setup: .venv/dev.stamp node_modules/.stamp
	@scripts/require.sh browser
	@scripts/require.sh tracer

test: setup
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(PARALLEL) $(COVERAGE)

check: test

bench: .venv/dev.stamp
	$(BIN)/python benchmarks/all.py

chaos: setup
	CHAOS_MINUTES=$(or $(MINUTES),2) $(BIN)/pytest -s tests/chaos

fuzz: .venv/dev.stamp
	FUZZ_CASES=$(or $(CASES),100000) $(BIN)/pytest tests/fuzz

# Half of the time with ids of things that are there, half with any.
api-fuzz: .venv/dev.stamp
	API_FUZZ_SECONDS=$$(( $(or $(MINUTES),2) * 30 )) $(BIN)/pytest tests/api/test_document_holds.py

screenshots: setup
	SCREENSHOTS_FOLDER=build/screenshots $(BIN)/pytest $(PARALLEL) --dist=load tests/acceptance/test_walk.py
	cp build/screenshots/issues-light-1024.png docs/images/issues.png
	cp build/screenshots/issue-light-1024.png docs/images/issue.png
	cp build/screenshots/dashboard-dark-1024.png docs/images/dashboard.png

# A stamp is newer than the pins that it stands for; a changed pin installs again.
.venv/run.stamp: requirements/run.txt pyproject.toml
	@scripts/require.sh python "$(PYTHON)"
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(PIP_INSTALL) --require-hashes -r requirements/run.txt
	$(PIP_INSTALL) --no-build-isolation -e .
	touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

node_modules/.stamp: package-lock.json
	@scripts/require.sh node
	npm ci --silent
	touch $@

# uv resolves for every platform at once and leaves pins alone that still fit; delete a file to move
# to the newest versions. The build backend is pinned too, so that nothing installs unhashed.
# Nothing that is written names the index that was asked: no --emit-index-url, and .npmrc.
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header

grouping-evaluation: .venv/dev.stamp
	WRITE_GROUPING_EVALUATION=1 $(BIN)/pytest -q tests/grouping/test_evaluation.py

access-table: .venv/dev.stamp
	WRITE_ACCESS_TABLE=1 $(BIN)/pytest -q tests/api/test_access.py -k document

lock: .venv/dev.stamp
	$(UV_COMPILE) pyproject.toml --group build --output-file requirements/run.txt
	$(UV_COMPILE) pyproject.toml --group build --group dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt
	npm install --package-lock-only --silent
