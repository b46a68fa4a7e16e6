# dbsync: mysql2pgsql and pgsql2pgsql.
#
#   make            both programs, into bin/
#   make demo       a sample migration on throw-away servers
#   make test       every test that needs MariaDB and PostgreSQL only
#   make deb        a Debian package, into build/deb/
#   make SAN=address,undefined test     the same under sanitizers (also SAN=thread)
#
# One non-recursive Makefile. Each folder becomes a static library, so a
# dependency in the wrong direction fails at link time.

VERSION := $(shell cat share/VERSION)
PREFIX  ?= /usr/local
DESTDIR ?=
CXX     ?= g++
AR      := ar

# Compilers at once, for the targets that a newcomer calls without -j.
JOBS    ?= $(shell nproc)
SAN     ?=
comma   := ,
BUILD   ?= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
BIN     := $(if $(SAN),$(BUILD)/bin,bin)

PKGS      := libpq inih fmt
MYSQL_PKG ?= mysqlclient
# Of mysql2pgsql alone: compressed events of the binlog.
BINLOG_PKGS := zlib libzstd

# -Wrestrict: g++ 12 raises it falsely on std::string (GCC bug 105651).
WARN     := -Wall -Wextra -Wno-restrict -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor $(if $(CI),-Werror)
HARDEN   := $(if $(SAN),,-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE)
OPT      := $(if $(SAN),-O1 -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all,-O2)
# System headers of the libraries are not ours to warn about: -isystem.
PKGFLAGS  = $(subst -I,-isystem ,$(shell pkg-config --cflags $(PKGS)))
MYSQLFLAGS = $(subst -I,-isystem ,$(shell pkg-config --cflags $(MYSQL_PKG) $(BINLOG_PKGS)))
CXXFLAGS ?= -g1
ALL_CXXFLAGS = -std=c++20 $(OPT) $(CXXFLAGS) $(WARN) $(HARDEN) -pthread -MMD -MP \
               -Icommon -I$(BUILD)/gen $(PKGFLAGS)
LDFLAGS  ?=
ALL_LDFLAGS = -pthread $(if $(SAN),-fsanitize=$(SAN),-pie -Wl,-z,relro,-z,now) $(LDFLAGS)
LIBS      = $(shell pkg-config --libs $(PKGS))
MYSQLLIBS = $(shell pkg-config --libs $(MYSQL_PKG) $(BINLOG_PKGS))

# ---------------------------------------------------------------- libraries
# In link order: each may use those to its right.
COMMON := run check verify follow copy cdc status pg schema format config base
MODULES := $(addprefix common/,$(COMMON))

lib_of  = $(BUILD)/lib/lib$(subst /,_,$(1)).a
objs_of = $(patsubst %.cpp,$(BUILD)/obj/%.o,$(sort $(wildcard $(1)/*.cpp)))

COMMON_LIBS := $(foreach m,$(MODULES),$(call lib_of,$(m)))
# Everything of a program but its main, so that unit tests can link it.
M2P_LIB := $(BUILD)/lib/libmysql2pgsql.a
objs_of_program = $(filter-out %/main.o,$(foreach d,$(1) $(patsubst %/.,%,$(wildcard $(1)/*/.)),$(call objs_of,$(d))))
M2P_OBJ := $(call objs_of_program,mysql2pgsql)
P2P_LIB := $(BUILD)/lib/libpgsql2pgsql.a
P2P_OBJ := $(call objs_of_program,pgsql2pgsql)

.PHONY: all programs test test-unit test-tools bench fuzz lint format golden demo test-matrix torture man install clean deps
.DEFAULT_GOAL := all
all: deps
	@+$(MAKE) --no-print-directory -j$(JOBS) programs

programs: $(BIN)/mysql2pgsql $(BIN)/pgsql2pgsql

# Installs what is missing through apt; silent when nothing is.
deps:
	@share/install-deps.sh build

define module_rule
$(call lib_of,$(1)): $(call objs_of,$(1))
endef
$(foreach m,$(MODULES),$(eval $(call module_rule,$(m))))
$(M2P_LIB): $(M2P_OBJ)
$(P2P_LIB): $(P2P_OBJ)

$(BUILD)/lib/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

# The SQL of share/sql becomes C++ string constants: share/sql/a_b.sql -> sql::a_b.
SQL_FILES := $(sort $(wildcard share/sql/*.sql))
$(BUILD)/gen/embedded_sql.h: share/embed-sql.sh $(SQL_FILES)
	@mkdir -p $(@D)
	share/embed-sql.sh $(SQL_FILES) > $@.tmp && mv $@.tmp $@

$(BUILD)/gen/version.h: share/VERSION
	@mkdir -p $(@D)
	@printf '#pragma once\nnamespace dbsync { inline constexpr char kVersion[] = "%s"; }\n' '$(VERSION)' > $@

GENERATED := $(BUILD)/gen/embedded_sql.h $(BUILD)/gen/version.h

$(BUILD)/obj/mysql2pgsql/%.o: ALL_CXXFLAGS += -I. $(MYSQLFLAGS)
$(BUILD)/obj/pgsql2pgsql/%.o: ALL_CXXFLAGS += -I.
$(BUILD)/obj/tests/%.o: ALL_CXXFLAGS += -I. $(MYSQLFLAGS)

$(BUILD)/obj/%.o: %.cpp Makefile | $(GENERATED)
	@mkdir -p $(@D)
	$(CXX) $(ALL_CXXFLAGS) -c $< -o $@

$(BIN)/mysql2pgsql: $(BUILD)/obj/mysql2pgsql/main.o $(M2P_LIB) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(MYSQLLIBS) $(LIBS)

$(BIN)/pgsql2pgsql: $(BUILD)/obj/pgsql2pgsql/main.o $(P2P_LIB) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# -------------------------------------------------------------------- tests
UNIT_OBJ  := $(call objs_of,tests/unit) $(call objs_of,tests/golden)
CASES_OBJ := $(call objs_of,tests/harness) $(call objs_of,tests/cases)
TESTS     := $(BUILD)/tests/unit $(BUILD)/tests/replay $(BUILD)/tests/cases
GTEST      = $(shell pkg-config --libs gtest gmock)

$(BUILD)/tests/unit: $(UNIT_OBJ) $(M2P_LIB) $(P2P_LIB) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(GTEST) $(MYSQLLIBS) $(LIBS)

$(BUILD)/tests/cases: $(CASES_OBJ) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(GTEST) $(MYSQLLIBS) $(LIBS)

test:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) programs $(TESTS)
	@DBSYNC_BIN=$(BIN) tests/run.sh lint $(TESTS)

test-unit:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/tests/unit
	@DBSYNC_BIN=$(BIN) tests/run.sh $(BUILD)/tests/unit

# The long forms of tests that make test holds in short: 100 kills over 5,000,000
# rows, a target that stalls for 90 s or refuses connections for 30 s; 200 kills, 20 crashes of the target, 20
# restarts of a MySQL source and 50 cuts of tasks that follow; 30 kills of loads into tables with keys. About two hours.
torture:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) programs $(BUILD)/tests/cases
	@DBSYNC_BIN=$(BIN) DBSYNC_KILLS=100 DBSYNC_KILL_TABLES=20 DBSYNC_KILL_ROWS=100000 DBSYNC_KILL_LONGEST=1000 \
	  DBSYNC_RUNBOOK_KILLS=30 DBSYNC_RUNBOOK_ROWS=20000 DBSYNC_STALL_SECONDS=90 DBSYNC_REFUSE_SECONDS=30 DBSYNC_CUT_ROUNDS=20 \
	  DBSYNC_MODEL_SEEDS=300 DBSYNC_TORTURE_KILLS=200 DBSYNC_TORTURE_CRASHES=20 DBSYNC_TORTURE_RESTARTS=20 DBSYNC_TORTURE_CUTS=50 DBSYNC_TORTURE_LARGE=1000000 DBSYNC_FOLLOW_KILLS=50 \
	  DBSYNC_LARGE_EVENT_MIB=400 DBSYNC_LARGE_LOG_MIB=4400 \
	  DBSYNC_STOPPED_RUNS=250 DBSYNC_OPERATOR_SECONDS=600 DBSYNC_OPERATOR_STEPS=14 \
	  GTEST_FILTER='Resume*:PgResume*:*GuardedKills*:PgGuards*:SakilaTest.TheOldRunbook*:Stall*:Faults*:FollowCopy.Killed*:FollowTorture*:BinlogTorture*:BinlogLarge*:ApplyModel*:*StoppedRuns*:*RandomOperator*' tests/run.sh $(BUILD)/tests/cases

# Rewrites the golden files from what the code prints now; review the diff.
golden:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) programs $(BUILD)/tests/unit $(BUILD)/tests/cases
	DBSYNC_BIN=$(BIN) DBSYNC_GOLDEN=rewrite tests/run.sh $(BUILD)/tests/unit $(BUILD)/tests/cases

lint:
	@tests/lint/self_test.sh
	@tests/lint/format.sh
	@tests/lint/run.sh
	@tests/lint/tidy.sh hot

format:
	@tests/lint/format.sh -i

demo:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) programs
	@DBSYNC_BIN=$(BIN) share/demo/demo.sh

# Manual pages: the options come from --help, the keys of my.cfg from its sample.
MAN := $(BUILD)/man/mysql2pgsql.1 $(BUILD)/man/pgsql2pgsql.1
MAN_DATE = $(shell sed -n 's/^ -- .*, \([0-9]* [A-Z][a-z]* [0-9]*\) .*/\1/p;T;q' share/debian/changelog)
$(BUILD)/man/%.1: share/man/%.1.in share/man/fill.awk share/debian/changelog share/VERSION my.cfg.sample $(BIN)/%
	@mkdir -p $(@D)
	$(BIN)/$* --help | awk -v version='$(VERSION)' -v date='$(MAN_DATE)' \
	    -v skip=$(if $(filter mysql2pgsql,$*),src.pgsql,src.mysql) -f share/man/fill.awk - my.cfg.sample $< > $@.tmp && mv $@.tmp $@

man: $(MAN)

# Completion for bash, from --help likewise.
COMPLETION := $(BUILD)/completion/mysql2pgsql $(BUILD)/completion/pgsql2pgsql
$(BUILD)/completion/%: share/completion/bash.awk $(BIN)/%
	@mkdir -p $(@D)
	$(BIN)/$* --help | awk -v program=$* -f share/completion/bash.awk > $@.tmp && mv $@.tmp $@

install: programs $(MAN) $(COMPLETION)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/dbsync/examples
	install -m 755 $(BIN)/mysql2pgsql $(BIN)/pgsql2pgsql $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(COMPLETION) $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 $(MAN) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 README.md CHANGELOG.md $(wildcard share/doc/*.md) $(DESTDIR)$(PREFIX)/share/doc/dbsync
	install -m 644 my.cfg.sample $(DESTDIR)$(PREFIX)/share/doc/dbsync/examples
	install -d $(DESTDIR)$(PREFIX)/share/doc/dbsync/examples/grants
	install -m 644 $(wildcard share/grants/*.sql) $(DESTDIR)$(PREFIX)/share/doc/dbsync/examples/grants

clean:
	rm -rf build bin

-include $(shell [ -d $(BUILD)/obj ] && find $(BUILD)/obj -name '*.d')

include tests/bench/bench.mk
include tests/fuzz/fuzz.mk
include tests/lint/tidy.mk
include tests/matrix/matrix.mk
include tests/greenplum/greenplum.mk
include share/debian/deb.mk
