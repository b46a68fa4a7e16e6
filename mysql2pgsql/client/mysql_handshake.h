// Connects a handle of the client library, without trusting the network.
//
// Connector/C answers the server's greeting before it tells whether the server has
// TLS, and knows no signals. So the greeting is looked at while it still waits in the
// socket: with ssl_mode required or better, a server without TLS gets no word, and
// without TLS no plugin that sends passwords in clear text is used, but on a Unix
// socket. Oracle's library does both by itself.
//
// Threads: the handle's. Errors: ErrorKind::source for what is refused here, and
// interrupted when a signal came; false when the library failed, which then says why.
// Source: MySQL "Protocol::HandshakeV10"; MariaDB "Using the Non-blocking Library".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace dbsync {

struct MysqlHandle;

// `capabilities`: CLIENT_… of the protocol, beside the library's own.
bool connect_handle(MysqlHandle& handle, const MysqlEndpoint& endpoint, unsigned long capabilities = 0);

// ssl_mode, or what stands for none: preferred, as with MySQL's own clients; over a
// Unix socket nobody listens.
std::string ssl_mode_of(const MysqlEndpoint& endpoint);

// Whether a greeting offers TLS; nothing when it is not whole, or none of protocol 10.
std::optional<bool> offers_tls(std::string_view packet);

}  // namespace dbsync
