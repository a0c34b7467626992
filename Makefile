# `make demo` and `make test` each do all of their own set-up: a .venv from the pins of requirements.lock, remade when they change.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.pins

.PHONY: setup demo test test-long attack typed lint docs bench runtime quality lock clean

setup: $(STAMP)

$(STAMP): requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("this project needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/zoo demo

# Two processes, a file each at a time; of the contract tests a family (tests/conftest.py).
test: setup
	$(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

# Clusters, Ray, and workers that are killed: some minutes more.
test-long: setup
	$(BIN)/pytest -m long

# Damage of every kind, kills and full disks (WHAT="kills disks": only those); the counts go into docs/security.md.
attack: setup
	$(BIN)/python -m tests.attack $(WHAT) --write --times $(or $(TIMES),1) --seed $(or $(SEED),0)

# What reads the source finds training/, export/ and cli/ where they are installed by a tree of links.
typed:
	rm -rf build/typed && mkdir -p build/typed/zoo
	ln -s $(CURDIR)/zoo/* $(CURDIR)/training $(CURDIR)/export $(CURDIR)/cli build/typed/zoo/

lint: setup typed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site, in build/site/index.html. Warnings, as of a link that leads nowhere, are errors.
docs: setup typed
	$(BIN)/zensical build --clean --strict

# Takes the pictures of ../shared/data (DATA=elsewhere).
quality: setup
	$(BIN)/python -m benchmarks.quality $(if $(DATA),--data $(DATA))

# A second wheel, keras-image-zoo-runtime: the same commands without Keras and TensorFlow, for who only applies models.
runtime: setup
	$(BIN)/python -m release.runtime_wheel --out dist

bench: setup
	$(BIN)/python -m benchmarks

# Needs uv. The bounds keep out a release that is for Python 3.10 and older only, and one that is for macOS alone;
# tensorflow-serving-api asks for tensorflow-cpu beside tensorflow, whose files it would overwrite: the lock leaves it out, and is
# installed as it stands.
lock:
	printf '%s\n' 'backports-strenum<1.3' 'c2pa-python!=0.38.2' | uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --no-annotate --no-header --generate-hashes \
		--constraint - --no-emit-package tensorflow-cpu --output-file requirements.lock

clean:
	rm -rf .venv build .cache *.egg-info .pytest_cache .mypy_cache .ruff_cache
