// Callers that were compiled against another version of the structures: older, and so shorter, or newer.
#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <vector>

#include "call.h"
#include "nsameta/device.h"

using namespace nsameta::test;

namespace {

/// Bytes that end where memory ends: reading or writing behind them ends the process.
class last_bytes {
 public:
  last_bytes(const void* from, std::size_t bytes) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    void* mapped = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(mapped != MAP_FAILED);
    mapped_ = static_cast<std::byte*>(mapped);
    REQUIRE(mprotect(mapped_ + page_, page_, PROT_NONE) == 0);
    REQUIRE(bytes <= page_);
    begin_ = mapped_ + page_ - bytes;
    std::memcpy(begin_, from, bytes);
  }
  ~last_bytes() { munmap(mapped_, 2 * page_); }
  last_bytes(const last_bytes&) = delete;
  last_bytes& operator=(const last_bytes&) = delete;

  template <class Struct>
  Struct* as() const {
    return reinterpret_cast<Struct*>(begin_);
  }

 private:
  std::size_t page_;
  std::byte *mapped_ = nullptr, *begin_ = nullptr;
};

/// `whole` as a caller of another version has it: its first `bytes`, or all of them and zeros.
template <class Struct>
std::unique_ptr<last_bytes> resized(const Struct& whole, std::size_t bytes) {
  std::vector<std::byte> made(bytes);
  std::memcpy(made.data(), &whole, std::min(bytes, sizeof whole));
  std::memcpy(made.data(), &bytes, sizeof bytes);  // struct_size
  return std::make_unique<last_bytes>(made.data(), bytes);
}

constexpr std::size_t old_problem = offsetof(nsameta_problem, q_shard);
constexpr std::size_t old_outputs = offsetof(nsameta_outputs, page_table_1);
constexpr std::size_t old_decision = offsetof(nsameta_decision, override_text);
constexpr std::size_t new_bytes = 24;

/// An answer, and what it should be: that of a structure of this version, with the outputs that older ones have too.
struct compared {
  call now{NSAMETA_EXTEND}, then{NSAMETA_EXTEND};

  compared() {
    for (const nsameta::vector_field& field : nsameta::vector_fields) {
      const auto* place = reinterpret_cast<const std::byte*>(&(now.outputs.*field.member));
      if (place - reinterpret_cast<const std::byte*>(&now.outputs) < static_cast<std::ptrdiff_t>(old_outputs)) continue;
      now.outputs.*field.member = then.outputs.*field.member = {};
    }
    now.outputs.slot_mapping = then.outputs.slot_mapping = {};  // older callers have no block table
  }

  void check_equal(const char* how, nsameta_status status) {
    CAPTURE(how);
    REQUIRE_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
    REQUIRE(now.fill() == NSAMETA_OK);
    CHECK(then.vectors == now.vectors);
  }
};

using filler = nsameta_status (*)(const nsameta_problem*, const nsameta_outputs*, const nsameta_target*);
const struct {
  const char* name;
  filler fill;
} fillers[] = {
    {"fill", nsameta_fill},
    {"fill_on",
     [](auto* problem, auto* outputs, auto* target) { return nsameta_fill_on("reference", problem, outputs, target); }},
    {"fill_many",
     [](auto* problem, auto* outputs, auto* target) { return nsameta_fill_many(problem, outputs, 1, target); }},
    {"fill_many_on",
     [](auto* problem, auto* outputs, auto* target) {
       return nsameta_fill_many_on("reference", problem, outputs, 1, target, nullptr);
     }},
};

nsameta_decision empty_decision() {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  return decision;
}

void check_said(nsameta_status status, nsameta_status expected, std::initializer_list<std::string> words) {
  CHECK(std::string(nsameta_status_name(status)) == nsameta_status_name(expected));
  const std::string sentence = nsameta_last_error();
  for (const std::string& word : words)
    CHECK_MESSAGE(sentence.find(word) != std::string::npos, "\"", word, "\" is not in: ", sentence);
}

}  // namespace

TEST_CASE("the version of the library is that of its headers") {
  CHECK(nsameta_version() == NSAMETA_VERSION);
  CHECK(NSAMETA_VERSION == NSAMETA_VERSION_MAJOR * 10000 + NSAMETA_VERSION_MINOR * 100 + NSAMETA_VERSION_PATCH);
}

TEST_CASE("a problem or outputs of an older caller: what they end before is absent, and not read") {
  for (const auto& [name, fill] : fillers)
    for (const nsameta_device_kind kind : {NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_AUTO}) {
      const nsameta_target target{kind, 0, nullptr, 0};
      compared shorter_problem, shorter_outputs, both;
      const auto problem = resized(shorter_problem.then.problem, old_problem);
      shorter_problem.check_equal(name, fill(problem->as<nsameta_problem>(), &shorter_problem.then.outputs, &target));
      const auto outputs = resized(shorter_outputs.then.outputs, old_outputs);
      shorter_outputs.check_equal(name, fill(&shorter_outputs.then.problem, outputs->as<nsameta_outputs>(), &target));
      const auto old = resized(both.then.problem, old_problem);
      const auto of_old = resized(both.then.outputs, old_outputs);
      both.check_equal(name, fill(old->as<nsameta_problem>(), of_old->as<nsameta_outputs>(), &target));
    }
}

TEST_CASE("a repeated call of an older caller is not taken for the one before") {
  compared first, second;
  CHECK(first.now.fill() == NSAMETA_OK);
  for (compared* each : {&first, &second, &first}) {
    const auto problem = resized(each->then.problem, old_problem);
    const auto outputs = resized(each->then.outputs, old_outputs);
    each->check_equal("fill",
                      nsameta_fill(problem->as<nsameta_problem>(), outputs->as<nsameta_outputs>(), &each->then.target));
  }
}

TEST_CASE("a newer caller's structures are understood as long as what is new is 0") {
  for (const auto& [name, fill] : fillers) {
    compared longer;
    const nsameta_target& target = longer.then.target;
    const auto problem = resized(longer.then.problem, sizeof(nsameta_problem) + new_bytes);
    const auto outputs = resized(longer.then.outputs, sizeof(nsameta_outputs) + new_bytes);
    longer.check_equal(name, fill(problem->as<nsameta_problem>(), outputs->as<nsameta_outputs>(), &target));

    call refused(NSAMETA_EXTEND);
    problem->as<std::byte>()[sizeof(nsameta_problem) + new_bytes - 1] = std::byte{1};
    check_said(fill(problem->as<nsameta_problem>(), &refused.outputs, &target), NSAMETA_UNSUPPORTED,
               {"problem.struct_size is " + std::to_string(sizeof(nsameta_problem) + new_bytes),
                "byte " + std::to_string(sizeof(nsameta_problem) + new_bytes - 1) + " is not 0",
                "the first " + std::to_string(sizeof(nsameta_problem)) + " bytes"});
    outputs->as<std::byte>()[sizeof(nsameta_outputs)] = std::byte{1};
    check_said(fill(&refused.problem, outputs->as<nsameta_outputs>(), &target), NSAMETA_UNSUPPORTED,
               {"outputs.struct_size is " + std::to_string(sizeof(nsameta_outputs) + new_bytes),
                "byte " + std::to_string(sizeof(nsameta_outputs)) + " is not 0"});
    CHECK(refused.untouched());
  }
}

TEST_CASE("fill_many: sets are as far apart as the caller's structure is long") {
  for (const std::size_t size : {old_outputs, sizeof(nsameta_outputs), sizeof(nsameta_outputs) + new_bytes})
    for (const std::size_t count : {1, 3, NSAMETA_SETS_PER_LAUNCH, NSAMETA_SETS_PER_LAUNCH + 1, 20}) {
      CAPTURE(size);
      CAPTURE(count);
      std::vector<std::unique_ptr<compared>> all;
      std::vector<std::byte> sets(size * count);
      for (std::size_t i = 0; i < count; ++i) {
        all.push_back(std::make_unique<compared>());
        const auto one = resized(all[i]->then.outputs, size);
        std::memcpy(sets.data() + i * size, one->as<std::byte>(), size);
      }
      const auto fill = [&] {
        // At the end of a page where one holds them, else of a heap block.
        const std::unique_ptr<last_bytes> guarded =
            sets.size() <= 4096 ? std::make_unique<last_bytes>(sets.data(), sets.size()) : nullptr;
        const auto* first =
            guarded != nullptr ? guarded->as<nsameta_outputs>() : reinterpret_cast<const nsameta_outputs*>(sets.data());
        const call& given = all[0]->then;
        return nsameta_fill_many(&given.problem, first, static_cast<std::int64_t>(count), &given.target);
      };
      const nsameta_status status = fill();
      for (const auto& each : all) each->check_equal("fill_many", status);
      if (count == 1) continue;

      const std::size_t other = sizeof(nsameta_outputs) + 2 * new_bytes;
      std::memcpy(sets.data() + (count - 1) * size, &other, sizeof other);
      check_said(fill(), NSAMETA_INVALID_ARGUMENT,
                 {"outputs[" + std::to_string(count - 1) + "]", "struct_size is " + std::to_string(other),
                  "not the " + std::to_string(size) + " of outputs[0]"});
    }
}

TEST_CASE("fill_many: what is new to the library is said with its set") {
  call given(NSAMETA_DECODE);
  const std::size_t size = sizeof(nsameta_outputs) + new_bytes;
  std::vector<std::byte> sets(2 * size);
  for (std::size_t i = 0; i < 2; ++i)
    std::memcpy(sets.data() + i * size, resized(call(NSAMETA_DECODE).outputs, size)->as<std::byte>(), size);
  sets.back() = std::byte{1};
  check_said(nsameta_fill_many(&given.problem, reinterpret_cast<const nsameta_outputs*>(sets.data()), 2, &given.target),
             NSAMETA_UNSUPPORTED, {"outputs[1]: outputs.struct_size", "is not 0"});
}

TEST_CASE("explain: an older caller's decision is written as far as it goes") {
  call given(NSAMETA_DECODE);
  given.outputs.slot_mapping = {};  // an older caller has no block table
  nsameta_decision now = empty_decision();
  REQUIRE(nsameta_explain(&given.problem, &given.outputs, &given.target, &now) == NSAMETA_OK);
  const auto then = resized(empty_decision(), old_decision);
  const auto problem = resized(given.problem, old_problem);
  const auto outputs = resized(given.outputs, old_outputs);
  auto* decision = then->as<nsameta_decision>();
  for (int i = 0; i < 2; ++i) {
    std::memset(then->as<std::byte>() + sizeof(std::size_t), 0x5a, old_decision - sizeof(std::size_t));
    const nsameta_status status = i == 0 ? nsameta_explain(&given.problem, &given.outputs, &given.target, decision)
                                         : nsameta_explain(problem->as<nsameta_problem>(),
                                                           outputs->as<nsameta_outputs>(), &given.target, decision);
    REQUIRE_MESSAGE(status == NSAMETA_OK, nsameta_last_error());
    CHECK(decision->struct_size == old_decision);
    CHECK(std::string(decision->backend) == now.backend);
    CHECK(decision->row_bound == now.row_bound);
  }
  CHECK(nsameta_get_kernel_info(32, 4, &given.target, decision) == NSAMETA_OK);
  CHECK(std::string(decision->backend) == "cpu");

  given.problem.page_size = 65537;
  CHECK(nsameta_explain(&given.problem, &given.outputs, &given.target, decision) == NSAMETA_INVALID_ARGUMENT);
  CHECK(decision->struct_size == old_decision);
  CHECK(std::string(decision->backend).empty());
}

TEST_CASE("explain: what a newer caller's decision has more is left as it is") {
  call given(NSAMETA_DECODE);
  const std::size_t size = sizeof(nsameta_decision) + new_bytes;
  const auto longer = resized(empty_decision(), size);
  std::memset(longer->as<std::byte>() + sizeof(nsameta_decision), 0x5a, new_bytes);
  auto* decision = longer->as<nsameta_decision>();
  REQUIRE(nsameta_explain(&given.problem, &given.outputs, &given.target, decision) == NSAMETA_OK);
  CHECK(decision->struct_size == size);
  CHECK(decision->rejection_count > 0);
  CHECK(longer->as<std::byte>()[size - 1] == std::byte{0x5a});
}

TEST_CASE("a size that no version has is refused") {
  nsameta_decision decision = empty_decision();
  for (const std::size_t size : {std::size_t{0}, std::size_t{4}, std::size_t{8}, sizeof(nsameta_problem) - 1,
                                 sizeof(nsameta_outputs) + 4, std::size_t{1} << 13, ~std::size_t{0}}) {
    const std::string number = std::to_string(size);
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.problem.struct_size = size; },
                   {"problem.struct_size is " + number, std::to_string(sizeof(nsameta_problem)), "version 0."});
    check_rejected(NSAMETA_DECODE, [=](call& c) { c.outputs.struct_size = size; },
                   {"outputs.struct_size is " + number, std::to_string(sizeof(nsameta_outputs))});
    call given(NSAMETA_DECODE);
    decision.struct_size = size % 4096;  // nothing behind what is known is touched, so that it may be any
    check_said(nsameta_explain(&given.problem, &given.outputs, &given.target, &decision), NSAMETA_INVALID_ARGUMENT,
               {"decision.struct_size is " + std::to_string(decision.struct_size)});
    given.outputs.struct_size = size;
    check_said(nsameta_fill_many(&given.problem, &given.outputs, 2, &given.target), NSAMETA_INVALID_ARGUMENT,
               {"outputs[0]: outputs.struct_size is " + number});
  }
  call given(NSAMETA_DECODE);
  check_said(nsameta_explain(&given.problem, &given.outputs, &given.target, nullptr), NSAMETA_INVALID_ARGUMENT,
             {"decision is null"});
}

TEST_CASE("the defaults are set as far as the caller's structure goes, and what is new to the library is 0") {
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  const auto old_one = resized(nsameta_problem{}, old_problem);
  nsameta_problem_init_sized(old_one->as<nsameta_problem>(), old_problem);
  CHECK(old_one->as<nsameta_problem>()->struct_size == old_problem);
  CHECK(std::memcmp(old_one->as<std::byte>() + 8, reinterpret_cast<std::byte*>(&problem) + 8, old_problem - 8) == 0);
  const auto old_set = resized(nsameta_outputs{}, old_outputs);
  nsameta_outputs_init_sized(old_set->as<nsameta_outputs>(), old_outputs);
  CHECK(old_set->as<nsameta_outputs>()->struct_size == old_outputs);

  std::byte newer[sizeof(nsameta_problem) + new_bytes];
  std::memset(newer, 0x5a, sizeof newer);
  nsameta_problem_init_sized(reinterpret_cast<nsameta_problem*>(newer), sizeof newer);
  CHECK(newer[sizeof newer - 1] == std::byte{0});
  nsameta_problem_init_sized(nullptr, sizeof problem);
  nsameta_outputs_init_sized(nullptr, sizeof outputs);
  std::size_t tiny = 77;
  nsameta_problem_init_sized(reinterpret_cast<nsameta_problem*>(&tiny), sizeof tiny);
  nsameta_outputs_init_sized(reinterpret_cast<nsameta_outputs*>(&tiny), sizeof tiny);
  CHECK(tiny == 77);
}
