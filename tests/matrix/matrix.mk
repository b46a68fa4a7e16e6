# The compatibility matrix; included by the Makefile. See tests/matrix/run.sh for
# the variables that narrow it down.

.PHONY: test-matrix
test-matrix:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory programs $(BUILD)/tests/cases
	@tests/matrix/run.sh $(BUILD)/tests/cases $(BIN)
