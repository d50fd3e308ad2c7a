#include "fault_report.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstring>
#include <mutex>

#include "harness/fault_note.h"

namespace nsameta::harness {
namespace {

/// Arrays of one mapping. The handler reads `base` first, so that it sees a layout or none.
struct watched {
  std::atomic<const std::byte*> base{nullptr};
  std::atomic<const guarded_layout*> layout{nullptr};
};

std::array<watched, 256> mappings;  // where more are alive, some go without a name
std::mutex changing;
struct sigaction next_handler;
std::array<char, 4000> note;
std::atomic<std::size_t> note_bytes{0};

// ---------------------------------------------- what follows is async-signal-safe

void print(const char* text, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = write(STDERR_FILENO, text, bytes);
    if (written <= 0) return;
    text += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void print(const char* text) { print(text, std::strlen(text)); }

void print(std::size_t number) {
  std::array<char, 20> digits;
  print(digits.data(),
        static_cast<std::size_t>(std::to_chars(digits.begin(), digits.end(), number).ptr - digits.data()));
}

const char* verb([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  constexpr greg_t write_access = 2;
  const bool wrote = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & write_access;
  return wrote ? "wrote " : "read ";
#else
  return "touched ";
#endif
}

std::size_t distance(const guarded_array& array, std::size_t at) {
  return at < array.begin ? array.begin - at : at < array.end ? 0 : at - array.end;
}

void print_note() {
  print(note.data(), note_bytes);
  print("\n");
}

/// In the words of output_buffers::damaged_guard().
void print_place(const guarded_layout& layout, std::size_t at) {
  const auto& arrays = layout.arrays();
  const auto nearest = std::min_element(
      arrays.begin(), arrays.end(), [at](const auto& a, const auto& b) { return distance(a, at) < distance(b, at); });
  print(nearest->begin <= at && at < nearest->end ? at - nearest->begin : distance(*nearest, at));
  print(at < nearest->begin ? " bytes before the start of "
        : at < nearest->end ? " bytes behind the start of, protected, "
                            : " bytes past the end of ");
  print(nearest->name);
}

void report(int, siginfo_t* info, void* context) {
  const auto* at = static_cast<const std::byte*>(info->si_addr);
  for (const watched& mapping : mappings) {
    const std::byte* base = mapping.base;
    if (base == nullptr || at < base) continue;
    const guarded_layout& layout = *mapping.layout;
    if (at >= base + layout.bytes() || layout.arrays().empty()) continue;
    print("fault: ");
    print(verb(context));
    print_place(layout, static_cast<std::size_t>(at - base));
    print("\n");
    print_note();
  }
  sigaction(SIGSEGV, &next_handler, nullptr);
  if (info->si_code <= 0) raise(SIGSEGV);  // sent by somebody; else the access is made again, and faults again
}

// ---------------------------------------------- up to here

/// Whoever installed a handler since, a test framework for one, stands behind this one from now on.
void install() {
  struct sigaction current;
  sigaction(SIGSEGV, nullptr, &current);
  if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == report) return;
  next_handler = current;
  struct sigaction own{};
  own.sa_sigaction = report;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &own, nullptr);
}

}  // namespace

void watch_arrays(const std::byte* base, const guarded_layout& layout) {
  const std::lock_guard lock(changing);
  install();
  const auto free = std::ranges::find_if(mappings, [](const watched& mapping) { return mapping.base == nullptr; });
  if (free == mappings.end()) return;
  free->layout = &layout;
  free->base = base;
}

void forget_arrays(const std::byte* base) noexcept {
  const std::lock_guard lock(changing);
  const auto known = std::ranges::find_if(mappings, [base](const watched& mapping) { return mapping.base == base; });
  if (known != mappings.end()) known->base = nullptr;
}

void note_for_faults(std::string_view text) {
  note_bytes = 0;
  const std::size_t kept = std::min(text.size(), note.size());
  std::memcpy(note.data(), text.data(), kept);
  note_bytes = kept;
}

}  // namespace nsameta::harness

#if defined(__SANITIZE_ADDRESS__)
/// AddressSanitizer calls it before it reports.
extern "C" [[gnu::visibility("default")]] void __asan_on_error() { nsameta::harness::print_note(); }
#endif
