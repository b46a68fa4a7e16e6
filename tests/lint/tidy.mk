# clang-tidy with the short list of .clang-tidy; included by the Makefile.
#
#   make tidy       every file of the product, about five minutes at first
#   make tidy-hot   the encoders, decoders and the apply path: what make test holds
#
# A file is looked at again when its object file is newer, that is when it or one of its
# headers changed. tests/lint/tidy.sh is what calls them.

TIDY     ?= clang-tidy
TIDY_HOT := common/format common/cdc mysql2pgsql/row mysql2pgsql/binlog
TIDY_OBJ := $(foreach m,$(MODULES),$(call objs_of,$(m))) $(M2P_OBJ) $(P2P_OBJ) \
            $(BUILD)/obj/mysql2pgsql/main.o $(BUILD)/obj/pgsql2pgsql/main.o
TIDY_FLAGS = -std=c++20 -Icommon -I$(BUILD)/gen -I. $(PKGFLAGS) $(MYSQLFLAGS)

tidied = $(patsubst $(BUILD)/obj/%.o,$(BUILD)/tidy/%.ok,$(1))

.PHONY: tidy tidy-hot
tidy: $(call tidied,$(TIDY_OBJ))
tidy-hot: $(call tidied,$(foreach m,$(TIDY_HOT),$(call objs_of,$(m))))

# What it counts ("3 warnings generated") is of system headers, and goes to stderr.
$(BUILD)/tidy/%.ok: $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@$(TIDY) --quiet $*.cpp -- $(TIDY_FLAGS) >$@.log 2>$@.err || { cat $@.log $@.err; exit 1; }
	@touch $@
