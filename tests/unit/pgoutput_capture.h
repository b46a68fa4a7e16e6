// Messages as PostgreSQL 15 sent them, in hexadecimal, and what tests need to
// read them. Long values were cut and their length corrected.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace dbsync::test {

struct CapturedMessage {
  const char* name;
  const char* hex;
};

inline constexpr std::array kCapturedMessages{
    CapturedMessage{"begin", "42000000000192977000030402ea6b025b000002dc"},
    CapturedMessage{"commit", "4300000000000192977000000000019297a000030402ea6b025b"},
    CapturedMessage{"type", "59000040037075626c6963006d6f6f6400"},
    CapturedMessage{"relation",
                    "52000040074f646420736368656d61004f646420227461626c65006400040169640000000017ffffffff006e616d6500"
                    "00000019ffffffff006665656c696e670000004003ffffffff006269670000000019ffffffff"},
    CapturedMessage{"relation_full",
                    "520000400e7075626c69630066756c6c5f69640066000201610000000017ffffffff016200000006a400060006"},
    CapturedMessage{"insert", "49000040074e000474000000013174000000036f6e657400000004676c616474000000047878783a"},
    CapturedMessage{"insert_with_nulls", "49000040074e00047400000001326e74000000037361646e"},
    CapturedMessage{"insert_binary", "490000400e4e0002620000000400000001620000000c000200000000000200011388"},
    CapturedMessage{"update", "55000040074e00047400000001317400000003756e6f7400000004676c616475"},
    CapturedMessage{"update_of_the_key", "55000040074b00047400000001326e6e6e4e00047400000001336e74000000037361646e"},
    CapturedMessage{"update_full",
                    "550000400e4f00027400000001317400000004312e35304e00027400000001317400000004322e3030"},
    CapturedMessage{"delete", "44000040074b00047400000001336e6e6e"},
    CapturedMessage{"delete_full", "440000400e4f00026e6e"},
    CapturedMessage{"truncate", "540000000203000040070000400e"},
    CapturedMessage{"message", "4d01000000000192ab587072656669780000000007636f6e74656e74"},
    CapturedMessage{"origin", "4f00000000000000ab656c7365776865726500"},
};

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

inline std::string captured(std::string_view name) {
  for (const auto& message : kCapturedMessages)
    if (message.name == name) return from_hex(message.hex);
  return {};
}

}  // namespace dbsync::test
