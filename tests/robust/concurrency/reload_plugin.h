/// What reload_plugin.cpp exports.
#pragma once

extern "C" {
/// "" or what went wrong. `fibres`: also on simt, which leaves the calling thread something to destroy at its end.
__attribute__((visibility("default"))) const char* use_library(bool fibres);
/// A text that the library owns.
__attribute__((visibility("default"))) const char* library_text();
}
