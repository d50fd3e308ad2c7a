/// Log lines: nothing by default, chosen by NSAMETA_LOG, to stderr or to the caller's callback.
#pragma once

#include <string_view>

namespace nsameta {

enum class log_topic : unsigned { dispatch = 1, loader = 2 };

/// The topics of a comma-separated list, or-ed. Words that are no topic are passed over, and told where that is wanted.
unsigned parse_log_topics(std::string_view list, bool tell = false) noexcept;

/// Whether NSAMETA_LOG, read at the first question, asks for the topic.
bool log_enabled(log_topic topic) noexcept;

/// Sends one line, without newline. A caller checks log_enabled() first, so that nothing is formatted for nobody.
void log_line(const char* line) noexcept;

}  // namespace nsameta
