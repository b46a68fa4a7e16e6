// The short version of the fuzz targets for make test: one test a target runs
// its corpus and then inputs mutated from it, the same ones every time.
//
// Built with every fuzz_<name>.cpp, whose LLVMFuzzerTestOneInput the build
// renames to fuzz_<name>; FUZZ_TARGETS is "X(ini) X(utf8) …".
//
//   replay                 all of them
//   replay FILE NAME       one input for the target NAME, such as a finding
//
// A finding ends the process; its input is in FUZZ_FINDINGS first.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fuzz/fuzz.h"

#define X(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
FUZZ_TARGETS
#undef X

namespace {

namespace fs = std::filesystem;

constexpr int kMutations = 20000;
constexpr std::size_t kLongest = 4096;

struct Target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

constexpr Target kTargets[] = {
#define X(name) {#name, fuzz_##name},
    FUZZ_TARGETS
#undef X
};

void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

// For the handler of fatal signals: what is being run and where to keep it.
const std::string* current_input = nullptr;
std::string finding_path;

void save_finding(int signal_number) {
  if (current_input != nullptr) {
    const int file = open(finding_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const bool saved = file >= 0 && write(file, current_input->data(), current_input->size()) >= 0;
    constexpr std::string_view text = "the input is kept in ";
    if (saved && write(2, text.data(), text.size()) > 0 && write(2, finding_path.data(), finding_path.size()) > 0 &&
        write(2, "\n", 1) > 0)
      close(file);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

// The block has the input's exact size: a sanitizer sees a read past its end.
void run_one(const Target& target, const std::string& input) {
  current_input = &input;
  const std::vector<std::uint8_t> copy(input.begin(), input.end());
  target.run(copy.data(), copy.size());
  current_input = nullptr;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> corpus_of(const std::string& name) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path("tests/fuzz/corpus") / name)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (const auto& path : paths) out.push_back(read_file(path));
  return out;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string next() {
    std::string text = pick();
    for (std::size_t i = 1 + below(6); i > 0; --i) change(text);
    text.resize(std::min(text.size(), kLongest));
    return text;
  }

 private:
  // The remainder, not a distribution: those differ between libraries.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& pick() { return seeds_[below(seeds_.size())]; }
  char byte() {
    constexpr std::string_view telling("\0\xFF\x80\xC3\xED\n\t\r\\\"'`=:;#[]().,-+ 09aN", 30);
    return below(2) == 0 ? telling[below(telling.size())] : static_cast<char>(below(256));
  }

  void change(std::string& text) {
    const std::size_t at = below(text.size());
    const std::size_t n = 1 + below(8);
    const std::string& other = pick();
    switch (below(7)) {
      case 0: text.insert(at, 1, byte()); break;
      case 1: text.insert(at, n, byte()); break;
      case 2: text.erase(at, n); break;
      case 3: text.insert(at, text.substr(below(text.size()), n)); break;
      case 4: text.replace(at, std::string::npos, other, below(other.size()), std::string::npos); break;
      default:
        if (!text.empty()) text[at] = below(2) == 0 ? byte() : static_cast<char>(text[at] ^ (1 << below(8)));
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{20240817};
};

class Fuzz : public testing::TestWithParam<Target> {};

TEST_P(Fuzz, CorpusAndMutations) {
  const Target& target = GetParam();
  finding_path = std::string(FUZZ_FINDINGS "/") + target.name + "-replay";
  const auto corpus = corpus_of(target.name);
  ASSERT_FALSE(corpus.empty()) << "tests/fuzz/corpus/" << target.name << " is empty";
  for (const auto& input : corpus) run_one(target, input);
  Mutator mutator(corpus);
  for (int i = 0; i < kMutations; ++i) run_one(target, mutator.next());
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(kTargets),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

int replay_file(const char* path, std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name != name) continue;
    run_one(target, read_file(path));
    return 0;
  }
  std::fprintf(stderr, "there is no target %.*s\n", static_cast<int>(name.size()), name.data());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 3) return replay_file(argv[1], argv[2]);
  fs::create_directories(FUZZ_FINDINGS);
  for (const int fatal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) signal(fatal, save_finding);
  return RUN_ALL_TESTS();
}
