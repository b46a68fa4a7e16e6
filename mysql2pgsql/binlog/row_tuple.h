// From row images to the tuples of cdc/tuple.h.
//
// One RowTuples belongs to one TABLE_MAP of one followed table: what the images hold is
// compared with the catalog once, when it is made.
//
// Errors: ErrorKind::source when TABLE_MAP and catalog disagree, or an image lacks what is
// needed; ErrorKind::data, with table and key, for values that the target cannot hold;
// DecodeError. Threads: one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/copy_buffer.h"
#include "mysql2pgsql/binlog/followed_table.h"
#include "mysql2pgsql/binlog/image_value.h"
#include "mysql2pgsql/binlog/rows_event.h"

namespace dbsync {

// Gives the table of a character set.
using CharsetSource = std::function<std::shared_ptr<const CharsetTable>(const std::string& charset)>;

// Appends a field of a tuple: its kind and what the encoder makes of the value.
void put_field(CopyBuffer& out, ColumnPlan& plan, CopyFormat format, const SourceValue& value);

// A value of an image, as it lies there.
struct RawValue {
  enum class State : std::uint8_t { absent, null, present } state = State::absent;
  std::string_view bytes;

  friend bool operator==(const RawValue&, const RawValue&) = default;
};

class RowTuples {
 public:
  RowTuples(FollowedTable& table, const TableMap& map, const CharsetSource& charsets);

  enum class Role { inserted, before, after };

  // Reads one image and appends its tuple to `out`. `set`: the columns that it has.
  void read(LittleReader& in, const ColumnSet& set, Role role, CopyBuffer& out);

  // Before an image after of a PARTIAL_UPDATE event: its front, which tells the JSON values that
  // are changes of those in the image before.
  void begin_changes(LittleReader& in, LittleReader before, const ColumnSet& before_set);
  void pass_changes(LittleReader& in) const { changed_json(in); }

  // Reads one image; what it has at these places, as it lies there.
  void read_raw(LittleReader& in, const ColumnSet& set, const std::vector<std::size_t>& columns,
                std::vector<RawValue>& out) const;

  // What an image with these columns is as an old row. Errors when it cannot find one.
  OldImage old_image(const ColumnSet& set) const;

  FollowedTable& table() const { return table_; }
  // The column that was read last, for messages.
  const std::string& last_column() const { return table_.columns[last_].source.name; }

 private:
  void absent(const FollowedColumn& column, Role role, CopyBuffer& out) const;
  void present(std::size_t column, LittleReader& in, CopyBuffer& out);
  ColumnSet changed_json(LittleReader& in) const;
  bool is_changed(std::size_t column, std::size_t& json) const;
  void present_changed(std::size_t column, std::size_t json, LittleReader& in, CopyBuffer& out);

  FollowedTable& table_;
  std::vector<ValueReader> readers_;  // by column of the image
  std::vector<std::size_t> json_columns_;
  ColumnSet changed_json_;          // of these, in the next image; "" = none
  std::vector<RawValue> old_json_;  // their values before
  std::string json_;
  SourceValue value_;
  std::size_t last_ = 0;
};

}  // namespace dbsync
