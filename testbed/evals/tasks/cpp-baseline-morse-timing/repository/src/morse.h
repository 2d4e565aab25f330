#pragma once

#include <string>

// Letters and digits as dots and dashes. Throws std::invalid_argument for a character without a code.
std::string encode(const std::string& text);

// The text of a code, in capitals; '#' for a letter that is not known.
std::string decode(const std::string& code);
