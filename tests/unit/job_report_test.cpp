// The summary of many tables, and the report that has all of them.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "copy/job_report.h"

namespace dbsync {
namespace {

JobResult result_of(std::size_t tables) {
  JobResult out;
  out.tasks.resize(tables);
  out.results.resize(tables);
  for (std::size_t i = 0; i < tables; ++i) {
    out.tasks[i].name = "t" + std::to_string(i);
    out.tasks[i].target = {"public", out.tasks[i].name};
    out.results[i].status = TaskStatus::done;
    out.results[i].seconds = i == 70 ? 9 : 1;
  }
  return out;
}

std::size_t place(const std::string& text, const std::string& part) { return text.find(part); }

TEST(Summary, OfFewTablesHasAllInTheirOrder) {
  const std::string text = summary_text(result_of(50));
  EXPECT_LT(place(text, "\nt0 "), place(text, "\nt49 "));
  EXPECT_EQ(place(text, "more tables"), std::string::npos);
}

TEST(Summary, OfManyTablesHasWhatFailedAndTheSlowest) {
  JobResult result = result_of(20000);
  result.results[12345].status = TaskStatus::failed;
  result.results[12345].error = Error(ErrorKind::target, "it is not empty");
  const std::string text = summary_text(result);
  EXPECT_LT(place(text, "\nt12345 "), place(text, "\nt70 "));
  EXPECT_LT(place(text, "\nt70 "), place(text, "\nt0 "));
  EXPECT_NE(place(text, "\nand 19,950 more tables; --report FILE tells of all of them\n"), std::string::npos) << text;
  EXPECT_NE(place(text, "19999 done, 1 failed"), std::string::npos) << text;
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 70);
}

TEST(Summary, OfManyErrorsHasTheFirst) {
  JobResult result = result_of(200);
  for (std::size_t i = 0; i < 200; ++i) {
    result.results[i].status = TaskStatus::failed;
    result.results[i].error = Error(ErrorKind::data, "its value number " + std::string(i + 1, 'x') + " is wrong");
  }
  EXPECT_NE(place(summary_text(result), "  and 150 more errors of other causes; --report FILE"), std::string::npos);
}

TEST(Summary, SaysWhereTheTimeWentWhenItWasWorthIt) {
  JobResult result = result_of(1);
  result.spent[Spent::target] = 1;
  EXPECT_EQ(place(summary_text(result), "time of the workers"), std::string::npos);
  result.spent[Spent::target] = 3;
  EXPECT_NE(place(summary_text(result), "time of the workers: 100% waiting for the target\n  HINT: the target is"),
            std::string::npos);
}

TEST(Report, HasEachTableAsJson) {
  const auto path = std::filesystem::temp_directory_path() / ("dbsync-report-" + std::to_string(::getpid()));
  for (const std::size_t tables : {std::size_t{0}, std::size_t{1}, std::size_t{300}}) {
    JobResult result = result_of(tables);
    result.notes = {"\n  \"tables\": [ of a name"};
    write_report(path.string(), {.program = "mysql2pgsql"}, result);
    const auto json = nlohmann::json::parse(std::ifstream(path));
    ASSERT_EQ(json.at("tables").size(), tables);
    if (tables > 0) {
      EXPECT_EQ(json.at("tables").back().at("table"), "t" + std::to_string(tables - 1));
    }
    EXPECT_EQ(json.at("notes").at(0), result.notes[0]);
    EXPECT_EQ(json.at("worker_seconds").at("source"), 0);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace dbsync
