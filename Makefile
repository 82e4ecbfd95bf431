# `make demo` and `make test` need only a Linux machine with Python 3.10 to 3.13 and a C++ compiler: no ROS, no GPU.
# Later runs start at once: the package is rebuilt only if its messages or build files have changed, and the Python
# sources are run from this folder.

PYTHON   ?= python3
PYTHON310 ?= python3.10
VENV     ?= .venv
DURATION ?= 20
SOURCE   ?=
ARGS     ?=
# Processes that run tests; at most 4, because tests that run nodes have time limits. 0: in the process of pytest, for -s and --pdb.
JOBS     ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))

# A sourced ROS installation conflicts with the ROS wheels of the environment.
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH ROS_DISTRO LD_LIBRARY_PATH PYTHONPATH PYTHONHOME
export PYTHONUNBUFFERED := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PY    := $(VENV)/bin/python
RUN   := PYTHONPATH="$(CURDIR)" $(PY)
STEP  := packaging/step
PINS  := packaging/constraints.txt
PIP   := $(PY) -m pip install --constraint $(PINS)
BUILD := $(filter-out %/__pycache__,$(wildcard msg/*.msg srv/*.srv packaging/*)) CMakeLists.txt package.xml pyproject.toml setup.py

TRAINED   := rmpsam_ros/models/rmpsam-lite0/model.yaml
UNTRAINED := rmpsam_ros/models/untrained-lite0/model.yaml
MODEL     := $(if $(wildcard $(TRAINED)),$(TRAINED),$(UNTRAINED))

.PHONY: help demo test test-humble install model clean
.DELETE_ON_ERROR:
# With -j, two pip processes would run at once in one environment.
.NOTPARALLEL:

help:
	@echo "make demo     run node, moving camera and viewer for DURATION=$(DURATION) seconds; SOURCE=image, folder, video, /dev/video0 or simulated"
	@echo "make test     run all tests, JOBS=$(JOBS) files at once; ARGS='-k name' selects some"
	@echo "make test-humble  run the tests that need neither ROS nor torch, with PYTHON310=$(PYTHON310) and the libraries of Ubuntu 22.04"
	@echo "make install  only create $(VENV) with PYTHON=$(PYTHON) and install the package into it"
	@echo "make model    create the untrained model folder, which is used if no trained one is bundled"
	@echo "make clean    remove $(VENV), build results, the untrained model and the demo's images"

demo: $(VENV)/installed $(MODEL)
	@$(RUN) -m rmpsam_ros.demo --duration $(DURATION) $(if $(SOURCE),--source "$(SOURCE)") $(ARGS)

test: $(VENV)/installed-torch $(VENV)/installed-test $(MODEL)
	@$(RUN) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

test-humble: $(VENV)-humble/installed
	@PYTHONPATH="$(CURDIR)" $(VENV)-humble/bin/python -m pytest -p no:cacheprovider $(ARGS)

$(VENV)-humble/installed: packaging/humble.txt
	@$(STEP) $(VENV)-humble/log/venv "Creating $(VENV)-humble with $$($(PYTHON310) --version)" $(PYTHON310) -m venv "$(VENV)-humble"
	@$(STEP) $(VENV)-humble/log/install "Installing the libraries of Ubuntu 22.04" $(VENV)-humble/bin/python -m pip install --requirement packaging/humble.txt
	@touch $@

install: $(VENV)/installed

model: $(MODEL)

$(PY):
	@$(PYTHON) packaging/check_machine.py
	@$(STEP) $(VENV)/log/venv "Creating $(VENV) with $$($(PYTHON) --version)" $(PYTHON) -m venv "$(VENV)"

$(VENV)/installed: $(BUILD) | $(PY)
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
		$(STEP) $(VENV)/log/pip "Adding pip to $(VENV)" $(PY) -m ensurepip && $(PY) -m pip --version >/dev/null 2>&1; } || { \
		echo "$(VENV) has no pip: make clean removes it, and the next make creates it again" >&2; exit 1; }
	@$(STEP) $(VENV)/log/install "Installing the package and ROS 2 into $(VENV) (about a minute)" $(PIP) ".[demo]"
	@$(PY) packaging/run_from_here.py
	@touch $@

$(VENV)/installed-torch: $(PINS) $(VENV)/installed
	@$(STEP) $(VENV)/log/torch "Installing torch, to create models (a few minutes)" $(PIP) "rmpsam-ros[torch]"
	@touch $@

$(VENV)/installed-test: $(PINS) $(VENV)/installed
	@$(STEP) $(VENV)/log/test "Installing the test tools" $(PIP) "rmpsam-ros[test]"
	@touch $@

# Torch is installed only for this step: the finished folder runs without it.
$(UNTRAINED): rmpsam_ros/export.py rmpsam_ros/graphs.py rmpsam_ros/model_folder.py | $(VENV)/installed
	@$(MAKE) --no-print-directory $(VENV)/installed-torch
	@PYTHONPATH="$(CURDIR)" $(STEP) $(VENV)/log/model "Creating an UNTRAINED model: its masks mean nothing" \
		$(PY) -m rmpsam_ros convert --untrained lite0 --out $(@D)
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-humble build install log dist demo _skbuild .pytest_cache __pycache__ $(dir $(UNTRAINED))
	find rmpsam_ros test launch packaging -name __pycache__ -prune -exec rm -rf {} +
