# clang-tidy with the short list of .clang-tidy; included by the Makefile.
#
#   make tidy       every file of the product, about five minutes
#   make tidy-hot   the encoders, decoders and the apply path: what make lint and make
#                   test hold
#
# A file is looked at again when it or any header changed. tests/lint/tidy.sh is what
# calls them.

TIDY     ?= clang-tidy
TIDY_HOT := common/format common/cdc mysql2pgsql/row mysql2pgsql/binlog
TIDY_OBJ := $(foreach m,$(MODULES),$(call objs_of,$(m))) $(M2P_OBJ) $(P2P_OBJ) \
            $(BUILD)/obj/mysql2pgsql/main.o $(BUILD)/obj/pgsql2pgsql/main.o
TIDY_FLAGS = -std=c++20 $(filter-out -Wno-restrict,$(WARN)) -Icommon -I$(BUILD)/gen -I. $(PKGFLAGS) $(MYSQLFLAGS)

tidied = $(patsubst $(BUILD)/obj/%.o,$(BUILD)/tidy/%.ok,$(1))

.PHONY: tidy tidy-hot
tidy: $(call tidied,$(TIDY_OBJ))
tidy-hot: $(call tidied,$(foreach m,$(TIDY_HOT),$(call objs_of,$(m))))

# What it counts ("3 warnings generated") is of system headers, and goes to stderr.
$(BUILD)/tidy/%.ok: %.cpp .clang-tidy $(wildcard common/*/*.h mysql2pgsql/*/*.h pgsql2pgsql/*/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	@$(TIDY) --quiet $*.cpp -- $(TIDY_FLAGS) >$@.log 2>$@.err || { cat $@.log $@.err; exit 1; }
	@touch $@
