# C'est ma chance : tout se fait d'ici. « make help » dit quoi.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
VENV := .venv
BIN := $(VENV)/bin
# Quel Python prendre ; vide : le meilleur de la machine, de 3.11 à 3.13.
PYTHON ?=
# De quoi ne jouer que quelques tests : make test ARGS=tests/test_servers.py
ARGS ?=
# Un de plus que de processeurs : des tests attendent un autre programme.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)
export PYTHON

.PHONY: help setup run chat test check format browser bench lock clean

help: ## Affiche cette aide
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: $(VENV)/.test ## Installe tout, de quoi lancer et de quoi tester
	@echo "Tout est installé dans $(VENV)."

run: $(VENV)/.run ## Lance le robot et sa page (http://127.0.0.1:8080)
	@echo "Le robot démarre. Ctrl-C l’arrête."
	@$(BIN)/python -m bot serve

chat: $(VENV)/.run ## Parle au robot dans ce terminal
	@$(BIN)/python -m bot chat

test: $(VENV)/.test ## Joue tous les tests, avec de vrais PostgreSQL et Redis
	@echo "Tests (PostgreSQL et Redis démarrent tout seuls)…"
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/.test ## Vérifie la forme, les types, puis joue tous les tests
	@echo "Mise en forme…"
	@$(BIN)/ruff format --check . || { echo "« make format » remet en forme."; exit 1; }
	@echo "Règles d’écriture…"
	@$(BIN)/ruff check .
	@echo "Types…"
	@$(BIN)/mypy .
	@$(MAKE) test

format: $(VENV)/.test ## Remet le code en forme
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

browser: $(VENV)/.test ## Essaie les pages dans un vrai navigateur (Chromium)
	@tools/install_chromium.sh
	@echo "Pages dans Chromium…"
	@$(BIN)/python -m pytest tests/browser -p no:randomly -n0 $(ARGS)

bench: $(VENV)/.test ## Joue les mesures citées dans benchmarks/README.md
	@sed -n 's/.*\(benchmarks\/[a-z_]*\.py\).*/\1/p' benchmarks/README.md | awk '!seen[$$0]++' \
	| while read -r file; do echo "== $$file"; $(BIN)/python "$$file" </dev/null || exit 1; done

lock: ## Recalcule requirements/*.txt (il faut « uv »)
	@command -v uv >/dev/null || { echo "« uv » manque : pip install uv."; exit 1; }
	@echo "Versions pour lancer…"
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate pyproject.toml --extra build \
	  -o requirements/run.txt
	@echo "Versions pour tester…"
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate pyproject.toml --extra build --extra test \
	  -c requirements/run.txt -o requirements/test.txt

clean: ## Efface ce qui est installé et les caches ; var/ (les données) reste
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "C’est propre. Les données de var/ n’ont pas bougé."

$(VENV)/.run: requirements/run.txt pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) requirements/run.txt
	@touch $@

$(VENV)/.test: requirements/test.txt pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) requirements/test.txt
	@touch $@ $(VENV)/.run
