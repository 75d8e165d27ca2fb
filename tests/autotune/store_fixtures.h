// What tests of the store share: shapes, headers, folders and processes of their own, small disks.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autotune/wisdom.h"

namespace involute::autotune {

inline TuningKey some_key(int64_t channels = 64, int64_t size = 56) {
    TuningKey key;
    key.op = "involution";
    key.form = "bottleneck";
    key.isa = "avx512";
    key.kernel_height = key.kernel_width = 7;
    key.in_channels = key.out_channels = channels;
    key.group_channels = key.hidden = key.packing = 16;
    key.height = key.width = size;
    return key;
}

inline TuningKey some_point(int64_t channels = 64) {
    TuningKey key;
    key.op = "conv2d";
    key.form = "point";
    key.isa = "avx512";
    key.in_channels = channels;
    key.out_channels = 4 * channels;
    key.packing = 32;
    key.height = key.width = 28;
    return key;
}

inline WisdomHeader some_header() {
    return {"21.0.0",
            "genuineintel-6-143",
            {"avx2", "avx512", "fma"},
            {{"conv2d", "c0ffee"}, {"involution", "abcdef"}}};
}

inline std::string read_text(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_text(const std::string &file, const std::string &text) {
    std::ofstream(file, std::ios::binary) << text;
}

// Calls it; the message of the exception, "" without one. Other exceptions fail the test.
template <typename Exception, typename Call>
std::string message_of(const Call &call) {
    try {
        call();
    } catch (const Exception &error) {
        return error.what();
    }
    return "";
}

// Runs it in a process of its own, with status 1 where it throws. No database may be open here:
// SQLite's are not to be carried into a child.
template <typename Call>
pid_t in_child(const Call &call) {
    const pid_t child = ::fork();
    if (child != 0)
        return child;
    int status = 0;
    try {
        call();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "child: %s\n", error.what());
        status = 1;
    }
    ::_exit(status);
}

inline int status_of(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

class Folder {
public:
    explicit Folder(const std::filesystem::path &parent = std::filesystem::temp_directory_path()) {
        std::string name = (parent / "involute-XXXXXX").string();
        if (!::mkdtemp(name.data()))
            throw std::runtime_error(name + ": " + std::strerror(errno));
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    std::string operator/(const std::string &name) const {
        return path_ + "/" + name;
    }
    const std::string &path() const {
        return path_;
    }

private:
    std::string path_;
};

// For tests that write much and do not ask what a disk does.
inline std::filesystem::path memory() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                                     : std::filesystem::temp_directory_path();
}

// A disk of `bytes` in memory; to be mounted takes privileges that tests may not have.
class SmallDisk {
public:
    explicit SmallDisk(size_t bytes) {
        const std::string options = "size=" + std::to_string(bytes);
        if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) != 0)
            problem_ = std::string("cannot mount a small disk: ") + std::strerror(errno);
    }
    ~SmallDisk() {
        if (problem_.empty())
            ::umount2(folder_.path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk &) = delete;
    SmallDisk &operator=(const SmallDisk &) = delete;
    const std::string &problem() const {
        return problem_;
    }
    std::string operator/(const std::string &name) const {
        return folder_ / name;
    }
    void fill() const {
        std::ofstream file(folder_ / "filler", std::ios::binary);
        const std::string block(4096, 'x');
        while (file.write(block.data(), std::streamsize(block.size())).flush()) {
        }
    }
    bool make_read_only() const {
        return ::mount("", folder_.path().c_str(), "", MS_REMOUNT | MS_RDONLY, nullptr) == 0;
    }

private:
    Folder folder_;
    std::string problem_;
};

} // namespace involute::autotune
