// What the tuned schedule makes of the layers of a session: each has a key in wisdom, and what is
// found there becomes a kernel for its call alone.
#pragma once

#include <memory>
#include <string>

#include "autotune/wisdom.h"
#include "packs.h"

namespace involute {

// `layer`: one of session["layers"] (involute_session_json). Layers of generic rows that may have
// rows of their own (special_rows.h) have the key of those.
autotune::TuningKey tuning_key(const Json &layer, const Json &session);

// Whether tuned kernels of the layer are built for a row of its own.
bool has_own_row(const Json &layer);

// "" where the layer can be tuned, else why not.
std::string why_untunable(const Json &layer, const Json &session);

// What wisdom (nullptr: none) has for a layer.
autotune::Wisdom::Found find_wisdom_for(const Json &layer, const Json &session,
                                        const autotune::Wisdom *wisdom);

// Completes the request for a layer's kernel; false where it keeps that of the library. Before a
// model is made, layers that will have rows of their own get kernels of them for any call.
bool use_wisdom(const Json &layer, const Json &session, const autotune::Wisdom *wisdom,
                PackRequest *request);

// Of a session's layers, how many exact, nearest, none: {"exact": 3, "nearest": 1, "none": 12}, and
// what the session is in all: "exact" only if every layer that can be tuned is.
Json wisdom_layers(const Json &session, const autotune::Wisdom *wisdom);
std::string wisdom_in_all(const Json &session, const autotune::Wisdom *wisdom);

// What this machine and the emit program of this build make wisdom for.
const autotune::WisdomHeader &wisdom_header();

// Where shipped wisdom lies: in the source tree of this build or in the installation.
std::string shipped_wisdom_folder();

// The wisdom of --wisdom ("": the search path of docs/tuning.md); warnings go to stderr. Stops
// where a file that was named cannot be used.
std::shared_ptr<const autotune::Wisdom> open_wisdom(const std::string &file);

} // namespace involute
