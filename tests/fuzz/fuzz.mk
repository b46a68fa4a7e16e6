# Fuzzing of the pure parsers; included by the Makefile.
#
#   make fuzz [FUZZ_SECONDS=60] [FUZZ_TARGETS="ini utf8"]   libFuzzer, a minute each
#   $(BUILD)/tests/replay                                   the short version in make test

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(patsubst tests/fuzz/fuzz_%.cpp,%,$(sort $(wildcard tests/fuzz/fuzz_*.cpp)))
FUZZ_OBJ     := $(patsubst %.cpp,$(BUILD)/obj/%.o,$(sort $(wildcard tests/fuzz/fuzz_*.cpp)))
REPLAY_OBJ   := $(BUILD)/obj/tests/fuzz/replay_main.o
FUZZ_CLANG   ?= clang++
FUZZ_BUILD   ?= build/fuzz

# In one binary the entry points of the targets need names of their own. The
# nested make of `make fuzz` sets LIBFUZZER, and they keep libFuzzer's.
$(FUZZ_OBJ): ALL_CXXFLAGS += $(if $(LIBFUZZER),,-DLLVMFuzzerTestOneInput=$(basename $(notdir $@)))
$(FUZZ_OBJ) $(REPLAY_OBJ): tests/fuzz/fuzz.mk
$(REPLAY_OBJ): $(FUZZ_OBJ)  # their names are compiled into it
$(REPLAY_OBJ): ALL_CXXFLAGS += -DFUZZ_FINDINGS='"tests/fuzz/findings"' \
               '-DFUZZ_TARGETS=$(foreach o,$(FUZZ_OBJ),X($(patsubst fuzz_%,%,$(basename $(notdir $(o))))))'

$(BUILD)/tests/replay: $(REPLAY_OBJ) $(FUZZ_OBJ) $(M2P_LIB) $(P2P_LIB) $(COMMON_LIBS)
	@mkdir -p $(@D)
	$(CXX) $(ALL_LDFLAGS) -o $@ $^ $(GTEST) $(MYSQLLIBS) $(LIBS)

$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(M2P_LIB) $(P2P_LIB) $(COMMON_LIBS)
	$(CXX) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(MYSQLLIBS) $(LIBS)

.SECONDARY: $(FUZZ_OBJ)

.PHONY: fuzz
fuzz:
	@share/install-deps.sh build
	@command -v $(FUZZ_CLANG) >/dev/null || { echo "make fuzz needs $(FUZZ_CLANG) with libFuzzer (the package clang)" >&2; exit 1; }
	@+$(MAKE) --no-print-directory LIBFUZZER=1 CXX=$(FUZZ_CLANG) CXXFLAGS="-g1 -Wno-unknown-warning-option" SAN=fuzzer-no-link,address,undefined BUILD=$(FUZZ_BUILD) \
	  $(addprefix $(FUZZ_BUILD)/fuzz_,$(FUZZ_TARGETS))
	@tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
