#include "autotune/wisdom_files.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace involute::autotune {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string &file, const std::string &what) {
    throw std::runtime_error(file + ": " + what + ": " + std::strerror(errno));
}

class Descriptor {
public:
    Descriptor(const std::string &file, int flags)
        : number_(::open(file.c_str(), flags | O_CLOEXEC, 0666)) {}
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int number() const {
        return number_;
    }
    // Some file systems tell only now that a write failed.
    bool close() {
        return ::close(std::exchange(number_, -1)) == 0;
    }

private:
    int number_;
};

// Empty where there is no such file.
std::optional<std::string> read_file(const std::string &file) {
    const Descriptor descriptor(file, O_RDONLY);
    if (descriptor.number() < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        fail(file, "cannot be opened");
    }
    std::string text;
    std::vector<char> block(1 << 16);
    while (text.size() <=
           kMaxWisdomBytes) { // one more than allowed is left to the parser to refuse
        const ssize_t bytes = ::read(descriptor.number(), block.data(), block.size());
        if (bytes == 0)
            break;
        if (bytes < 0 && errno != EINTR)
            fail(file, "cannot be read");
        if (bytes > 0)
            text.append(block.data(), size_t(bytes));
    }
    return text;
}

void write_all(const Descriptor &descriptor, const std::string &text, const std::string &file) {
    for (size_t written = 0; written < text.size();) {
        const ssize_t bytes =
            ::write(descriptor.number(), text.data() + written, text.size() - written);
        if (bytes < 0 && errno != EINTR)
            fail(file, "cannot be written");
        if (bytes > 0)
            written += size_t(bytes);
    }
}

std::optional<Wisdom> read_wisdom(const std::string &file, const WisdomHeader &current,
                                  std::vector<std::string> *warnings) {
    const std::optional<std::string> text = read_file(file);
    if (!text)
        return std::nullopt;
    std::vector<std::string> own;
    try {
        const Wisdom wisdom = Wisdom::parse(*text, current, &own);
        for (const std::string &warning : own) {
            if (warnings)
                warnings->push_back(file + ": " + warning);
        }
        return wisdom;
    } catch (const std::invalid_argument &error) {
        throw std::runtime_error(file + ": " + error.what());
    }
}

std::string environment(const char *name) {
    const char *value = std::getenv(name);
    return value ? value : "";
}

} // namespace

void write_file_atomically(const std::string &file, const std::string &text) {
    std::error_code missing;
    const fs::path found = fs::canonical(file, missing);
    const fs::path target = missing ? fs::path(file) : found;
    const std::string temporary = target.string() + "." + std::to_string(::getpid()) + ".tmp";
    // Of a process that was killed and had the same number.
    ::unlink(temporary.c_str());
    Descriptor descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (descriptor.number() < 0)
        fail(file, "cannot be written");
    try {
        write_all(descriptor, text, file);
        if (::fsync(descriptor.number()) != 0 || !descriptor.close())
            fail(file, "cannot be written");
        if (::rename(temporary.c_str(), target.c_str()) != 0)
            fail(file, "cannot be replaced");
    } catch (const std::runtime_error &) {
        ::unlink(temporary.c_str());
        throw;
    }
    const std::string folder = target.has_parent_path() ? target.parent_path().string() : ".";
    const Descriptor parent(folder, O_RDONLY | O_DIRECTORY);
    // EINVAL: a file system that has nothing to flush for folders.
    if (parent.number() < 0 || (::fsync(parent.number()) != 0 && errno != EINVAL))
        fail(folder, "cannot be flushed");
}

std::string user_wisdom_file() {
    // A relative one is to be ignored, by the specification of these folders.
    const std::string config = environment("XDG_CONFIG_HOME"), home = environment("HOME");
    if (!config.empty() && config[0] == '/')
        return config + "/involute/wisdom.json";
    return home.empty() ? "" : home + "/.config/involute/wisdom.json";
}

std::string history_file_of(const std::string &wisdom_file) {
    fs::path path = wisdom_file;
    if (path.extension() == ".json")
        path.replace_extension();
    return path.string() + ".history.sqlite";
}

Wisdom find_wisdom(const std::string &explicit_file, const std::string &shipped_folder,
                   const WisdomHeader &current, std::vector<std::string> *warnings) {
    const std::string alone =
        explicit_file.empty() ? environment("INVOLUTE_WISDOM") : explicit_file;
    if (!alone.empty()) {
        if (std::optional<Wisdom> wisdom = read_wisdom(alone, current, warnings))
            return *std::move(wisdom);
        throw std::runtime_error(alone + ": no such file");
    }
    std::optional<Wisdom> wisdom;
    for (const std::string &file :
         {user_wisdom_file(),
          shipped_folder.empty() ? "" : shipped_folder + "/" + current.cpu_family + ".json"}) {
        if (file.empty())
            continue;
        try {
            std::optional<Wisdom> found = read_wisdom(file, current, warnings);
            if (wisdom && found)
                wisdom->add_missing(*found);
            else if (found)
                wisdom = std::move(found);
        } catch (const std::runtime_error &error) {
            if (warnings)
                warnings->push_back(std::string(error.what()) + "; it is left out");
        }
    }
    if (wisdom)
        return *std::move(wisdom);
    Wisdom none;
    none.header = current;
    return none;
}

void export_wisdom(const std::function<Wisdom()> &found, const std::string &file) {
    const std::string lock_file = file + ".lock";
    const Descriptor lock(lock_file, O_RDWR | O_CREAT);
    if (lock.number() < 0)
        fail(lock_file, "cannot be opened");
    while (::flock(lock.number(), LOCK_EX) != 0) {
        if (errno != EINTR)
            fail(lock_file, "cannot be locked");
    }
    write_file_atomically(file, found().text());
}

} // namespace involute::autotune
