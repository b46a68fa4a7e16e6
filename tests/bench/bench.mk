# Benchmarks; included by the Makefile. Not part of make test: timings are
# compared as ratios of one run, never asserted.
#
#   make bench [BENCH_ROWS=3000000] [BENCH_RUNS=3]
#   make bench-binlog [BINLOG_TX=50000] [BINLOG_RUNS=1]

.PHONY: bench-binlog

BENCH_OBJ := $(call objs_of,tests/bench)

$(BUILD)/tests/bench: $(BENCH_OBJ) $(M2P_LIB) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs benchmark) $(MYSQLLIBS) $(LIBS)

bench:
	@share/install-deps.sh bench
	@+$(MAKE) --no-print-directory -j$(JOBS) programs $(BUILD)/tests/bench
	$(BUILD)/tests/bench
	@DBSYNC_BIN=$(BIN) tests/bench/end_to_end.sh
	@DBSYNC_BIN=$(BIN) tests/bench/verify.sh

# Changes that are followed, against what else follows: sysbench's, and large ones.
bench-binlog:
	@+$(MAKE) --no-print-directory -j$(JOBS) programs
	@DBSYNC_BIN=$(BIN) tests/bench/binlog.sh writes one latency large
