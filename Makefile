# `make` alone lists what there is. All that is made goes to .venv, build and models, and none of it into version
# control. Every step looks, by content, whether its inputs changed, and does nothing where they did not.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.ONESHELL:
.PHONY: help setup knowledge model pages chat test evaluate screenshots lock clean

BIN := .venv/bin
LOCK := requirements-dev.lock
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --python-version 3.10 --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --custom-compile-command 'make lock' --extra sentence-model

# What a trained model depends on; the part of it that is code decides whether Rasa may use its cache of components.
CODE := bot/__init__.py bot/nlu data/safety/examples knowledge/vectors.py requirements.lock
TRAINED_FROM := config.yml bot/domain data $(CODE)

# One line a file, in one order: the same whatever the clock and the folder.
digest = find $(1) -type f -not -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12

# Rasa's complaints without the deprecation notices of what it is made of.
what_rasa_said = sed -nE 's/.* UserWarning: /  Warning: /p; /ERROR/p; /Exception|Error: /,$$p' $(1) >&2; \
	echo "Rasa found something wrong; all that it said is in $(1)." >&2

export RASA_TELEMETRY_ENABLED := false
# Python's compiled files are kept: without them every start takes ten seconds longer.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONUNBUFFERED := 1
export TF_CPP_MIN_LOG_LEVEL := 3
# The certificates that this machine trusts, as pip has it.
export UV_SYSTEM_CERTS := 1

help: ## list what make can do
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## make .venv and install the locked packages, when the lock or pyproject.toml changed
	@
	fail() { echo "$$1" >&2; exit 1; }
	is_3_10() { "$$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; }
	state=$$(cat $(LOCK) pyproject.toml | sha256sum)
	if is_3_10 $(BIN)/python && [ "$$(cat .venv/state 2>/dev/null)" = "$$state" ]; then exit 0; fi
	[ "$$(uname -sm)" = "Linux x86_64" ] || fail "The locked packages are for Linux on x86_64, and this is $$(uname -sm)."
	if ! is_3_10 $(BIN)/python; then
		python=
		for candidate in $(PYTHON) python3.10 python3 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.10.*/bin/python3.10; do
			if is_3_10 "$$candidate"; then python=$$candidate; break; fi
		done
		[ "$$python" ] || fail "Python 3.10 is needed and was not found: install it, or say where it is with make PYTHON=..."
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || fail "Python's venv module is missing: apt install python3.10-venv"
		"$$python" -m venv --clear .venv
	fi
	echo "Installing the locked packages into .venv (1 GB to fetch the first time)"
	awk '/^[a-z]/ { wanted = /^(setuptools|uv|wheel)==/ } wanted' $(LOCK) > .venv/first.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r .venv/first.lock
	$(BIN)/uv pip sync --python .venv --no-build-isolation --require-hashes $(LOCK) 2>&1 \
		| sed -E '/^( [-+~] |Using|Resolved|Prepared|Installed|Uninstalled| *Built| *Building| Downloaded|Downloading .*\([0-9]\.)/d'
	$(BIN)/uv pip install --python .venv --quiet --no-build-isolation --no-deps --editable .
	echo "$$state" > .venv/state

knowledge: setup ## check the content and publish it, when it changed
	@
	$(BIN)/knowledge prepare > /dev/null
	$(BIN)/knowledge build --if-changed

model: knowledge ## train the assistant, when what it learns from changed
	@
	model=models/help-$$($(call digest,$(TRAINED_FROM))).tar.gz
	export RASA_CACHE_DIRECTORY=.rasa/cache-$$($(call digest,$(CODE)))
	if [ -e "$$model" ]; then touch "$$model"; exit 0; fi
	echo "Training the assistant, some minutes"
	mkdir -p build/training models
	find .rasa -maxdepth 1 -name 'cache-*' -not -path "$$RASA_CACHE_DIRECTORY" -exec rm -r {} + 2>/dev/null || true
	if ! $(BIN)/rasa train --domain bot/domain --data data --out build/training --fixed-model-name new 2>&1 \
		| tee build/training.log | sed -un "s/.*Starting to train component '\(.*\)'.*/  \1/p; s/.* UserWarning: /  Warning: /p"
	then
		$(call what_rasa_said,build/training.log)
		exit 1
	fi
	mv build/training/new.tar.gz "$$model"
	ls -t models/help-*.tar.gz | tail -n +4 | xargs -r rm

pages: ## make the style of the pages, when it changed
	@
	fail() { echo "$$1" >&2; exit 1; }
	command -v npm > /dev/null || fail "npm is missing, which the pages are made with: apt install nodejs npm"
	node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
		|| fail "The pages are made with Node.js 20.19 or newer, and this is $$(node --version)."
	state=$$(cat package.json package-lock.json | sha256sum)
	if [ "$$(cat node_modules/state 2>/dev/null)" != "$$state" ]; then
		echo "Installing what the pages are made with"
		npm ci --ignore-scripts --silent || fail "npm could not install it: npm ci --ignore-scripts says why."
		echo "$$state" > node_modules/state
	fi
	state=$$($(call digest,bot/pages/assets/*.scss package-lock.json))
	if [ -e build/pages/site.css ] && [ "$$(cat build/pages.state 2>/dev/null)" = "$$state" ]; then exit 0; fi
	mkdir -p build/pages
	node_modules/.bin/sass --style=compressed --no-source-map --no-error-css --load-path=node_modules \
		bot/pages/assets/site.scss build/pages/site.css
	echo "$$state" > build/pages.state

chat: model pages ## serve the assistant at http://localhost:8000
	@exec $(BIN)/help-assistant

test: model pages ## check everything: style, types, Rasa's data and the tests
	@
	echo "Checking style, types and Rasa's data"
	$(BIN)/ruff check --output-format concise
	$(BIN)/ruff format --check
	$(BIN)/mypy
	if ! $(BIN)/rasa data validate --domain bot/domain --data data --fail-on-warnings > build/validation.log 2>&1 \
		|| grep -q ' UserWarning: ' build/validation.log
	then
		$(call what_rasa_said,build/validation.log)
		exit 1
	fi
	$(BIN)/pytest --quiet

evaluate: model ## measure how good it is, and write docs/evaluation (FRESH=1: with the sealed questions)
	@exec $(BIN)/python -m tests.evaluation --write $(if $(FRESH),--fresh)

screenshots: model pages ## take the pictures in docs/pictures of every state of the pages
	@
	echo "Taking pictures, about two minutes"
	exec $(BIN)/python -m tests.browser.screenshots docs/pictures

lock: setup ## write the locks anew from pyproject.toml (UPGRADE=1: with the newest versions)
	@
	$(COMPILE) --extra dev $(if $(UPGRADE),--upgrade) --output-file $(LOCK) > /dev/null
	cp $(LOCK) requirements.lock # uv keeps to the versions that it finds in the file it is to write
	$(COMPILE) --output-file requirements.lock > /dev/null

clean: ## remove all that was made: .venv, build with its conversations, models, caches
	@rm -rf .venv build node_modules models results .rasa .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
