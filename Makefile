# The commands of this project; `make help` prints the lines that begin with "##".

##   make run                            Start Flack, with everything that it needs
##   make manage CMD="createuser susan"  Run a command of manage.py on the Flack that make run started
##   make check                          Lint Python, check types, run the unit and API tests
##   make test                           Lint everything, and run every test
##   make lint                           Lint everything, check types, look for known vulnerabilities
##   make audit                          Run the tests that attack Flack; count the attacks by class
##   make contract URL=http://...        Run the contract suite against any server
##   make fuzz EXAMPLES=500              Send requests made from the API's schema, valid and invalid
##   make faults                         Kill each process under load; count what is lost
##   make soak MINUTES=60 SPEED=1        Let people come and go; fail if anything grows
##   make bench                          Measure Flack beside other servers; FLASK_URL= adds Flask's
##   make people SOCKETS=20000 SECONDS=300
##                                       Hold idle sockets of signed-in users; fail if one is offline
##   make contestants                    Install what the contestants on Flask need
##   make compare QUICK=1                Start, check and measure every contestant; write a report
##   make lock                           Update the locked versions within pyproject.toml's ranges

BIN := .venv/bin
JS := tests/browser
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0
unexport DJANGO_SETTINGS_MODULE PYTHONSAFEPATH PYTHONDONTWRITEBYTECODE

# Create .venv anew if it was moved, copied, left without its Python or created only half.
ifneq ($(wildcard .venv/pyvenv.cfg),)
USABLE := $(shell grep -qF " $$(cd .venv && pwd -P)" .venv/pyvenv.cfg \
	&& .venv/bin/python -c "import pip" 2>/dev/null && echo yes)
ifneq ($(USABLE),yes)
$(info Creating .venv anew: it was moved, or is incomplete)
$(shell rm -f .venv/bin/python .venv/*-stamp)
endif
endif

# A failed "run" or "manage" ends in its own sentence, and status 1. After any other failed recipe make
# prints a line; it does not in question mode, where only recipes with a "+" run.
ifneq ($(filter run manage,$(MAKECMDGOALS)),)
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
MAKEFLAGS += --question
ALWAYS := +
endif
endif

.PHONY: help run manage check test test-unit test-rest test-contestants audit contract fuzz lint \
	lint-python bench people compare contestants faults soak lock programs

help:
	@sed -n 's/^##   //p' Makefile

run: .venv/run-stamp
	$(ALWAYS)@exec $(BIN)/python -m flack_project.launcher.stack

manage: export VAR ?= var
manage: export UNDER_MAKE := 1
manage: .venv/run-stamp
	$(ALWAYS)@test -e "$$VAR/run.env" \
		|| { echo "No Flack runs on the data in $$VAR: start it with make run." >&2; exit 1; }; \
	set -a; . "$$(cd "$$VAR" && pwd)/run.env"; exec $(BIN)/python manage.py $(CMD)

# The quick answer while you write: no browser, no npm, no network. The longest part comes first.
check: .venv/test-stamp
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target \
		test-chat test-api lint-python test-content

PYTEST = $(BIN)/python -m pytest --quiet
test-unit: test-chat test-content test-api

# Six at a time, on two cores too, because most wait for other processes. Those that are longest or
# wait most come first; test-contestants does not start together with test-rest, as both run the
# contract suite many times.
JOBS ?= 6
test:
	@$(MAKE) --no-print-directory --jobs 2 .venv/test-stamp contestants $(JS)/node_modules
	@$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync=target test-rest test-browser \
		test-flack_project test-site test-postgresql test-chat test-stack test-people \
		test-contestants lint test-content test-api

FOLDERS := stack browser flack_project chat api
# What would take too long in the process of its folder, and shares no fixture with the rest of it.
CONTENT := tests/chat/content
SITE := $(addprefix tests/stack/test_,$(addsuffix .py,\
	starting production upgrade valkey api_docs examples schema watching))
PEOPLE := $(addprefix tests/browser/test_,$(addsuffix .py,\
	people never_lose_a_word late_answers writing reading two_people))
COMPARED := tests/comparison/test_contestants.py
# Each has a stack that no other test uses: on SQLite with a slow clock, and on PostgreSQL, on which
# the contract suite runs beside the first.
POSTGRESQL := tests/stack/test_faults.py tests/stack/postgresql
OTHERS := $(CONTENT) $(SITE) $(PEOPLE) $(POSTGRESQL)
$(FOLDERS:%=test-%): test-%: .venv/test-stamp
	$(PYTEST) tests/$* $(patsubst %,--ignore %,$(filter tests/$*/%,$(OTHERS)))

test-content: .venv/test-stamp
	$(PYTEST) $(CONTENT)

test-site: .venv/test-stamp
	$(PYTEST) $(SITE)

test-postgresql: .venv/test-stamp
	$(PYTEST) $(POSTGRESQL)

test-people: .venv/test-stamp
	$(PYTEST) $(PEOPLE)

test-contestants: .venv/test-stamp contestants
	$(PYTEST) $(COMPARED)

test-rest: .venv/test-stamp
	$(PYTEST) $(FOLDERS:%=--ignore tests/%) --ignore $(COMPARED)

EXAMPLES ?= 100
fuzz: .venv/test-stamp
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -s tests/stack/test_schema.py

# The tests that attack, and how many attacks were tried and got through, by class.
audit: .venv/test-stamp | programs
	$(BIN)/python -m pytest -q -p tests.audit -m attack --no-header

contract: .venv/test-stamp
	@$(BIN)/python -m comparison.contract $(if $(URL),--url "$(URL)") \
		$(if $(SAME_ONLY),--same-only) $(if $(PREVIEW_PORT),--preview-port $(PREVIEW_PORT))

lint: lint-python $(JS)/node_modules
	npm --prefix $(JS) run --silent lint
	$(BIN)/python -m tests.advisories

lint-python: export DATABASE_URL := sqlite://:memory:
lint-python: export SECRET_KEY := nothing-is-signed-by-it-but-check-wants-fifty-characters
lint-python: .venv/test-stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python manage.py makemigrations --check
	FLACK_TLS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

PEERS := comparison/peers
bench: .venv/test-stamp $(PEERS)/node_modules
	$(BIN)/python -m comparison.bench
	$(if $(ROWS),,$(BIN)/python -m tests.browser.long_log)

people: export SOCKETS ?= 20000
people: export SECONDS ?= 300
people: .venv/test-stamp
	$(BIN)/python -m comparison.bench.people

CONTESTANTS := comparison/contestants
contestants: $(CONTESTANTS)/flask/.venv/stamp

compare: .venv/test-stamp contestants $(PEERS)/node_modules
	@$(BIN)/python -m comparison.compare

faults: .venv/test-stamp
	$(BIN)/python -W ignore -m tests.faults

soak: export MINUTES ?= 60
soak: export SPEED ?= 1
soak: .venv/test-stamp
	$(BIN)/python -W ignore -m tests.soak

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--upgrade --custom-compile-command "make lock"
lock: .venv/test-stamp
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --group run -c requirements.txt -o requirements-run.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) --group pip -o requirements-pip.txt
	$(LOCK) $(CONTESTANTS)/flask/requirements.in -c requirements.txt -o $(CONTESTANTS)/flask/requirements.txt
	$(LOCK) $(CONTESTANTS)/flask_tuned/requirements.in -c requirements.txt \
		-c $(CONTESTANTS)/flask/requirements.txt -o $(CONTESTANTS)/flask_tuned/requirements.txt

# Each is tried: a pyenv shim may stand for a version that is not there, and Debian splits venv off.
.venv/bin/python:
	$(ALWAYS)@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
		$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& exec $$python -m venv --clear .venv; \
	done; \
	echo "Flack needs Python 3.11 or later with venv (on Debian python3-venv too); PYTHON= names one." >&2; \
	exit 1

.venv/pip-stamp: requirements-pip.txt | .venv/bin/python
	@$(BIN)/pip install --quiet --no-compile --require-hashes -r $<
	@touch $@

.venv/run-stamp: requirements.txt requirements-run.txt | .venv/bin/python
	$(ALWAYS)@echo "Installing what Flack needs into .venv; this takes about half a minute"
	$(ALWAYS)@$(BIN)/pip install --quiet --require-hashes -r requirements.txt -r requirements-run.txt
	$(ALWAYS)@touch $@

# uv takes a sixth of pip's time. It reads no pip.conf: where that has to name the index, uv fails
# and pip installs, which says what is wrong if that fails too.
define install
@$(BIN)/uv pip install --quiet --python $(1) --require-hashes $(2) 2>/dev/null \
	|| $(BIN)/pip --python $(1) install --quiet --no-compile --require-hashes $(2)
endef

# What the tests import is compiled by the first import, which is here, as six processes of pytest
# would each compile it.
.venv/test-stamp: requirements.txt requirements-run.txt requirements-dev.txt | .venv/pip-stamp
	@echo "Installing what Flack and its tests need into .venv; this takes a few seconds"
	$(call install,$(BIN)/python,-r requirements.txt -r requirements-run.txt -r requirements-dev.txt)
	@SECRET_KEY=of-no-server-only-to-import-the-modules DATABASE_URL=sqlite://:memory: \
		$(BIN)/python -c "import celery.bin.celery, flack_project.asgi, playwright.sync_api, tests.conftest"
	@touch .venv/run-stamp $@

$(JS)/node_modules $(PEERS)/node_modules: %/node_modules: %/package-lock.json | programs
	@npm --prefix $* ci --silent
	@touch $@

# One environment of the contestants on Flask, which shares the Python and the pip of this project. The
# tuned one needs what the documented one needs, and three packages more.
$(CONTESTANTS)/flask/.venv/stamp: $(CONTESTANTS)/flask_tuned/requirements.txt | .venv/pip-stamp
	@echo "Installing what the contestants on Flask need"
	@$(BIN)/python -m venv --clear --without-pip $(@D)
	$(call install,$(@D)/bin/python,-r $<)
	@touch $@

# What only the system's package manager has: a browser, and npm for the tools that check the page.
# Chromium without its window is preferred: in the tests it uses less than half of the CPU time.
APT := apt-get -qq -o Dpkg::Use-Pty=0
BROWSERS := chromium-headless-shell chromium
programs:
	@missing= sudo=; \
	for either in "$(BROWSERS)" npm; do \
		found=; for program in $$either; do command -v $$program >/dev/null && found=yes; done; \
		test -n "$$found" || missing="$$missing $${either%% *}"; \
	done; \
	test -z "$$missing" && exit; \
	echo "Installing$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	test $$(id -u) = 0 || sudo="sudo -n"; \
	install() { $$sudo $(APT) install -y --no-install-recommends "$$@" >/dev/null; }; \
	$$sudo $(APT) update && { install $$missing || install chromium npm; } \
		|| { echo "The tests need$$missing: install that, for instance by apt as root, then try again."; exit 2; }
