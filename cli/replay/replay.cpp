/// nsameta replay: the main job, the metadata of every step of a serving log.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "backend_choice.h"
#include "commands.h"
#include "messages.h"
#include "progress_bar.h"
#include "replay/models.h"
#include "replay/report.h"
#include "replay/scheduler.h"
#include "replay/step_runner.h"
#include "replay/trace.h"

namespace nsameta::cli {
namespace {

constexpr std::int64_t least_width = 1024;  // columns
constexpr std::int64_t most_table_bytes = std::int64_t{8} << 30;

/// The buffers that the whole log needs. Throws usage_error when no machine should be asked for them.
runner_options buffers_for(const replay_options& options, const scheduler& engine) {
  const scheduler_options& schedule = options.schedule;
  runner_options needed{schedule.draft_tokens,
                        schedule.max_batch,
                        engine.most_rows(),
                        engine.most_table_rows(),
                        {},
                        options.check,
                        options.plans,
                        {}};
  if (options.no_tables) return needed;
  const served_model* const model = find_model(options.model);
  const std::int32_t page = model != nullptr ? model->page_size : options.page_size;
  const std::int64_t step = (least_width + page - 1) / page * page;  // whole pages
  const std::int64_t width = (engine.most_positions() + step - 1) / step * step;
  const std::int64_t most_rows = most_table_bytes / 4 / width;
  if (needed.table_rows > most_rows)
    throw usage_error("--max-batch: " + std::to_string(schedule.max_batch) + " requests make page tables of " +
                      std::to_string(needed.table_rows) + " rows of " + std::to_string(width) +
                      " columns, more than 8 GiB; --no-tables leaves them out");
  needed.kv_cache = kv_cache_options{schedule.max_batch, width, page, schedule.seed};
  if (model != nullptr) needed.caches = plans_of(*model, width);
  return needed;
}

std::vector<request> load(const replay_options& options) {
  if (options.trace.empty()) return synthetic_workload(options.schedule.seed);
  std::ifstream file(options.trace);
  if (!file) throw trace_error("cannot open the file: " + system_reason(errno));
  return read_trace(file);
}

/// How much of the replay is behind us, by steps or by requests, whichever ends it first.
double share_done(const replay_options& options, const scheduler& engine, std::int64_t steps) {
  const double by_requests = static_cast<double>(engine.finished()) / static_cast<double>(engine.size());
  if (options.steps == 0) return by_requests;
  return std::max(by_requests, static_cast<double>(steps) / static_cast<double>(options.steps));
}

}  // namespace

int run_replay(const replay_options& options) {
  std::vector<request> log;
  try {
    log = load(options);
  } catch (const trace_error& error) {
    throw usage_error("--trace " + options.trace + ": " + error.what());
  }
  const harness::device_place place = apply_backend(options.backend);
  scheduler engine(std::move(log), options.schedule);
  step_runner runner(place, buffers_for(options, engine));

  replay_report report;
  {
    progress_bar bar;
    engine_step step;
    while ((options.steps == 0 || report.steps() < options.steps) && engine.next(step)) {
      report.add(step, runner.run(step));
      bar.show(share_done(options, engine, report.steps()));
    }
  }
  const auto damage = runner.damage();

  const replay_report::summary all{options.trace.empty() ? "built-in workload" : options.trace,
                                   place.on_host() ? "host" : place.backend + ":" + std::to_string(place.index),
                                   !place.on_host(),
                                   options.check,
                                   !options.no_tables,
                                   options.model,
                                   engine.finished(),
                                   engine.size(),
                                   engine.now_s(),
                                   runner.sum().text()};
  if (options.json) {
    report.print_json(std::cout, all);
  } else {
    report.print(std::cout, all);
  }
  if (report.mismatches() > 0) complain(report.first_difference());
  if (damage) complain("after the last step: " + *damage);
  return report.mismatches() > 0 || damage ? mismatch : success;
}

}  // namespace nsameta::cli
