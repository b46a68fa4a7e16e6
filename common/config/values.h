// Builders of Store: how the text of an option or key becomes a value.
//
//   flag(at(&Options::create))          number(at(&Options::jobs), 1, 256)
//   choice(at(&Config::follow, &FollowConfig::conflicts), {{"error", …}, {"skip", …}})
//
// Letter case does not matter in the words of a choice. Private to config/. Constant
// data, any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "config/number.h"
#include "config/setting.h"

namespace dbsync::config_detail {

// Of an option it is an error; a key of my.cfg keeps its default then, since runbooks
// keep keys that they do not use with "".
inline constexpr char kEmptyValue[] = "the value is empty";

template <class T>
auto at(T Options::*member) {
  return [member](Settings& settings) -> T& { return settings.options.*member; };
}
template <class T>
auto at(T Config::*member) {
  return [member](Settings& settings) -> T& { return settings.config.*member; };
}
template <class Group, class T>
auto at(Group Config::*group, T Group::*member) {
  return [group, member](Settings& settings) -> T& { return settings.config.*group.*member; };
}

template <class Place>
using ValueAt = std::remove_cvref_t<std::invoke_result_t<Place, Settings&>>;

template <class Place>
Store flag(Place place) {
  return [place](Settings& to, std::string_view) {
    place(to) = true;
    return std::string();
  };
}

template <class Place>
Store text(Place place) {
  return [place](Settings& to, std::string_view value) -> std::string {
    if (value.empty()) return kEmptyValue;
    place(to) = value;
    return {};
  };
}

// An option that may be given several times.
template <class Place>
Store texts(Place place) {
  return [place](Settings& to, std::string_view value) -> std::string {
    if (value.empty()) return kEmptyValue;
    place(to).emplace_back(value);
    return {};
  };
}

template <class Place>
Store number(Place place, std::uint64_t least,
             std::uint64_t most = static_cast<std::uint64_t>(std::numeric_limits<ValueAt<Place>>::max())) {
  return [place, least, most](Settings& to, std::string_view value) -> std::string {
    const auto number = whole_number(value, least, most);
    if (!number) return fmt::format("\"{}\" is not a whole number from {} to {}", value, least, most);
    place(to) = static_cast<ValueAt<Place>>(*number);
    return {};
  };
}

template <class Place>
Store size(Place place) {
  return [place](Settings& to, std::string_view value) -> std::string {
    const auto bytes = byte_size(value);
    if (!bytes) return fmt::format("\"{}\" is not a size such as 64MB, 512kB or 0", value);
    place(to) = *bytes;
    return {};
  };
}

// One of a few words, each with what it stands for.
template <class Place, class Value = ValueAt<Place>>
Store choice(Place place, std::vector<std::pair<std::string_view, Value>> choices) {
  return [place, known = std::move(choices)](Settings& to, std::string_view value) -> std::string {
    if (value.empty()) return kEmptyValue;
    const std::string word = to_lower(value);
    std::vector<std::string> names;
    for (const auto& [name, meaning] : known) {
      if (name == word) {
        place(to) = meaning;
        return {};
      }
      names.emplace_back(name);
    }
    return fmt::format("\"{}\" is none of {}", value, join(names, ", "));
  };
}

// One of a few words, kept as it is.
template <class Place>
Store word(Place place, std::initializer_list<std::string_view> words) {
  std::vector<std::pair<std::string_view, std::string>> choices;
  for (const std::string_view name : words) choices.emplace_back(name, name);
  return choice(place, std::move(choices));
}

}  // namespace dbsync::config_detail
