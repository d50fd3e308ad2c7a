#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "program.h"

namespace nsameta::test {
namespace {

const std::string production_style =
    "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    "2023-11-16 18:17:03.9799600,4808,10\n"
    "2023-11-16 18:17:04.0319600,3180,8\r\n"
    "2023-11-16 18:17:14.5000000,110,27\n";

const std::string other_style =
    "request,timestamp_ms,input_tokens,output_tokens\n"
    "a,3979.96,4808,10\n"
    "b,4031.96,3180,8\n"
    "c,14500,110,27\n";

std::string digest_of(const std::string& arguments, const std::string& environment = "") {
  const outcome result = run("replay --json " + arguments, "", environment);
  CHECK_MESSAGE(result.code == 0, result.err);
  return json_of(result)["digest"];
}

TEST_CASE("a log is replayed to its end, every step checked") {
  const temporary_file trace(production_style);
  const outcome result = run("replay --check --json --chunk 2048 --trace " + trace.path());
  CHECK_MESSAGE(result.code == 0, result.err);
  const auto report = json_of(result);
  CHECK(report["requests"] == 3);
  CHECK(report["requests_finished"] == 3);
  CHECK(report["mismatches"] == 0);
  CHECK(report["modes"]["extend"]["rows"] == 4808 + 3180 + 110);
  CHECK(report["modes"]["target_verify"]["steps"] == report["modes"]["draft_extend"]["steps"]);
  CHECK(report["modes"]["draft_extend"]["rows"] == 9 + 7 + 26);  // prefill gives each first token
  CHECK_FALSE(report["modes"].contains("decode"));
  // A chunk shows its whole context so far; the second request's prefill begins in the first one's last chunk.
  const std::int64_t first = 2048 + 4096 + 4808, second = 3 * 2048 - 4808 + 3180;
  CHECK(report["modes"]["extend"]["live_columns"] == first + second + 110);
}

TEST_CASE("page tables can be left out, and pages have any size") {
  const temporary_file trace(production_style);
  const auto report = json_of(run("replay --json --check --no-tables --trace " + trace.path()));
  CHECK(report["mismatches"] == 0);
  CHECK(report["modes"]["extend"]["live_columns"] == 0);
  const std::string with_tables = digest_of("--trace " + trace.path());
  CHECK(report["digest"] != with_tables);
  for (const char* page_size : {"1", "256", "640", "65536"}) {
    const std::string arguments = std::string("--check --page-size ") + page_size + " --trace " + trace.path();
    CHECK(digest_of(arguments) != with_tables);
    CHECK(digest_of(arguments + " --backend cpu/tbb") == digest_of(arguments));
  }
  for (const std::string size : {"0", "65537", "3x", "nan"}) {
    const outcome refused = run("replay --page-size " + size);
    CHECK(refused.code != 0);
    CHECK(refused.err.find("--page-size") != std::string::npos);
    CHECK(refused.err.find(size) != std::string::npos);
  }
}

TEST_CASE("a replay of whole steps has one digest on all backends") {
  const temporary_file trace(production_style);
  const std::string arguments = "--plans --check --trace " + trace.path();
  const std::string digest = digest_of(arguments);
  CHECK(digest != digest_of("--trace " + trace.path()));
  for (const char* backend : {"cpu/tbb", "reference", "simt:0", "simt:1"})
    if (run(std::string("replay --steps 1 --backend ") + backend).code == 0)
      CHECK(digest_of(arguments + " --backend " + backend) == digest);
}

TEST_CASE("a replay of a model's caches has one digest on all backends") {
  const temporary_file trace(production_style);
  std::vector<std::string> digests{digest_of("--trace " + trace.path())};
  for (const char* model : {"v3.2", "glm-5.3", "v4", "v4.1"}) {
    const std::string arguments = std::string("--check --model ") + model + " --trace " + trace.path();
    const std::string digest = digest_of(arguments);
    CHECK(std::ranges::find(digests, digest) == digests.end());
    digests.push_back(digest);
    for (const char* backend : {"cpu/tbb", "reference", "simt:0", "simt:1"})
      if (run(std::string("replay --steps 1 --backend ") + backend).code == 0)
        CHECK(digest_of(arguments + " --backend " + backend) == digest);
  }
  for (const char* refused : {"--model v5", "--model v4 --page-size 64", "--model v4 --no-tables"}) {
    const outcome result = run(std::string("replay --steps 1 ") + refused);
    CHECK(result.code == 2);
    CHECK(result.err.find("--model") != std::string::npos);
  }
}

TEST_CASE("tables that would not fit in memory are refused by name") {
  const outcome result = run("replay --max-batch 1000000 --steps 1");
  CHECK(result.code == 2);
  CHECK(result.err.find("--max-batch: 1000000 requests") != std::string::npos);
  CHECK(run("replay --max-batch 1000000 --steps 1 --no-tables").code == 0);
}

TEST_CASE("both column styles tell the same log") {
  const temporary_file one(production_style), other(other_style);
  CHECK(digest_of("--trace " + one.path()) == digest_of("--trace " + other.path()));
}

TEST_CASE("without draft tokens, decoding is plain") {
  const temporary_file trace(production_style);
  const auto report = json_of(run("replay --json --draft-tokens 0 --trace " + trace.path()));
  CHECK(report["modes"]["decode"]["rows"] == 9 + 7 + 26);
  CHECK(report["modes"].size() == 2);
}

TEST_CASE("every backend gives the same digest") {
  const std::string steps = "--steps 60 --chunk 512 --max-batch 40";
  const std::string expected = digest_of(steps + " --backend reference");
  CHECK(digest_of(steps) == expected);
  CHECK(digest_of(steps + " --backend cpu/serial") == expected);
  CHECK(digest_of(steps + " --backend cpu/tbb --check") == expected);
  CHECK(digest_of(steps, "NSAMETA_BACKEND=cpu") == expected);
  if (is_ready("simt")) {
    CHECK(digest_of(steps + " --backend simt:0") == expected);
    CHECK(digest_of(steps + " --backend simt:1") == expected);
  }
  for (const char* gpu : {"cuda", "hip"})
    if (is_ready(gpu)) CHECK(digest_of(steps + " --check --backend " + gpu) == expected);
  CHECK(digest_of(steps + " --seed 2") != expected);
}

TEST_CASE("the table tells steps, times and the digest, and no progress bar is drawn into a file") {
  const outcome result = run("replay --steps 200 --check");
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  for (const char* text :
       {"median us", "p99 us", "extend", "target_verify", "over 200 steps", "0 mismatches", "digest"})
    CHECK(result.out.find(text) != std::string::npos);
}

TEST_CASE("a backend that leaves its outputs alone is found out") {
  const outcome result =
      run("replay --steps 5 --check --backend cuda", "", "NSAMETA_PLUGIN_DIR='" NSAMETA_IDLE_MODULE "'");
  CHECK(result.code == 1);
  CHECK(result.out.find("check against reference: 5 mismatches") != std::string::npos);
  CHECK(result.err.find("step 0 (extend): cache_seqlens[0]: ") != std::string::npos);
}

TEST_CASE("a log that cannot be read exits 2 and names the line, the column and the value") {
  const auto complaint = [](const std::string& content) {
    const temporary_file trace(content);
    const outcome result = run("replay --trace " + trace.path());
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(lines_of(result.err).size() == 1);
    return result.err;
  };
  CHECK(complaint("a,b,c\n1,2,3\n").find("line 1: \"a,b,c\"") != std::string::npos);
  CHECK(complaint("timestamp_ms,input_tokens,output_tokens\n1,2,3\n1,many,3\n").find("line 3: input tokens \"many\"") !=
        std::string::npos);
  CHECK(complaint("timestamp_ms,input_tokens,output_tokens\n1,2,-3\n").find("line 2: output tokens \"-3\"") !=
        std::string::npos);
  CHECK(complaint("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-13-16 18:17:03,1,1\n").find("2023-13-16") !=
        std::string::npos);
  CHECK(complaint("timestamp_ms,input_tokens,output_tokens\n1,2\n").find("line 2: only 2 columns") !=
        std::string::npos);
  for (const std::string time : {"nan", "inf", "-inf"})
    CHECK(complaint("timestamp_ms,input_tokens,output_tokens\n1,2,3\n" + time + ",2,3\n")
              .find("line 3: timestamp_ms \"" + time + "\" is no time") != std::string::npos);
  CHECK(complaint("timestamp_ms,input_tokens,output_tokens\n\n").find("no request comes after the header") !=
        std::string::npos);
  CHECK(complaint("\x1b[31ma,b\n1,2\n").find(R"(line 1: "\x1b[31ma,b")") != std::string::npos);
  CHECK(complaint(std::string("\xff\xfet\0i\0\n\0", 8)).find(R"("\xff\xfet?i?" names neither)") != std::string::npos);
  CHECK(run("replay --trace /nonexistent.csv").err.find("No such file or directory") != std::string::npos);
  CHECK(run("replay --trace /tmp").err == "nsameta: --trace /tmp: reading failed: Is a directory\n");
  CHECK(run("replay --trace ''").err.find("--trace: \"\" names no file") != std::string::npos);
  for (const char* share : {"nan", "-nan", "inf", "1.5", "-0.1", "most", "''"})
    CHECK_MESSAGE(run(std::string("replay --steps 1 --accept ") + share).code == 2, share);
}

TEST_CASE("a byte-order mark, white space around the cells and quotes are passed over") {
  const temporary_file plain(other_style);
  const temporary_file marked("\xef\xbb\xbf request , timestamp_ms,\tinput_tokens,output_tokens \r\n" +
                              other_style.substr(other_style.find('\n') + 1));
  CHECK(digest_of("--trace " + marked.path()) == digest_of("--trace " + plain.path()));
  const temporary_file quoted(
      "\"timestamp_ms\",\"input_tokens\",\"output_tokens\"\n"
      "3979.96,\"4808\",10\n4031.96,3180,8\n14500,110,27\n");
  CHECK(digest_of("--trace " + quoted.path()) == digest_of("--trace " + plain.path()));
}

}  // namespace
}  // namespace nsameta::test
