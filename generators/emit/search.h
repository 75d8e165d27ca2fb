// Schedules of autoschedulers: a search, or one that was kept from an earlier search; and what is
// to be told of the kernel that is being built. Generators and main() meet here because Halide
// creates the generators.
#pragma once

#include <map>
#include <string>

#include "Halide.h"
#include "schedules/auto/saved_schedules.h"

namespace involute::emit {

struct Search {
    // What is asked for.
    schedules::automatic::SearchKey key;
    bool fresh = false;                            // search even where a schedule is kept
    bool wants_nest = false;                       // fill `loop_nest`
    std::string save_to;                           // write what is found to this file; "": do not
    std::string features_to;                       // the same of what a cost model is trained with
    std::map<std::string, std::string> parameters; // beyond those of schedules/auto
    // What came of it.
    double seconds = 0, cpu_seconds = 0; // of the search
    bool from_saved = false;
    std::string source, loop_nest;
};

Search &current_search();

// Leaves the pipeline scheduled by key.schedule. Throws what the autoscheduler throws, and
// Halide::CompileError where its plug-in is not there.
void autoschedule(Halide::Pipeline pipeline, const Halide::Target &target);

// The folder that Halide's library lies in, with the plug-ins.
std::string halide_folder();

// Keeps the loop nest of the scheduled pipeline if it is wanted.
void note_loop_nest(Halide::Pipeline pipeline);

double cpu_seconds(); // of this process

} // namespace involute::emit
