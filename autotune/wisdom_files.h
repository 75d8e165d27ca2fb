// Where wisdom lies, and how it is replaced.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autotune/wisdom.h"

namespace involute::autotune {

// At every moment the file is the old one or the new one, whole. Throws std::runtime_error naming
// the file and the system's reason where it cannot be written; the old one stays then. A symbolic
// link keeps standing and what it points to is replaced.
void write_file_atomically(const std::string &file, const std::string &text);

// "$XDG_CONFIG_HOME/involute/wisdom.json", else in "$HOME/.config"; "" where neither is set.
std::string user_wisdom_file();
// "a/wisdom.json" -> "a/wisdom.history.sqlite"
std::string history_file_of(const std::string &wisdom_file);

// `explicit_file`, or if that is "" $INVOLUTE_WISDOM, stands alone: throws std::runtime_error
// naming it where it cannot be read or is not valid. Without either: the user's file over
// `shipped_folder`/<CPU family>.json ("": none). Each may be missing; one that cannot be read or
// parsed is left out with a warning. Warnings name the file; `warnings` may be nullptr.
Wisdom find_wisdom(const std::string &explicit_file, const std::string &shipped_folder,
                   const WisdomHeader &current, std::vector<std::string> *warnings);

// Replaces the file by what `found` reads, as a rule from a history. One at a time, by a lock on
// "<file>.lock", which is taken before it reads: wisdom of an older state never replaces that of a
// newer one. Throws std::runtime_error.
void export_wisdom(const std::function<Wisdom()> &found, const std::string &file);

} // namespace involute::autotune
