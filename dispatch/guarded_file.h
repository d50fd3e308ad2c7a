/// Who else could have put a module where it is.
#pragma once

#include <string>

namespace nsameta {

/// "" unless everybody may write to the file, to the folder that holds it, or, where it is a link, to a folder that a
/// link on the way stands in: with the sticky bit too, for what is not there yet is anybody's to put there. Then a
/// sentence that names it. Owners and groups are not asked, nor the folders above and links among them: whose
/// these are is for who installs to say.
std::string why_not_guarded(const std::string& path);

}  // namespace nsameta
