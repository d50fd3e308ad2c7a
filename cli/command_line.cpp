#include "command_line.h"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "backends.h"
#include "commands.h"
#include "harness/backend_name.h"
#include "harness/nearest_name.h"
#include "messages.h"
#include "nsameta/version.h"
#include "replay/models.h"

namespace nsameta::cli {
namespace {

std::string version() {
  return "nsameta " + std::to_string(NSAMETA_VERSION_MAJOR) + "." + std::to_string(NSAMETA_VERSION_MINOR) + "." +
         std::to_string(NSAMETA_VERSION_PATCH);
}

/// For unsigned options: CLI11 lets "-1" wrap around.
const CLI::Range not_negative(std::int64_t{0}, std::numeric_limits<std::int64_t>::max());

/// A positive number: CLI::Range takes "nan" for one.
std::string check_minutes(const std::string& text) {
  double minutes = 0;
  constexpr double most = 1e6;
  if (CLI::detail::lexical_cast(text, minutes) && minutes > 0 && minutes <= most) return "";
  return text + " is no number of minutes above 0 and up to 1000000";
}

/// CLI::Range takes "nan" for a number within it.
std::string check_probability(const std::string& text) {
  double share = 0;
  return CLI::detail::lexical_cast(text, share) && share >= 0 && share <= 1 ? "" : text + " is no number from 0 to 1";
}

std::string check_file(const std::string& name) { return name.empty() ? "\"\" names no file" : ""; }

std::string check_backends(const std::string& list) {
  return harness::split_list(list).empty() ? "\"" + list + "\" names no backend" : "";
}

/// Adds `--backend`, with NSAMETA_BACKEND behind it.
void add_backend(CLI::App& command, std::string& backend) {
  std::vector<std::string_view> names{"auto"};
  for (const backend_identity& each : all_backends) names.push_back(each.name);
  command
      .add_option("--backend", backend,
                  harness::join_names(names) +
                      ", with optional :index and /variant, or an ordered list of them. Data lives on the device of "
                      "the backend; auto keeps it on the host")
      ->envname("NSAMETA_BACKEND")
      ->type_name("NAME");
}

/// Adds the option that lists what is held against the reference.
void add_backends(CLI::App& command, const std::string& names, std::string& backends) {
  command.add_option(names, backends, "Which: name[:index][/variant], comma-separated; default all")
      ->check(check_backends)
      ->type_name("LIST");
}

void add_json(CLI::App& command, bool& json) { command.add_flag("--json", json, "Prints JSON"); }

CLI::App& add_info(CLI::App& app, info_options& options) {
  CLI::App& command =
      *app.add_subcommand("info", "Shows backends, devices, what is missing and why, and what would run");
  add_json(command, options.json);
  return command;
}

CLI::App& add_fill(CLI::App& app, fill_options& options) {
  CLI::App& command = *app.add_subcommand("fill", "Solves problems given as JSON, prints every field as JSON");
  command.add_option("--input", options.input, "File of problems, one JSON object each; - is standard input")
      ->check(check_file)
      ->type_name("FILE")
      ->capture_default_str();
  add_backend(command, options.backend);
  command.add_flag("--explain", options.explain, "Adds the key `decision`: which kernel ran, and why no other");
  command.footer(
      "Example: echo '{\"mode\": \"extend\", \"seq_lens\": [10, 4], \"extend_seq_lens\": [3, 2]}' | nsameta fill\n"
      "Keys: mode, seq_lens, extend_seq_lens, uniform_extend_len, req_pool_indices, req_to_token, page_size, "
      "index_topk, index_kpool, kv_shard, q_shard, context_limit, live_requests, block_table, block_size, pad_slot, "
      "vector_tail, table_tail, table_tail_value, length_offset, draft_step, row_values_from, draft_steps, "
      "topk_lens, extra_topk_lens, num_logits, num_rejected, seq_pad, pad_rows_to, compress_ratios, index_align, "
      "table_rows, swa_window, swa_source, swa_ring, swa_order, swa_shape, swa_page_size, full_to_swa, "
      "out_cache_loc, swa_floor, block_tables, local_tables, tail, "
      "capacities, previous, plans, plan.");
  return command;
}

CLI::App& add_replay(CLI::App& app, replay_options& options) {
  CLI::App& command =
      *app.add_subcommand("replay", "Runs a continuous-batching scheduler over a serving log and fills every step");
  command
      .add_option("--trace", options.trace,
                  "CSV with TIMESTAMP,ContextTokens,GeneratedTokens or timestamp_ms,input_tokens,output_tokens; "
                  "without it, a built-in synthetic workload of one hour")
      ->check(check_file)
      ->type_name("CSV");
  add_backend(command, options.backend);
  scheduler_options& schedule = options.schedule;
  command.add_option("--draft-tokens", schedule.draft_tokens, "Tokens verified per request and step; 0: plain decode")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_option("--accept", schedule.accept, "Probability that a draft token is accepted")
      ->check(check_probability)
      ->capture_default_str();
  command.add_option("--max-batch", schedule.max_batch, "Requests in flight at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--chunk", schedule.chunk, "Prefill tokens of a step at most")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  CLI::Option* page_size = command.add_option("--page-size", options.page_size, "Tokens of a KV page")
                               ->check(CLI::Range(1, 65536))
                               ->capture_default_str();
  CLI::Option* no_tables = command.add_flag("--no-tables", options.no_tables, "Fills no page tables");
  command.add_flag("--plans", options.plans,
                   "Fills the step vectors, and plans of DeepGEMM, FlashMLA and top-k for 132 SMs, in the same launch");
  std::vector<std::string> models;
  for (const served_model& model : served_models()) models.emplace_back(model.name);
  command
      .add_option("--model", options.model,
                  "Fills plans of the model's compressed caches and sliding window in the same launch, with its pages")
      ->check(CLI::IsMember(models))
      ->excludes(page_size)
      ->excludes(no_tables);
  command.add_option("--steps", options.steps, "Stop after so many steps; 0: run the whole log")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--seed", schedule.seed, "Decides the acceptance, the scatter of KV pages and the built-in workload")
      ->check(not_negative)
      ->capture_default_str();
  command.add_flag("--check", options.check, "Compares every step with the reference backend; exit 1 on a mismatch");
  add_json(command, options.json);
  command.footer(
      "The digest covers every live output of every step: equal options give equal digests on all backends.");
  return command;
}

CLI::App& add_soak(CLI::App& app, soak_options& options) {
  CLI::App& command =
      *app.add_subcommand("soak", "Runs random problems over all usable backends, looking for mismatches and leaks");
  CLI::Option* minutes = command.add_option("--minutes", options.minutes, "How long; fractions are minutes too")
                             ->check(check_minutes)
                             ->capture_default_str();
  add_backends(command, "--backends,--backend", options.backends);
  command.add_option("--seed", options.seed, "Decides the problems")->check(not_negative)->capture_default_str();
  command.add_option("--case", options.only_case, "Runs this one case, once on each backend: to repeat a mismatch")
      ->check(not_negative)
      ->excludes(minutes);
  add_json(command, options.json);
  command.footer(
      "A mismatch says how to repeat it, prints its problem as the last line of standard output, made small, in the "
      "form that `nsameta fill` takes, and exits 1. A leak exits 4: a resource of which every quarter of the time, "
      "after a fifth of it to warm up, used more than the one before, by more than is allowed.");
  return command;
}

CLI::App& add_verify(CLI::App& app, verify_options& options) {
  CLI::App& command = *app.add_subcommand("verify", "Holds every usable backend against the reference, bit for bit");
  add_backends(command, "--backends,--backend", options.backends);
  command.add_option("--cases", options.cases, "Generated problems per backend")
      ->check(CLI::Range(1, 1 << 30))  // as a signed number: -1 would count to 2^64
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Decides the problems")->check(not_negative)->capture_default_str();
  command.add_option("--require", options.required, "Backends whose absence is an error (exit 3)")
      ->check(check_backends)
      ->type_name("LIST")
      ->envname("NSAMETA_REQUIRE");
  add_json(command, options.json);
  command.footer(
      "Half of the problems are batches as engines step them, half are anything that is allowed.\n"
      "A mismatch prints its problem as the last line of standard output, made small, in the form that `nsameta fill` "
      "takes, and exits 1.");
  return command;
}

CLI::App& add_check_plans(CLI::App& app, check_plans_options& options) {
  CLI::App& command = *app.add_subcommand(
      "check-plans", "Says which presets equal the plans of the DeepGEMM, FlashMLA and aiter that are installed");
  command.add_option("--python", options.python, "The interpreter that has these libraries, torch and nsameta")
      ->check(check_file)
      ->type_name("PATH")
      ->capture_default_str();
  command.footer(
      "Runs each library on 20 problems, as `python3 -m nsameta.check_plans` does. Exits 1 if no preset equals a plan "
      "that one shows, or if one raises.");
  return command;
}

/// CLI11 says of a first word that is none of them only that there must be one.
void refuse_unknown_subcommand(CLI::App& app, const std::string& word) {
  std::vector<std::string_view> names;
  for (const CLI::App* each : app.get_subcommands({})) names.push_back(each->get_name());
  if (std::ranges::find(names, word) != names.end()) return;
  if (word.starts_with('-')) {
    if (app.get_option_no_throw(word) != nullptr) return;
    throw usage_error("\"" + word + "\" does not go before a subcommand");
  }
  const std::string nearest = harness::nearest_name(word, names);
  throw usage_error("\"" + word + "\" is no subcommand" +
                    (nearest.empty() ? ";" : "; did you mean \"" + nearest + "\"?") + " valid are " +
                    harness::join_names(names));
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"The metadata tables of sparse attention (NSA/DSA), filled in one launch on CUDA, HIP or CPU."};
  app.set_version_flag("--version", version());
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 success, 1 mismatch, 2 bad input, 3 a backend or Python that was asked for cannot run, 4 failure "
      "or leak.\nNSAMETA_BACKEND chooses the backend where --backend does not; NSAMETA_LOG=dispatch prints "
      "every decision.");
  info_options info;
  fill_options fill;
  replay_options replay;
  soak_options soak;
  verify_options verify;
  check_plans_options check_plans;
  int result = success;
  add_info(app, info).callback([&] { result = run_info(info); });
  add_fill(app, fill).callback([&] { result = run_fill(fill); });
  add_replay(app, replay).callback([&] { result = run_replay(replay); });
  add_soak(app, soak).callback([&] { result = run_soak(soak); });
  add_verify(app, verify).callback([&] { result = run_verify(verify); });
  add_check_plans(app, check_plans).callback([&] { result = run_check_plans(check_plans); });
  if (argc > 1) refuse_unknown_subcommand(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream complaint;
    const bool asked = app.exit(error, std::cout, complaint) == 0;  // for help, or for the version
    const std::string text = complaint.str();
    if (!asked) complain(text.substr(0, text.find('\n')) + "; --help says what there is");
    return asked ? success : bad_input;
  }
  return result;
}

}  // namespace nsameta::cli
