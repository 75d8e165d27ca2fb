#include "files.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace involute {

void replace_file(const std::string &path, const std::string &text, ExitCode code) {
    const std::string temporary = path + "." + std::to_string(getpid());
    std::ofstream file(temporary, std::ios::binary);
    file << text;
    file.close();
    std::error_code error;
    if (file)
        std::filesystem::rename(temporary, path, error);
    if (file && !error)
        return;
    std::filesystem::remove(temporary, error);
    throw Failure(code, path + ": cannot be written");
}

void make_output_folder(const std::string &path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error)
        throw Failure(kExitUsage, "-o " + path + ": " + error.message());
}

} // namespace involute
