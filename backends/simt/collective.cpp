#include "simt/collective.h"

#include <cstring>

namespace nsameta::simt {
namespace {

const char* name_of(collective kind) {
  switch (kind) {
    case collective::barrier:
      return "barrier";
    case collective::shuffle_up:
      return "shuffle_up";
    case collective::shuffle:
      return "shuffle";
    case collective::ballot:
      return "ballot";
    case collective::sum:
      return "sum";
  }
  return "";
}

}  // namespace

std::string describe(const collective_call& call) {
  const char* file = std::strrchr(call.site.file_name(), '/');
  return std::string(name_of(call.kind)) + " (" + (file ? file + 1 : call.site.file_name()) + ":" +
         std::to_string(call.site.line()) + ")";
}

}  // namespace nsameta::simt
