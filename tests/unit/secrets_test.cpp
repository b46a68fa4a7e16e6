#include "base/secrets.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace dbsync {
namespace {

struct Case {
  const char* text;
  const char* masked;
};

TEST(Secrets, AreMaskedWhateverStandsAroundThem) {
  for (const Case& c : {
           Case{"CREATE USER MAPPING FOR u SERVER s OPTIONS (password 'p', user 'u')",
                "CREATE USER MAPPING FOR u SERVER s OPTIONS (password '***', user 'u')"},
           {"OPTIONS (\"user\" 'u', \"password\" 'it''s')", "OPTIONS (\"user\" 'u', \"password\" '***')"},
           {"ALTER USER MAPPING … OPTIONS (SET PASSWORD E'a\\'b')",
            "ALTER USER MAPPING … OPTIONS (SET PASSWORD E'***')"},
           {"CREATE SUBSCRIPTION s CONNECTION 'host=h password=p dbname=d' PUBLICATION p",
            "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** dbname=d' PUBLICATION p"},
           {"CONNECTION 'password=p'", "CONNECTION 'password=***'"},
           {"CONNECTION 'host=h password=''p q'' user=u'", "CONNECTION 'host=h password=''***'' user=u'"},
           {"ALTER ROLE r WITH ENCRYPTED PASSWORD 'p' VALID UNTIL 'infinity'",
            "ALTER ROLE r WITH ENCRYPTED PASSWORD '***' VALID UNTIL 'infinity'"},
           {"ALTER ROLE r PASSWORD $x$p'q$x$", "ALTER ROLE r PASSWORD $x$***$x$"},
           {"CREATE USER u IDENTIFIED BY 'p'", "CREATE USER u IDENTIFIED BY '***'"},
           {"SET PASSWORD = PASSWORD('p')", "SET PASSWORD = PASSWORD('***')"},
           {"SELECT dblink_connect('postgresql://u:p@h/d?sslpassword=q&x=1')",
            "SELECT dblink_connect('postgresql://u:***@h/d?sslpassword=***&x=1')"},
           {"{\"password\": \"p\", \"user\": \"u\"}", "{\"password\": \"***\", \"user\": \"u\"}"},
           {"f(db_password => 'p', n := 1)", "f(db_password => '***', n := 1)"},
           {"OPTIONS (secret_access_key 'p', api_key 'q')", "OPTIONS (secret_access_key '***', api_key '***')"},
           {"password '', user 'u'", "password '', user 'u'"},
           {"cut in the middle: password 'abc", "cut in the middle: password '***"},
           {"password=a(b) c", "password=***) c"},
           {"cut: password=ab", "cut: password=***"},
       })
    EXPECT_EQ(mask_secrets(c.text), c.masked);
}

TEST(Secrets, OtherTextsStay) {
  for (const char* text :
       {"password authentication failed for user \"u\"", "no password supplied", "password_encryption = 'md5'",
        "password_required 'false'", "check user and password, and the server's pg_hba.conf", "host=h user=u",
        "https://example.org/a:b@c", "column \"password\" of relation \"users\" does not exist", "", "password",
        "OPTIONS (key 'true', passfile '/p')"})
    EXPECT_EQ(mask_secrets(text), text);
}

TEST(Secrets, NoPartOfAnErrorHasThem) {
  Error error(ErrorKind::target, "option \"x\" in OPTIONS (password 'p1rate')");
  error.hint("password=p1rate")
      .context("PASSWORD 'p1rate'")
      .statement("OPTIONS (password 'p1rate" + std::string(400, 'x') + "')");
  for (const std::string& text : {error.message(), error.hint(), error.statement(), std::string(error.what())})
    EXPECT_EQ(text.find("p1rate"), std::string::npos) << text;
}

TEST(Secrets, PasswordsOfConnectionsAreHiddenInWhatServersSay) {
  remember_password("swordfish", {"user", "shop"});
  remember_password("swordfish-2", {"user", "shop"});
  remember_password("shop", {"user", "shop"});
  remember_password("abc", {});
  remember_password("", {});
  EXPECT_EQ(hide_passwords("'swordfish-2' of shop is not swordfish (abc)"), "'***' of shop is not *** (abc)");
  EXPECT_EQ(hide_passwords("swordfishswordfish"), "******");
}

}  // namespace
}  // namespace dbsync
