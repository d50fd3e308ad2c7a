#include "fixture.h"

#include "harness/compare.h"
#include "harness/digest.h"
#include "harness/fault_note.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"

namespace nsameta::test {
namespace {

using harness::guard;

guard of_set(guard first, std::size_t set) {
  if (first == guard::canaries || set % 2 == 0) return first;
  return first == guard::page_before ? guard::page_behind : guard::page_before;
}

}  // namespace

filling::filling(const harness::problem_data& problem, const std::vector<harness::output_layout>& layouts,
                 const harness::device_place& place, guard kind)
    : layouts_(layouts), kind_(kind), inputs_(place, kind) {
  upload(problem);
  for (std::size_t set = 0; set < layouts.size(); ++set)
    views_.push_back(buffers_.emplace_back(place, layouts[set], of_set(kind, set)).view());
}

filling::filling(const harness::generated_case& tested, const harness::device_place& place, guard kind)
    : filling(tested.problem, {tested.layout}, place, kind) {
  recipe_ = tested.recipe;
}

void filling::upload(const harness::problem_data& problem) {
  problem_ = problem;
  inputs_.upload(problem);
}

void filling::reset() {
  for (harness::output_buffers& set : buffers_) set.reset();
}

std::uint64_t filling::digest() {
  harness::digest sum;
  for (harness::output_buffers& set : buffers_) sum.add_whole(set.read_back());
  return sum.value();
}

std::string filling::damaged_guard() const {
  for (const harness::output_buffers& set : buffers_)
    if (const auto damaged = set.damaged_guard()) return *damaged;
  return "";
}

std::string filling::damage() const {
  if (std::string damaged = damaged_guard(); !damaged.empty()) return damaged;
  const auto input = inputs_.changed();
  return input ? "wrote to its input " + *input : "";
}

std::string filling::wrong() {
  if (kind_ != guard::canaries) note_case("reference", problem_, recipe_);
  for (std::size_t set = 0; set < buffers_.size(); ++set) {
    harness::output_buffers answer(harness::place_of("reference"), layouts_[set], of_set(kind_, set));
    const nsameta_status status = fill_by_reference(problem_, answer, of_set(kind_, set));
    if (status != NSAMETA_OK) return complaint("the reference", status);
    if (const auto found = harness::compare(read_back(set), answer.read_back()))
      return (buffers_.size() == 1 ? "" : "set " + std::to_string(set) + ": ") + to_string(*found);
  }
  return damage();
}

std::string filling::wrong_after_fill(const nsameta_target& target) {
  reset();
  const nsameta_status status = nsameta_fill(&problem(), &outputs(), &target);
  return status == NSAMETA_OK ? wrong() : complaint("nsameta_fill", status);
}

std::string filling::wrong_after_fill_on(const char* backend, const nsameta_target& target) {
  reset();
  const nsameta_status status = nsameta_fill_on(backend, &problem(), &outputs(), &target);
  return status == NSAMETA_OK ? wrong() : complaint(backend, status);
}

nsameta_status fill_by_reference(const harness::problem_data& problem, harness::output_buffers& answer, guard kind) {
  harness::input_buffers inputs(harness::place_of("reference"), kind);
  inputs.upload(problem);
  return nsameta_fill_on("reference", &inputs.view(), &answer.view(), &on_host);
}

std::vector<std::string> all_variants() { return harness::split_list(NSAMETA_TEST_VARIANTS); }

std::string reproduce(const harness::problem_data& problem, const harness::case_recipe& recipe) {
  const bool is_short = problem.batch_size() <= 200 && problem.req_to_token.memory.size() <= 200 &&
                        problem.block_table.memory.size() <= 200;
  return describe(recipe) + ", seed " + std::to_string(recipe.seed) + "\n" +
         (is_short ? harness::problem_to_json(problem).dump()
                   : harness::mode_name(problem.mode) + std::string(" of ") + std::to_string(problem.batch_size()));
}

void note_case(const std::string& who, const harness::problem_data& problem, const harness::case_recipe& recipe) {
  harness::note_for_faults(who + ": " + reproduce(problem, recipe));
}

std::string complaint(const char* call, nsameta_status status) {
  if (status == NSAMETA_OK) return "";
  return std::string(call) + ": " + nsameta_status_name(status) + ": " + nsameta_last_error();
}

std::string unless_refused(const char* call, nsameta_status status, nsameta_status expected, const char* words) {
  const bool as_expected = status == expected && std::string(nsameta_last_error()).find(words) != std::string::npos;
  if (as_expected) return "";
  return std::string(call) + " was to be refused with \"" + words + "\", but: " + nsameta_status_name(status) + ": " +
         nsameta_last_error();
}

}  // namespace nsameta::test
