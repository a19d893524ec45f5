# Every target does the set-up that it needs; a second run is instant. `make help` lists them.
SHELL := /bin/bash
# Compiled once, not at every start: Rasa alone would compile for ten seconds each time.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV := $(shell command -v uv || echo .uv/bin/uv)
APP := .venv/bin
ARGS ?=
COMPILE = $(UV) pip compile -q --upgrade --generate-hashes --python-version 3.11 --no-header --no-emit-index-url

TRAINED_ON := domain.yml config.yml $(shell find data bot/assistant bot/language -name '*.yml' -o -name '*.py' 2>/dev/null)

.PHONY: help setup lock demo serve test lint audit train bench soak clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.stamp-app .venv-rasa/.stamp ## both environments from the locks

demo: setup models/grace.tar.gz ## the whole thing on the sample loan book (ARGS=--once ends after the transcripts)
	@$(APP)/python -m bot.cli demo $(ARGS)

serve: setup models/grace.tar.gz ## all processes on your own database; see README for settings
	@$(APP)/python -m bot.cli serve

test: .venv/.stamp-dev .venv-rasa/.stamp models/grace.tar.gz ## all tests
	$(APP)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/.stamp-dev .venv-rasa/.stamp ## ruff, mypy, import contracts, texts, training data
	$(APP)/ruff check .
	$(APP)/ruff format --check .
	$(APP)/mypy
	$(APP)/lint-imports
	@$(APP)/python -m bot.cli lint
	@./scripts/rasa data validate --fail-on-warnings > var/log/validate.log 2>&1 \
	  && echo "training data and rules are sound" || { grep -E 'UserWarning|ERROR|Error:' var/log/validate.log | grep -v 'is not used in any' | tail -20; exit 1; }

audit: .venv/.stamp-dev ## our code by bandit, the locks by pip-audit (which needs a network)
	$(APP)/bandit -q -r bot actions -c pyproject.toml -ll
	@for lock in app assistant; do \
	  $(APP)/pip-audit -r requirements/$$lock.txt --require-hashes --disable-pip --progress-spinner off \
	    $$(sed -n 's/^| \(CVE-[0-9-]*\) .*/--ignore-vuln \1/p' docs/security.md) > var/log/audit-$$lock.log 2>&1; status=$$?; \
	  if grep -qE 'ConnectionError|ServiceError|not found on PyPI|Max retries' var/log/audit-$$lock.log; then \
	    echo "$$lock: the advisory service is out of reach; see var/log/audit-$$lock.log"; \
	  elif [ $$status -ne 0 ]; then cat var/log/audit-$$lock.log; exit $$status; \
	  else echo "$$lock: nothing known besides what docs/security.md argues"; fi; done

train: models/grace.tar.gz ## the model, when anything that it is made of has changed

models/grace.tar.gz: $(TRAINED_ON) .venv-rasa/.stamp
	@echo "Training the assistant (a minute or two; log: var/log/train.log) …"
	@mkdir -p var/log models
	@./scripts/rasa train --skip-validation --out models --fixed-model-name new > var/log/train.log 2>&1 \
	  || { tail -30 var/log/train.log; exit 1; }
	@mv models/new.tar.gz $@ && touch $@

bench: .venv/.stamp-dev .venv-rasa/.stamp models/grace.tar.gz ## measured speed, side by side with the alternatives
	$(APP)/python -m bench $(ARGS)

soak: .venv/.stamp-dev .venv-rasa/.stamp models/grace.tar.gz ## ten minutes of 200 borrowers and 20 agents, processes killed (ARGS="--minutes 3")
	$(APP)/python -m bench.soak $(ARGS)

lock: $(UV) ## renew the locks
	$(COMPILE) --group app -o requirements/app.txt
	$(COMPILE) --group assistant --override requirements/assistant-overrides.txt -o requirements/assistant.txt
	$(COMPILE) --group dev -c requirements/app.txt -o requirements/dev.txt

clean: ## everything that was made
	rm -rf .venv .venv-rasa .uv var models

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Grace needs Python 3.11; set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Fetching uv …"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install -q --disable-pip-version-check uv

.venv/.stamp-app: requirements/app.txt | $(UV)
	@test -x $(APP)/python || $(UV) venv -q -p $(PYTHON) .venv
	@echo "Filling .venv …"
	@$(UV) pip sync -q --require-hashes -p $(APP)/python requirements/app.txt
	@rm -f .venv/.stamp-dev
	@mkdir -p var/log && touch $@

.venv/.stamp-dev: requirements/dev.txt requirements/app.txt | .venv/.stamp-app
	@$(UV) pip sync -q --require-hashes -p $(APP)/python requirements/app.txt requirements/dev.txt
	@touch .venv/.stamp-app $@

.venv-rasa/.stamp: requirements/assistant.txt | $(UV)
	@test -x .venv-rasa/bin/python || $(UV) venv -q -p $(PYTHON) .venv-rasa
	@echo "Filling .venv-rasa (about a gigabyte) …"
	@$(UV) pip sync -q --require-hashes -p .venv-rasa/bin/python requirements/assistant.txt
	@mkdir -p var/log && touch $@
