# Two commands do everything: `make demo` and `make test`. Both install what is missing first.
PYTHON ?= python3
RUN := .venv/bin/python

.PHONY: help setup demo test up down check fmt fuzz proof lock clean

help:
	@echo "make demo   run the crypto lakehouse on this machine (ARGS='--coins bitcoin --seed 7' for options)"
	@echo "make test   run all tests"
	@echo "make up     bring Airflow and Azure's stand-ins up in containers (docs/compose.md); make down ends them"
	@echo "make fuzz   a million random expressions against the expression language"
	@echo "make proof  all DAGs of up to 3 tasks and 2,000 random ones, against Airflow's own evaluator (a quarter of an hour)"
	@echo "make check  format, lint, types, import contracts"
	@echo "make clean  remove what the demo, the tests and the set-up left in this folder"

setup:
	@$(PYTHON) tools/setup.py

demo: setup
	@$(RUN) -m demo $(ARGS)

test: setup
	@$(RUN) -m pytest $(ARGS)

up:
	@sh docker/up.sh $(ARGS)

down:
	@docker compose down $(ARGS)

check: setup
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	.venv/bin/lint-imports

fmt: setup
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

fuzz: setup
	@$(RUN) -m tests.adf_lang.fuzz $(ARGS)

proof: setup
	@$(RUN) -m adf_proof $(ARGS)

lock:
	@uv pip compile -q pyproject.toml --group stack --constraints requirements.lock --universal --python-version 3.12 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -o docker/requirements.lock
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock

clean:
	rm -rf .venv .demo .local-azure .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
