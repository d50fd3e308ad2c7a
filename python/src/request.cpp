#include "request.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "errors.h"
#include "fields.h"
#include "plan.h"
#include "scalars.h"
#include "stream.h"

namespace nsameta::python {

/// How each argument gets into a request.
struct setters {
  using setter = void (*)(const char* name, nb::handle value, request& to);

  static nsameta_strided input(const char* name, nb::handle value, request& to, std::int64_t* count) {
    const array_view view = to.arrays_.read(name, value, access::read, elements::int32_or_int64);
    if (view.dimensions != 1) throw wrong_dimensions(name, view.dimensions, 1);
    *count = view.shape[0];
    return {view.data, view.stride[0], view.dtype};
  }

  static void seq_lens(const char* name, nb::handle value, request& to) {
    to.problem.seq_lens = input(name, value, to, &to.requests_);
  }
  static void extend_seq_lens(const char* name, nb::handle value, request& to) {
    to.problem.extend_seq_lens = input(name, value, to, &to.extend_seq_lens_.emplace());
  }
  static void req_pool_indices(const char* name, nb::handle value, request& to) {
    to.problem.req_pool_indices = input(name, value, to, &to.req_pool_indices_.emplace());
  }
  static void topk_lens(const char* name, nb::handle value, request& to) {
    to.problem.topk_lens = input(name, value, to, &to.topk_lens_.emplace());
  }
  static void extra_topk_lens(const char* name, nb::handle value, request& to) {
    to.problem.extra_topk_lens = input(name, value, to, &to.extra_topk_lens_.emplace());
  }
  static void num_logits(const char* name, nb::handle value, request& to) {
    to.problem.num_logits = input(name, value, to, &to.num_logits_.emplace());
  }
  static void full_to_swa(const char* name, nb::handle value, request& to) {
    to.problem.full_to_swa = input(name, value, to, &to.problem.kv_slots);
  }
  static void row_slots(const char* name, nb::handle value, request& to) {
    to.problem.out_cache_loc = input(name, value, to, &to.row_slots_.emplace());
  }
  static void swa_floor(const char* name, nb::handle value, request& to) {
    to.problem.swa_floor = input(name, value, to, &to.swa_floor_.emplace());
  }
  static void num_rejected(const char* name, nb::handle value, request& to) {
    to.problem.num_rejected = input(name, value, to, &to.num_rejected_.emplace());
  }
  /// One element, which may have no dimension.
  static void live_requests(const char* name, nb::handle value, request& to) {
    const array_view view = to.arrays_.read(name, value, access::read, elements::int32);
    if (view.dimensions > 1) throw wrong_dimensions(name, view.dimensions, 1);
    if (view.dimensions == 1 && view.shape[0] != 1)
      throw invalid_argument(std::string(name) + " has " + std::to_string(view.shape[0]) + " elements, not 1");
    to.problem.live_requests = static_cast<const std::int32_t*>(view.data);
  }

  /// int32, two-dimensional, each row without gaps.
  static array_view table(const char* name, nb::handle value, request& to, access how) {
    array_view view = to.arrays_.read(name, value, how, elements::int32);
    if (view.dimensions != 2) throw wrong_dimensions(name, view.dimensions, 2);
    if (view.stride[1] != 1)
      throw invalid_argument(std::string(name) + " has columns " + std::to_string(view.stride[1]) +
                             " elements apart, not next to each other");
    if (view.shape[0] > 1 && view.stride[0] < view.shape[1])
      throw invalid_argument(std::string(name) + " has rows " + std::to_string(view.stride[0]) +
                             " elements apart, less than their " + std::to_string(view.shape[1]) + " columns");
    if (view.shape[0] <= 1) view.stride[0] = view.shape[1];
    return view;
  }
  template <auto member>
  static void engine_table(const char* name, nb::handle value, request& to) {
    const array_view view = table(name, value, to, access::read);
    to.problem.*member = {static_cast<const std::int32_t*>(view.data), view.shape[0], view.shape[1], view.stride[0]};
  }
  /// None for a cache that has none.
  static void block_tables(const char* name, nb::handle value, request& to) {
    if (!nb::isinstance<nb::list>(value) && !nb::isinstance<nb::tuple>(value))
      throw wrong_type(shown(name, value) + ", not a list or tuple of arrays");
    const std::size_t count = nb::len(value);
    if (count > block_table_names.size())
      throw invalid_argument(std::string(name) + " has " + std::to_string(count) + " tables, more than " +
                             std::to_string(block_table_names.size()));
    for (std::size_t i = 0; i < count; ++i) {
      const nb::object each = value[i];
      if (each.is_none()) continue;
      const array_view view = table(block_table_names[i], each, to, access::read);
      to.problem.block_tables[i] = {static_cast<const std::int32_t*>(view.data), view.shape[0], view.shape[1],
                                    view.stride[0]};
    }
  }
  template <auto member>
  static void page_table(const char* name, nb::handle value, request& to) {
    const array_view view = table(name, value, to, access::write);
    to.outputs.*member = {static_cast<std::int32_t*>(view.data), view.shape[0], view.shape[1], view.stride[0]};
  }

  /// A single element may have no dimension.
  template <vector_member member, elements wanted>
  static void vector(const char* name, nb::handle value, request& to) {
    const array_view view = to.arrays_.read(name, value, access::write, wanted);
    if (view.dimensions > 1) throw wrong_dimensions(name, view.dimensions, 1);
    if (view.dimensions == 1 && view.stride[0] != 1)
      throw invalid_argument(std::string(name) + " has elements " + std::to_string(view.stride[0]) +
                             " apart, not next to each other");
    to.outputs.*member = {view.data, view.dimensions == 1 ? view.shape[0] : 1, view.dtype};
  }

  static void mode(const char* name, nb::handle value, request& to) {
    std::array<const char*, modes.size()> words;
    std::ranges::transform(modes, words.begin(), &mode_row::name);
    to.problem.mode = static_cast<nsameta_mode>(to_choice(name, value, words));
  }
  template <auto member>
  static void parameter(const char* name, nb::handle value, request& to) {
    to.problem.*member = to_integer<std::remove_reference_t<decltype(to.problem.*member)>>(name, value);
  }
  static void kv_shard(const char* name, nb::handle value, request& to) {
    const auto [size, rank, interleave] = to_integers<3>(name, value);
    to.problem.kv_shard = {size, rank, interleave};
  }
  static void q_shard(const char* name, nb::handle value, request& to) {
    const auto [size, rank] = to_integers<2>(name, value);
    to.problem.q_shard.size = size;
    to.problem.q_shard.rank = rank;
  }
  static void q_shard_kind(const char* name, nb::handle value, request& to) {
    to.problem.q_shard.kind = static_cast<nsameta_q_shard_kind>(to_choice(name, value, q_shard_kind_names));
  }

  static void vector_tail(const char* name, nb::handle value, request& to) {
    constexpr const char* words[] = {"keep", "zero"};
    to.outputs.vector_tail = static_cast<nsameta_tail>(to_choice(name, value, words));
  }
  static void table_tail(const char* name, nb::handle value, request& to) {
    constexpr const char* words[] = {"keep", "zero", "value"};
    to.outputs.table_tail = static_cast<nsameta_tail>(to_choice(name, value, words));
  }
  static void table_tail_value(const char* name, nb::handle value, request& to) {
    to.outputs.table_tail_value = to_integer<std::int32_t>(name, value);
  }
  static void length_offset(const char* name, nb::handle value, request& to) {
    to.outputs.length_offset = to_integer<std::int64_t>(name, value);
  }
  static void row_values_from(const char* name, nb::handle value, request& to) {
    to.outputs.row_values_from = to_integer<std::int64_t>(name, value);
  }
  static void draft_step(const char* name, nb::handle value, request& to) {
    to.outputs.draft_step = to_integer<std::int32_t>(name, value);
  }

  template <auto member>
  static void limit(const char* name, nb::handle value, request& to) {
    to.*member = to_natural<std::int64_t>(name, value);
  }
  static void overlap(const char* name, nb::handle value, request& to) {
    if (!PyBool_Check(value.ptr())) throw invalid_argument(shown(name, value) + ", neither True nor False");
    to.flags_ = value.ptr() == Py_True ? 0 : NSAMETA_TARGET_NO_OVERLAP;
  }
  static void stream(const char*, nb::handle, request&) {}  // read before all others

  static std::size_t count_dicts(const char* name, nb::handle value) {
    if (!nb::isinstance<nb::list>(value) && !nb::isinstance<nb::tuple>(value))
      throw wrong_type(shown(name, value) + ", not a list or tuple of dicts");
    return nb::len(value);
  }
  static std::string place_in(const char* name, std::size_t i) {
    return std::string(name) + "[" + std::to_string(i) + "]";
  }

  /// A sequence of dictionaries, each with a plan.
  static void plans(const char* name, nb::handle value, request& to) {
    const std::size_t plan_count = count_dicts(name, value);
    if (plan_count > NSAMETA_MAX_PLANS)
      throw invalid_argument(std::string(name) + " has " + std::to_string(plan_count) + " plans, more than " +
                             std::to_string(NSAMETA_MAX_PLANS));
    std::vector<nsameta_plan>& read = to.plans_.emplace_back();
    for (std::size_t i = 0; i < plan_count; ++i)
      read.push_back(to_plan(place_in(name, i), value[i], to.arrays_, to.names_));
    to.outputs.plans = read.data();
    to.outputs.plan_count = std::ssize(read);
  }

  /// A sequence of dictionaries, each with the outputs and options of a set.
  static void many(const char* name, nb::handle value, request& to) {
    const std::size_t set_count = count_dicts(name, value);
    to.many_sets.reserve(set_count);
    for (std::size_t i = 0; i < set_count; ++i) {
      const nb::object one = value[i];
      const std::string set = place_in(name, i);
      if (!nb::isinstance<nb::dict>(one)) throw wrong_type(shown(set.c_str(), one) + ", not a dict");
      to.start_set();
      for (const auto [key, held] : nb::borrow<nb::dict>(one)) {
        const std::size_t which = find(key.ptr(), 0);
        if (which == count || !of_set(all[which])) throw wrong_type(set + ": " + wrong_name(key, which, of_set));
        if (held.is_none()) continue;
        to.names_.push_back(set + "." + all[which].name);
        all[which].set(to.names_.back().c_str(), held, to);
      }
      to.apply_limits();
      to.many_sets.push_back(to.outputs);
    }
  }

  static library_error wrong_dimensions(const char* name, int dimensions, int wanted) {
    return invalid_argument(std::string(name) + " has " + std::to_string(dimensions) +
                            (dimensions == 1 ? " dimension, not " : " dimensions, not ") + std::to_string(wanted));
  }

  /// An argument is the call's, or one of each set's where a call has many; `many` is the sets themselves.
  enum class scope { call, set, many };

  struct row {
    const char* name;
    setter set;
    const char* fallback;  ///< as a signature shows it; null: there is none
    scope of;
  };
  using p = nsameta_problem;
  static constexpr auto inputs = std::to_array<row>({
      {"mode", mode, nullptr, scope::call},
      {"seq_lens", seq_lens, nullptr, scope::call},
      {"outputs", many, nullptr, scope::many},  // the three that need no name
      {"extend_seq_lens", extend_seq_lens, "None", scope::call},
      {"uniform_extend_len", parameter<&p::uniform_extend_len>, "0", scope::call},
      {"req_pool_indices", req_pool_indices, "None", scope::call},
      {"req_to_token", engine_table<&p::req_to_token>, "None", scope::call},
      {"page_size", parameter<&p::page_size>, "64", scope::call},
      {"index_topk", parameter<&p::index_topk>, "2048", scope::call},
      {"index_kpool", parameter<&p::index_kpool>, "1", scope::call},
      {"kv_shard", kv_shard, "(1, 0, 1)", scope::call},
      {"q_shard", q_shard, "(1, 0)", scope::call},
      {"q_shard_kind", q_shard_kind, "'round_robin'", scope::call},
      {"context_limit", parameter<&p::context_limit>, "0", scope::call},
      {"live_requests", live_requests, "None", scope::call},
      {"block_table", engine_table<&p::block_table>, "None", scope::call},
      {"block_size", parameter<&p::block_size>, "64", scope::call},
      {"pad_slot", parameter<&p::pad_slot>, "-1", scope::call},
      {"topk_lens", topk_lens, "None", scope::call},
      {"extra_topk_lens", extra_topk_lens, "None", scope::call},
      {"num_logits", num_logits, "None", scope::call},
      {"num_rejected", num_rejected, "None", scope::call},
      {"seq_pad", parameter<&p::seq_pad>, "0", scope::call},
      {"full_to_swa", full_to_swa, "None", scope::call},
      {"row_slots", row_slots, "None", scope::call},
      {"swa_floor", swa_floor, "None", scope::call},
      {"block_tables", block_tables, "None", scope::call},
      {"pad_rows_to", parameter<&p::pad_rows_to>, "0", scope::call},
  });
  static constexpr auto options = std::to_array<row>({
      {"plans", plans, "None", scope::set},
      {"vector_tail", vector_tail, "'keep'", scope::set},
      {"table_tail", table_tail, "'keep'", scope::set},
      {"table_tail_value", table_tail_value, "0", scope::set},
      {"length_offset", length_offset, "0", scope::set},
      {"draft_step", draft_step, "0", scope::set},
      {"row_values_from", row_values_from, "0", scope::set},
      {"batch_size", limit<&request::batch_size_>, "None", scope::call},
      {"row_limit", limit<&request::row_limit_>, "None", scope::set},
      {"column_limit", limit<&request::column_limit_>, "None", scope::set},
      {"overlap", overlap, "True", scope::call},
      {"stream", stream, "None", scope::call},  // the last
  });

  static constexpr std::size_t count = inputs.size() + output_count + options.size();
  static constexpr std::size_t many_place = 2, stream_place = count - 1;

  /// The inputs, a row for each output, the options.
  template <std::size_t... v, std::size_t... t>
  static constexpr std::array<row, count> make_rows(std::index_sequence<v...>, std::index_sequence<t...>) {
    const row outputs[] = {
        {vector_fields[v].name, vector<vector_fields[v].member, vector_fields[v].holds>, "None", scope::set}...,
        {table_fields[t].name, page_table<table_fields[t].member>, "None", scope::set}...};
    std::array<row, count> rows{};
    std::copy(options.begin(), options.end(),
              std::copy(std::begin(outputs), std::end(outputs), std::copy(inputs.begin(), inputs.end(), rows.begin())));
    return rows;
  }
  static const std::array<row, count> all;

  static bool of_set(const row& each) { return each.of == scope::set; }
  static bool takes(sets what, const row& each) {
    return each.of == scope::call || (each.of == scope::many) == (what == sets::many);
  }

  /// Names in a call are interned and mostly in this order, so that an address is found next to the one before.
  /// `count`: there is none.
  static std::size_t find(PyObject* name, std::size_t after) {
    static const std::array<PyObject*, count>& interned = *new std::array<PyObject*, count>([] {
      std::array<PyObject*, count> names;
      for (std::size_t i = 0; i < count; ++i) names[i] = PyUnicode_InternFromString(all[i].name);
      return names;
    }());
    for (const std::size_t from : {after, std::size_t{0}})
      if (const auto at = std::find(interned.begin() + from, interned.end(), name); at != interned.end())
        return at - interned.begin();
    for (std::size_t i = 0; i < count; ++i)
      if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, all[i].name) == 0) return i;
    return count;
  }

  /// What is wrong with a name that is no argument, or of another scope.
  template <class Takes>
  static std::string wrong_name(nb::handle name, std::size_t found, Takes takes) {
    if (found != count && all[found].of == scope::set)
      return std::string(all[found].name) + " is each set's, in outputs";
    if (found != count && all[found].of == scope::call)
      return std::string(all[found].name) + " is the call's, not a set's";
    if (!nb::isinstance<nb::str>(name)) return shown("a name", name) + ", not a str";
    std::vector<const char*> words;
    for (const row& each : all)
      if (takes(each)) words.push_back(each.name);
    return "no argument is called " + from_python(nb::repr(name)) + suggestion(from_python(name), words);
  }
};

constexpr std::array<setters::row, setters::count> setters::all =
    make_rows(std::make_index_sequence<vector_fields.size()>(), std::make_index_sequence<table_fields.size()>());

std::string request_signature(sets what) {
  std::string text = "($module";
  bool named = false;
  for (const setters::row& each : setters::all) {
    if (!setters::takes(what, each)) continue;
    text += std::string(each.fallback != nullptr && !named ? ", *, " : ", ") + each.name;
    named = each.fallback != nullptr;
    if (named) text += std::string("=") + each.fallback;
  }
  return text + ")\n--\n\n";
}

/// The values by their arguments' places.
class request::values {
 public:
  values(const call_arguments& given, sets what) {
    const Py_ssize_t without_name = what == sets::many ? 3 : 2;
    if (given.positional > without_name)
      throw wrong_type(std::to_string(given.positional) + " positional arguments: only mode" +
                       (what == sets::many ? ", seq_lens and outputs" : " and seq_lens") + " may be");
    for (Py_ssize_t i = 0; i < given.positional; ++i) put(i, given.values[i]);
    const Py_ssize_t named = given.names != nullptr ? PyTuple_Size(given.names) : 0;
    std::size_t place = 0;
    for (Py_ssize_t i = 0; i < named; ++i) {
      PyObject* name = PyTuple_GetItem(given.names, i);
      place = setters::find(name, place);
      if (place == setters::count || !setters::takes(what, setters::all[place]))
        throw wrong_type(
            setters::wrong_name(name, place, [=](const auto& each) { return setters::takes(what, each); }));
      put(place, given.values[given.positional + i]);
    }
    for (std::size_t i = 0; i < setters::count; ++i)
      if (setters::all[i].fallback == nullptr && setters::takes(what, setters::all[i]) && !at(i).is_valid())
        throw wrong_type(std::string(setters::all[i].name) + " is missing");
  }

  /// Null where none, or None, is given.
  nb::handle at(std::size_t place) const { return at_[place] != Py_None ? at_[place] : nullptr; }

 private:
  void put(std::size_t place, PyObject* value) {
    if (at_[place] != nullptr) throw wrong_type(std::string(setters::all[place].name) + " is given twice");
    at_[place] = value;
  }

  std::array<PyObject*, setters::count> at_{};
};

std::optional<std::uintptr_t> request::stream_of(const values& given) {
  const nb::handle stream = given.at(setters::stream_place);
  if (!stream.is_valid()) return std::nullopt;
  return to_stream("stream", stream);
}

request::request(const call_arguments& given, sets what) : request(values(given, what)) {}

request::request(const values& given) : arrays_(stream_of(given)) {
  nsameta_problem_init(&problem);
  nsameta_outputs_init(&outputs);
  const auto set = [&](std::size_t place) {
    if (given.at(place).is_valid()) setters::all[place].set(setters::all[place].name, given.at(place), *this);
  };
  for (std::size_t i = 0; i < setters::count; ++i)
    if (i != setters::many_place) set(i);
  check_lengths();
  apply_limits();
  set(setters::many_place);
  if (const nb::handle stream = given.at(setters::stream_place); stream.is_valid() && !arrays_.on_device())
    throw invalid_argument(shown("stream", stream) + ", but the arrays are on the CPU, which has no streams");
  target = arrays_.target(flags_);
  stream_unknown = arrays_.stream_unknown();
}

/// The library sees pointers alone.
void request::check_lengths() {
  problem.batch_size = batch_size_.value_or(requests_);
  const auto check = [this](const char* name, std::int64_t elements) {
    if (elements < problem.batch_size || (!batch_size_ && elements != problem.batch_size))
      throw invalid_argument(std::string(name) + " has " + std::to_string(elements) + " elements, but the batch has " +
                             std::to_string(problem.batch_size));
  };
  check("seq_lens", requests_);
  if (extend_seq_lens_) check("extend_seq_lens", *extend_seq_lens_);
  if (req_pool_indices_) check("req_pool_indices", *req_pool_indices_);
  if (topk_lens_) check("topk_lens", *topk_lens_);
  if (extra_topk_lens_) check("extra_topk_lens", *extra_topk_lens_);
  if (num_logits_) check("num_logits", *num_logits_);
  if (num_rejected_) check("num_rejected", *num_rejected_);
  if (row_slots_ && swa_floor_ && *row_slots_ != *swa_floor_)
    throw invalid_argument("swa_floor has " + std::to_string(*swa_floor_) + " elements, but row_slots has " +
                           std::to_string(*row_slots_));
  problem.row_values = row_slots_.value_or(swa_floor_.value_or(0));
}

void request::start_set() {
  nsameta_outputs_init(&outputs);
  row_limit_ = column_limit_ = std::nullopt;
}

void request::apply_limits() {
  if (row_limit_) {
    for (const vector_field& field : vector_fields)
      if (std::int64_t& capacity = (outputs.*field.member).capacity; field.per_row() && *row_limit_ < capacity)
        capacity = element_count(field.size, 0, *row_limit_);
    if (outputs.draft_step == 0 && row_of(problem.mode).table_row_a_row)
      for (const table_field& field : table_fields) {
        std::int64_t& rows = (outputs.*field.member).rows;
        rows = std::min(rows, *row_limit_);
      }
  }
  const nsameta_kv_shard& shard = problem.kv_shard;
  const bool countable = problem.page_size > 0 && shard.size > 0 && shard.interleave > 0;  // else the library refuses
  if (column_limit_ && countable)
    for (const table_field& field : table_fields) {
      std::int64_t& width = (outputs.*field.member).width;
      width = std::min(width, field.columns(*column_limit_, problem));
    }
}

}  // namespace nsameta::python
