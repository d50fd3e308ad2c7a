#include <doctest/doctest.h>

#include <set>
#include <string>
#include <thread>

#include "call.h"
#include "logging.h"
#include "status.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("every status has its own name") {
  std::set<std::string> names;
  for (int status = NSAMETA_OK; status <= NSAMETA_INTERNAL_ERROR; ++status) {
    names.insert(nsameta_status_name(static_cast<nsameta_status>(status)));
  }
  CHECK(names.size() == NSAMETA_INTERNAL_ERROR + 1);
  CHECK(std::string(nsameta_status_name(NSAMETA_INVALID_ARGUMENT)) == "invalid_argument");
  CHECK(std::string(nsameta_status_name(static_cast<nsameta_status>(99))) == "unknown_status");
}

TEST_CASE("a thread's sentence is its own, and a success leaves it") {
  CHECK(fail(NSAMETA_DEVICE_ERROR, "here: %d", 7) == NSAMETA_DEVICE_ERROR);
  std::thread([] {
    CHECK(std::string(nsameta_last_error()).empty());
    fail(NSAMETA_DEVICE_ERROR, "there");
  }).join();
  call good(NSAMETA_DECODE);
  CHECK(good.fill() == NSAMETA_OK);
  CHECK(std::string(nsameta_last_error()) == "here: 7");
}

TEST_CASE("a sentence is cut to fit and may quote the former one") {
  fail(NSAMETA_DEVICE_ERROR, "%s", std::string(5000, 'x').c_str());
  CHECK(std::string(nsameta_last_error()).size() == 1023);
  fail(NSAMETA_DEVICE_ERROR, "first");
  fail(NSAMETA_DEVICE_ERROR, "after %s", nsameta_last_error());
  CHECK(std::string(nsameta_last_error()) == "after first");
}

TEST_CASE("a sentence holds nothing that a terminal would obey") {
  fail(NSAMETA_DEVICE_ERROR, "opening %s", "a\x1b[2J\r\n\x7f caf\xc3\xa9");
  CHECK(std::string(nsameta_last_error()) == "opening a?[2J??? caf\xc3\xa9");
}

TEST_CASE("log topics are a list; other words are passed over") {
  constexpr auto dispatch = static_cast<unsigned>(log_topic::dispatch);
  constexpr auto loader = static_cast<unsigned>(log_topic::loader);
  CHECK(parse_log_topics("") == 0);
  CHECK(parse_log_topics("dispatch") == dispatch);
  CHECK(parse_log_topics("loader,dispatch") == (dispatch | loader));
  CHECK(parse_log_topics(",everything,loader,") == loader);
  CHECK(parse_log_topics("dispatch, loader") == (dispatch | loader));
  CHECK(parse_log_topics(" Dispatch\t,LOADER\r\n") == (dispatch | loader));
}
