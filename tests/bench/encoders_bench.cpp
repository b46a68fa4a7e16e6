// Microbenchmarks of what runs once per value: row encoders and numerics.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "format/numeric.h"
#include "mysql2pgsql/row/row_encoder.h"
#include "mysql2pgsql/schema/type_map.h"

namespace dbsync {
namespace {

ColumnPlan plan(const char* data_type, const char* column_type, Wire wire) {
  ColumnPlan out;
  out.name = "c";
  out.source = parse_mysql_type(data_type, column_type);
  out.wire = wire;
  out.target = *map_type(out.source, postgresql_dialect(15));
  return out;
}

void encode_column(benchmark::State& state, ColumnPlan column, const SourceValue& value, CopyFormat format) {
  constexpr std::size_t columns = 16;
  RowEncoder encoder(std::vector<ColumnPlan>(columns, column), format);
  const std::vector<SourceValue> row(columns, value);
  CopyBuffer buffer(1 << 20);
  for (auto _ : state) {
    if (buffer.full()) buffer.clear();
    encoder.encode(row.data(), buffer);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(columns) * state.iterations());
}

void integers(benchmark::State& state, CopyFormat format) {
  const std::int32_t v = 123456;
  encode_column(state, plan("int", "int(11)", Wire::i32), {reinterpret_cast<const char*>(&v), sizeof v, false}, format);
}

void decimals(benchmark::State& state, CopyFormat format) {
  const std::string v = "12345678.90";
  encode_column(state, plan("decimal", "decimal(15,2)", Wire::bytes), {v.data(), v.size(), false}, format);
}

void timestamps(benchmark::State& state, CopyFormat format) {
  const Temporal v{2024, 2, 29, 12, 30, 45, 123456, false};
  encode_column(state, plan("timestamp", "timestamp(6)", Wire::temporal),
                {reinterpret_cast<const char*>(&v), sizeof v, false}, format);
}

void texts(benchmark::State& state, CopyFormat format) {
  const std::string v = "carefully final deposits sleep\tabove the \"quick\" Füße";
  encode_column(state, plan("varchar", "varchar(80)", Wire::bytes), {v.data(), v.size(), false}, format);
}

BENCHMARK_CAPTURE(integers, binary, CopyFormat::binary);
BENCHMARK_CAPTURE(integers, text, CopyFormat::text);
BENCHMARK_CAPTURE(decimals, binary, CopyFormat::binary);
BENCHMARK_CAPTURE(decimals, text, CopyFormat::text);
BENCHMARK_CAPTURE(timestamps, binary, CopyFormat::binary);
BENCHMARK_CAPTURE(timestamps, text, CopyFormat::text);
BENCHMARK_CAPTURE(texts, binary, CopyFormat::binary);
BENCHMARK_CAPTURE(texts, text, CopyFormat::text);

void utf8_ascii(benchmark::State& state) {
  const std::string text(1000, 'a');
  for (auto _ : state) benchmark::DoNotOptimize(valid_text_prefix(text));
  state.SetBytesProcessed(1000 * state.iterations());
}
BENCHMARK(utf8_ascii);

}  // namespace
}  // namespace dbsync

BENCHMARK_MAIN();
