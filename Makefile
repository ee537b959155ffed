# make run                             starts all of Flack
# make manage CMD="createuser susan"   runs a command of manage.py beside it
# make test                            lints, then runs every test
# make audit                           attacks Flack, and counts what was tried and what got through
# make contract URL=http://…           holds any server to the contract
# make compare FLASK_URL=…             climbs load ladders with both versions, writes a report
# make bench                           measures Flack beside other servers; FLASK_URL= adds Flask's
# make fuzz EXAMPLES=500               asks a running Flack for whatever its schema allows, and not
# make faults                          kills each part under load, and counts what is lost
# make lock                            renews the versions that pyproject.toml's ranges allow

BIN := .venv/bin
JS := tests/browser
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run manage test test-parts test-whole audit contract fuzz lint bench compare faults lock programs

run: .venv/run-stamp
	@exec $(BIN)/python -m flack_project.launcher.stack

VAR ?= var
manage: .venv/run-stamp
	@test -e "$(VAR)/run.env" || { echo "No Flack runs on the data in $(VAR): start it by make run."; exit 2; }
	@set -a; . "$(abspath $(VAR))/run.env"; exec $(BIN)/python manage.py $(CMD)

# Two halves side by side: each of them waits most of its time.
WHOLE := tests/stack tests/flack_project
test: lint
	@$(MAKE) --no-print-directory --jobs 2 test-parts test-whole

test-parts:
	$(BIN)/python -m pytest $(WHOLE:%=--ignore %)

test-whole:
	$(BIN)/python -m pytest $(WHOLE)

EXAMPLES ?= 100
fuzz: .venv/test-stamp
	EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -s tests/stack/test_schema.py

# The tests that attack, and how many attacks were tried and got through, by class.
audit: .venv/test-stamp | programs
	$(BIN)/python -m pytest -q -p tests.audit -m attack --no-header

WIRE ?= json
contract: .venv/test-stamp
	@$(BIN)/python manage.py contract --url $(URL) --wire $(WIRE) \
		$(if $(SAME_ONLY),--same-only) $(if $(PREVIEW_PORT),--preview-port $(PREVIEW_PORT))

lint: .venv/test-stamp $(JS)/node_modules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check
	DATABASE_URL=sqlite://:memory: FLACK_TLS=1 SECRET_KEY=`$(BIN)/python -c \
		'import secrets; print(secrets.token_urlsafe(50))'` \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	DATABASE_URL=sqlite://:memory: SECRET_KEY=of-lint $(BIN)/python manage.py spectacular \
		--validate --fail-on-warn --file /dev/null
	npm --prefix $(JS) run --silent lint
	$(BIN)/python -m tests.advisories

PEERS := comparison/peers
bench: .venv/test-stamp $(PEERS)/node_modules
	$(BIN)/python -m comparison.bench

compare: .venv/test-stamp
	@$(BIN)/python -m comparison.compare

faults: .venv/test-stamp
	$(BIN)/python -W ignore -m tests.faults

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--upgrade --custom-compile-command "make lock"
lock: .venv/test-stamp
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

# Each is tried: a pyenv shim may stand for a version that is not there, and Debian splits venv off.
.venv/bin/python:
	@for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
		$$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& exec $$python -m venv .venv; \
	done; \
	echo "Flack needs Python 3.11 or later with venv (on Debian python3-venv too); PYTHON= names one."; \
	exit 2

.venv/run-stamp: requirements.txt | .venv/bin/python
	@echo "Installing what Flack needs into .venv"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/test-stamp: requirements-dev.txt .venv/run-stamp
	@echo "Installing what the tests need into .venv"
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

$(JS)/node_modules $(PEERS)/node_modules: %/node_modules: %/package-lock.json | programs
	@npm --prefix $* ci --silent
	@touch $@

# What only the system's package manager has: a browser, and npm for the tools that check the page.
APT := apt-get -qq -o Dpkg::Use-Pty=0
programs:
	@missing= sudo=; \
	for program in chromium npm; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	test -z "$$missing" && exit; \
	echo "Installing$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	test $$(id -u) = 0 || sudo="sudo -n"; \
	$$sudo $(APT) update && $$sudo $(APT) install -y --no-install-recommends $$missing >/dev/null \
		|| { echo "The tests need$$missing: install that, for instance by apt as root, then try again."; exit 2; }
