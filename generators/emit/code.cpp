#include "generators/emit/code.h"

#include <elf.h>

#include <cctype>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "generators/emit/search.h"

namespace involute::emit {
namespace {

constexpr int kMaxLines = 400; // of a hot loop in a description

std::string text_of(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename T>
bool read_at(const std::string &bytes, uint64_t offset, T *value) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof *value) {
        return false;
    }
    std::memcpy(value, bytes.data() + offset, sizeof *value);
    return true;
}

// Instructions and labels, without comments, directives and empty lines.
std::vector<std::string> code_lines(const std::string &assembly) {
    // On ARM '#' begins a number.
    const bool arm = assembly.find("// -- Begin function") != std::string::npos;
    std::vector<std::string> lines;
    std::istringstream stream(assembly);
    for (std::string line; std::getline(stream, line);) {
        line.erase(std::min(line.find(arm ? "//" : "#"), line.size()));
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) {
            line.pop_back();
        }
        const size_t start = line.find_first_not_of(" \t");
        const bool label = start == 0 && line.back() == ':';
        if (start != std::string::npos && (label || (line[start] != '.' && start > 0))) {
            lines.push_back(line);
        }
    }
    return lines;
}

std::string mnemonic(const std::string &line) {
    const size_t start = line.find_first_not_of(" \t");
    return line.substr(start, line.find_first_of(" \t", start) - start);
}

bool multiplies(const std::string &line, bool fused) {
    const std::string name = mnemonic(line);
    return fused
               ? name.find("fmadd") != std::string::npos ||
                     name.find("fnmadd") != std::string::npos || name == "fmla" || name == "fmls"
               : name.find("mulps") != std::string::npos || name.find("mulss") != std::string::npos;
}

// "jne" of x86; "b.ne", "cbnz" and "tbnz" of ARM.
bool jumps(const std::string &line) {
    const std::string name = mnemonic(line);
    return name[0] == 'j' || name.compare(0, 2, "b.") == 0 || name.compare(0, 2, "cb") == 0 ||
           name.compare(0, 2, "tb") == 0;
}

struct Loop {
    size_t begin = 0, end = 0; // lines, end included
    int products = 0;
};

// Every jump back closes a loop; those that hold another one are not innermost.
std::vector<Loop> innermost_loops(const std::vector<std::string> &lines, bool fused) {
    std::map<std::string, size_t> labels;
    std::vector<Loop> loops;
    for (size_t i = 0; i < lines.size(); i++) {
        if (lines[i].back() == ':') {
            labels[lines[i].substr(0, lines[i].size() - 1)] = i;
            continue;
        }
        const size_t target = lines[i].find_last_of(" \t");
        const auto label = labels.find(lines[i].substr(target + 1));
        if (!jumps(lines[i]) || label == labels.end()) {
            continue;
        }
        Loop loop = {label->second, i, 0};
        bool inner = true;
        for (const Loop &other : loops) {
            inner = inner && !(other.begin >= loop.begin && other.end <= loop.end);
        }
        for (size_t at = loop.begin; at <= loop.end; at++) {
            loop.products += lines[at].back() != ':' && multiplies(lines[at], fused);
        }
        if (inner) {
            loops.push_back(loop);
        }
    }
    return loops;
}

} // namespace

int64_t code_bytes(const std::string &object) {
    const std::string bytes = text_of(object);
    Elf64_Ehdr header;
    if (!read_at(bytes, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        return 0;
    }
    int64_t total = 0;
    for (uint64_t i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;
        if (!read_at(bytes, header.e_shoff + i * header.e_shentsize, &section)) {
            return 0;
        }
        total +=
            (section.sh_flags & SHF_EXECINSTR) != 0 ? static_cast<int64_t>(section.sh_size) : 0;
    }
    return total;
}

std::string hot_loop(const std::string &assembly, int max_lines) {
    const std::vector<std::string> lines = code_lines(assembly);
    bool fused = false;
    for (const std::string &line : lines) {
        fused = fused || (line.back() != ':' && multiplies(line, true));
    }
    const Loop *hot = nullptr;
    const std::vector<Loop> loops = innermost_loops(lines, fused);
    for (const Loop &loop : loops) {
        const auto length = [](const Loop &l) { return l.end - l.begin; };
        if (hot == nullptr || loop.products > hot->products ||
            (loop.products == hot->products && length(loop) < length(*hot))) {
            hot = &loop;
        }
    }
    std::string text;
    for (size_t i = hot != nullptr ? hot->begin : 1; hot != nullptr && i <= hot->end; i++) {
        const size_t written = i - hot->begin;
        if (written == static_cast<size_t>(max_lines)) {
            text += "... " + std::to_string(hot->end - i + 1) + " lines more\n";
            break;
        }
        text += lines[i] + "\n";
    }
    return text;
}

std::string description(const std::string &row, const std::string &isa, const std::string &object,
                        const std::string &assembly, double seconds, double cpu) {
    const Search &search = current_search();
    const nlohmann::ordered_json all = {
        {"row", row},
        {"isa", isa},
        {"schedule", search.key.schedule},
        {"call", search.key.call},
        {"parallelism", search.key.parallelism},
        {"search_s", search.seconds},
        {"search_cpu_s", search.cpu_seconds},
        {"from_saved", search.from_saved},
        {"build_s", seconds},
        {"build_cpu_s", cpu},
        {"code_bytes", code_bytes(object)},
        {"schedule_source", search.source},
        {"loop_nest", search.loop_nest},
        {"hot_loop", hot_loop(text_of(assembly), kMaxLines)},
    };
    return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace involute::emit
