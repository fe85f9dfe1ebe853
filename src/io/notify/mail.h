// One mail over SMTP, by libcurl on our loop.
//
// Encrypted always: from the first byte (`smtps`), or by STARTTLS and not at all without. The
// server is reached by the rules of io/http/reach.h: its address is judged when it is about to be
// dialled. No proxy of the environment is used, and no password file is read.
// While a mail is under way, the loop looks after it every few milliseconds; otherwise nothing
// turns. Letting go of the task ends the transfer.
#pragma once

#include <string>

#include "base/task.h"
#include "io/http/reach.h"
#include "io/net/loop.h"
#include "io/notify/messages.h"
#include "io/secrets/credential.h"

namespace pawl::notify {

struct MailOrder {
  bool tls_from_start = false;
  std::string host;  // an IPv6 address without brackets
  std::uint16_t port = 0;
  std::string ca_file;  // certificates to trust instead of the system's
  http::Reach reach;
  std::string user;
  secrets::Credential password;  // empty: no login
  std::string from, to;          // addresses alone
  std::string text;              // the whole mail
};

Task<Attempt> send_mail(net::Loop& loop, MailOrder order);

}  // namespace pawl::notify
