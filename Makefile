# What people type.  `make` alone says what there is.
#
# Everything is installed below this directory: .venv (what runs), .tools (the installer, where there is none on PATH).
# Nothing is installed unless its hash stands in requirements/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# In the order of their dependencies.
PACKAGES := $(addprefix packages/,mailman-plugin-kit mailman-rest-events mailman-workflows mailman-pgp mailman-pgp-client django-pgpmailman)
VENV := .venv
TOOLS := .tools
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# All that decides what is installed; build.txt holds what builds it, where that is no wheel.
LOCKS := requirements/locked.txt requirements/build.txt \
    $(wildcard packages/*/pyproject.toml packages/*/hatch_build.py packages/*/package-lock.json)
# Comes by npm, where there is one; all but one part of the website's pages works without.
OPENPGP_JS := packages/django-pgpmailman/src/django_pgpmailman/static/django_pgpmailman/openpgp/openpgp.js
PYTEST := $(BIN)/python -m pytest
SANDBOX := .sandbox
ARGS ?=
# Set to anything, it has `make test` measure how much of the code the tests reach, which takes longer.
COVERAGE ?=

# Compiled bytecode makes a Mailman process start four times as fast; this variable would forbid it.
unexport PYTHONDONTWRITEBYTECODE
# The installer keeps to the Python found below and fetches none.
export UV_PYTHON_DOWNLOADS := never
# A cache on another file system than .venv is no reason for a warning.
export UV_LINK_MODE ?= copy

say = printf '\033[1m==> %s\033[0m\n' "$(1)"

.PHONY: help
help: ## Show this text
	@printf 'Encrypted mailing lists for GNU Mailman 3. What make can do:\n\n'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 20
	@printf '\nPYTHON=/path/to/python3.12 chooses the Python; ARGS="…" is passed on.\n'

# The Python to use, in the shell variable `python`: 3.11 or 3.12 with the modules `ensurepip` and `venv`.
define find_python
python=""; without_venv=""; \
for candidate in $(if $(PYTHON),"$(PYTHON)",python3.12 python3.11 python3); do \
    version="$$("$$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true)"; \
    case "$$version" in 3.11|3.12) ;; *) continue ;; esac; \
    if "$$candidate" -c 'import ensurepip, venv' 2>/dev/null; then python="$$candidate"; break; fi; \
    without_venv="$${without_venv:-$$version}"; \
done; \
if [ -z "$$python" ]; then \
    if [ -n "$$without_venv" ]; then \
        echo "Python $$without_venv is here, but its module venv is not. On Debian or Ubuntu: sudo apt install python3-venv (or python$$without_venv-venv)." >&2; \
    elif [ -n "$(PYTHON)" ]; then \
        echo "$(PYTHON) is not a Python 3.11 or 3.12, the versions that Mailman Core 3.3.10 runs on. Name another one: make … PYTHON=/path/to/python3.12" >&2; \
    else \
        echo "This needs Python 3.11 or 3.12, the versions that Mailman Core 3.3.10 runs on, and found neither. On Debian or Ubuntu: sudo apt install python3 python3-venv; or name one: make … PYTHON=/path/to/python3.12" >&2; \
    fi; \
    exit 1; \
fi
endef

# The installer, in the shell variable `uv`: the one on PATH, or our own.
define find_uv
uv="$$(command -v uv || true)"; \
if [ -z "$$uv" ]; then \
    uv="$(CURDIR)/$(TOOLS)/bin/uv"; \
    if ! cmp -s requirements/uv.txt $(TOOLS)/.installed || ! "$$uv" --version >/dev/null 2>&1; then \
        $(call say,Fetching the installer (uv) into $(TOOLS)); \
        rm -rf $(TOOLS); \
        "$$python" -m venv $(TOOLS); \
        $(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; \
        cp requirements/uv.txt $(TOOLS)/.installed; \
    fi; \
fi
endef

.PHONY: setup
setup: ## Install everything into .venv; done again only when what is locked has changed
	@want="$$(cat $(LOCKS) | sha256sum) $(abspath $(VENV))"; \
	version='import sys; print(sys.version_info[:2])'; \
	have="$$($(BIN)/python -c "$$version" 2>/dev/null || true)"; \
	if [ -n "$(PYTHON)" ] && [ "$$have" != "$$("$(PYTHON)" -c "$$version" 2>/dev/null || true)" ]; then have=""; fi; \
	if [ -n "$$have" ] && [ -e $(STAMP) ] && [ "$$(cat $(STAMP))" = "$$want" ] && \
	    { [ -e $(OPENPGP_JS) ] || ! command -v npm >/dev/null; }; then exit 0; fi; \
	$(find_python); \
	$(find_uv); \
	$(call say,Setting up $(VENV) with $$("$$python" --version); this takes a minute or two the first time); \
	rm -f $(STAMP); \
	case "$$have" in "(3, 11)"|"(3, 12)") ;; \
	    *) "$$uv" venv --quiet --clear --python "$$(command -v "$$python")" $(VENV) ;; \
	esac; \
	"$$uv" pip sync --python $(BIN)/python --require-hashes --build-constraints requirements/build.txt \
	    --compile-bytecode requirements/locked.txt; \
	"$$uv" pip install --quiet --python $(BIN)/python --no-deps --build-constraints requirements/build.txt \
	    $(addprefix --editable ,$(PACKAGES)); \
	printf '%s\n' "$$want" > $(STAMP); \
	if [ ! -e $(OPENPGP_JS) ]; then \
	    echo "OpenPGP.js is not there: npm is missing (Debian: apt install npm), or does not reach its registry. All works, but the" \
	        "website's pages don't show a key before it is sent, and the tests of that are skipped."; \
	fi; \
	$(call say,Ready)

.PHONY: demo
demo: setup ## Show an encrypted list at work, on a real Mailman, and end
	@$(BIN)/python -m mailman_pgp.sandbox.demo

.PHONY: serve
serve: setup ## A Mailman with its website left running (in .sandbox), with people to log in as
	@echo 'Starting Mailman and its website; this takes half a minute the first time.'; \
	$(BIN)/python -m django_pgpmailman.sandbox serve --dir $(SANDBOX) $(ARGS) | $(BIN)/python -m mailman_pgp.cli.whatnext

.PHONY: pictures
pictures: setup ## Take the pictures of the README anew (in docs/pictures), with Chromium
	@$(BIN)/python docs/pictures/take.py

# Tests run side by side, each worker with a Mailman (and a PostgreSQL) of its own; a file stays with one worker.  Files are
# taken in the order given, not those with the most tests first: what takes longest are files of few.
WORKERS := --numprocesses=2 --dist=loadfile --no-loadscope-reorder
ON_POSTGRESQL := MAILMAN_PGP_TEST_DATABASE_URL=postgresql PYTHONPATH=packages/mailman-pgp/tests $(PYTEST) $(WORKERS) -p only_database
# What `make test` tries on PostgreSQL: the tables and what reads and writes them, and posts through a whole Mailman.
SOON_ON_POSTGRESQL := $(foreach name,post recovery,tests/e2e/test_$(name).py) \
    $(foreach name,model keys delivery posts,packages/mailman-pgp/tests/$(name)) \
    packages/mailman-rest-events/tests/outbox packages/mailman-workflows/tests

.PHONY: test
test: setup ## Run the tests: on SQLite, and those of the tables on PostgreSQL too
	@$(call say,Tests of the tables$(,) on PostgreSQL); \
	$(ON_POSTGRESQL) -m "not deep" $(ARGS) $(SOON_ON_POSTGRESQL); \
	$(call say,All tests$(,) on SQLite); \
	rm -f .coverage .coverage.*; \
	$(PYTEST) $(WORKERS) -m "not deep" $(if $(COVERAGE),--cov --cov-report=) $(ARGS); \
	if [ -n "$(COVERAGE)" ]; then \
	    printf 'Coverage on SQLite, in percent: '; \
	    $(BIN)/coverage report --format=total; \
	fi

.PHONY: test-deep
test-deep: setup ## Run the slow and thorough tests, which `make test` leaves out
	@$(call say,All tests that use the database$(,) on PostgreSQL); \
	$(ON_POSTGRESQL) -m "not deep" $(ARGS); \
	$(call say,Deep tests); \
	$(PYTEST) $(WORKERS) -m deep $(ARGS)

# For how long, in seconds, in all.
FUZZ_SECONDS ?= 300
FUZZED := packages/mailman-pgp/tests/fuzz
.PHONY: fuzz
fuzz: setup ## Try changed messages on all that opens and reads them, for FUZZ_SECONDS
	@$(call say,Changed messages$(,) for $(FUZZ_SECONDS) seconds); \
	MAILMAN_PGP_FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTEST) --numprocesses=0 --timeout=0 -m deep $(ARGS) $(FUZZED)

# What is locked has the newest Django that Postorius takes; this one stands in its place.
OLDEST_DJANGO := .django
.PHONY: test-django
test-django: setup ## Run the tests of the website with the oldest Django that Postorius takes
	@$(find_python); \
	$(find_uv); \
	rm -rf $(OLDEST_DJANGO); \
	"$$uv" pip install --quiet --python $(BIN)/python --target $(OLDEST_DJANGO) --no-deps --require-hashes \
	    -r requirements/django.txt; \
	export PYTHONPATH="$(CURDIR)/$(OLDEST_DJANGO)"; \
	$(call say,Tests of the website$(,) with Django $$($(BIN)/python -m django --version)); \
	$(PYTEST) --numprocesses=0 -m "not deep" $(ARGS) packages/mailman-rest-events/tests/web packages/django-pgpmailman

.PHONY: bench
bench: setup ## Measure the speed; prints ratios of one run (see benchmarks/README.md)
	@$(BIN)/python benchmarks/post_path.py $(ARGS)

.PHONY: bench-large
bench-large: setup ## Measure what large posts cost beside their bytes, and what a second process of out is good for
	@$(BIN)/python benchmarks/large_posts.py $(ARGS)

.PHONY: bench-lists
bench-lists: setup ## Measure how the costs of a list grow with its members, up to 20,000
	@$(BIN)/python benchmarks/large_lists.py $(ARGS)

.PHONY: bench-events
bench-events: setup ## Measure what events cost (ARGS=--postgresql: there)
	@PYTHONPATH=packages/mailman-pgp/tests $(BIN)/python benchmarks/events.py $(ARGS)

.PHONY: bench-website
bench-website: setup ## Measure how late a website learns what happens in Mailman, with its events and without
	@PYTHONPATH=packages/mailman-rest-events/tests:tests/e2e $(BIN)/python benchmarks/freshness.py $(ARGS)

.PHONY: bench-pages
bench-pages: setup ## Measure what the website's pages cost for a list of 20,000 members; prints ratios of one run
	@PYTHONPATH=packages/mailman-rest-events/tests:packages/mailman-pgp/tests:tests/e2e $(BIN)/python benchmarks/pages.py $(ARGS)

.PHONY: lint
lint: setup ## Check style and types, as .ci/run does
	@$(call say,ruff); \
	$(BIN)/ruff check; \
	$(BIN)/ruff format --check; \
	$(call say,mypy); \
	$(BIN)/mypy

.PHONY: format
format: setup ## Bring the code into the common form
	@$(BIN)/ruff check --fix-only --quiet; \
	$(BIN)/ruff format

# The packages that have texts for people, from the folders of their translations.
TRANSLATED := $(foreach locale,$(wildcard packages/*/src/*/locale),$(firstword $(subst /src/, ,$(locale))))

# Without line numbers and dates, so that a change shows what was changed.  Django looks for catalogues by its own name.
.PHONY: translations
translations: setup ## Gather the texts for translators, and compile what they have written
	@babel="$(CURDIR)/$(BIN)/pybabel --quiet"; \
	for package in $(TRANSLATED); do \
	    name="$$(basename $$package | tr - _)"; \
	    case "$$name" in django_*) domain=django ;; *) domain="$$name" ;; esac; \
	    $(call say,Gathering the texts of $$name); \
	    cd "$(CURDIR)/$$package/src"; \
	    $$babel extract --mapping=../pyproject.toml --no-default-keywords --keyword=_ --keyword=N_ --keyword=Text \
	        --keyword=P_:1c,2 --keyword=pgettext:1c,2 --keyword=pgettext_lazy:1c,2 \
	        --no-location --omit-header --width=100 --output="$$name/locale/$$domain.pot" "$$name"; \
	    cd "$$name/locale"; \
	    for po in */LC_MESSAGES/"$$domain".po; do \
	        $(call say,$$po); \
	        $$babel update --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --width=100 \
	            --locale="$${po%%/*}" --input-file="$$domain.pot" --output-file="$$po"; \
	        $$babel compile --statistics --locale="$${po%%/*}" --input-file="$$po" --output-file="$${po%.po}.mo"; \
	    done; \
	done

.PHONY: lock
lock: ## Lock what pyproject.toml asks for (ARGS=--upgrade: the newest versions)
	@$(find_python); \
	$(find_uv); \
	compile() { "$$uv" pip compile -q --universal --generate-hashes --python-version 3.11 \
	    --no-emit-index-url --no-header $(ARGS) "$$@"; }; \
	$(call say,Locking; this asks the package index about each dependency); \
	compile --override requirements/overrides.txt --all-extras $(addsuffix /pyproject.toml,$(PACKAGES)) \
	    --group pyproject.toml:dev $(addprefix --no-emit-package ,$(notdir $(PACKAGES))) -o requirements/locked.txt; \
	compile requirements/build.in -o requirements/build.txt; \
	compile requirements/django.in -o requirements/django.txt; \
	compile requirements/uv.in -o requirements/uv.txt; \
	if command -v npm >/dev/null; then (cd packages/django-pgpmailman && npm install --package-lock-only --no-audit --no-fund); fi; \
	git diff --stat -- requirements packages/*/package-lock.json 2>/dev/null || true

, := ,
