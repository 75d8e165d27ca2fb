#include "autotune/database.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>

namespace involute::autotune {

namespace {

namespace fs = std::filesystem;

constexpr int kBusyMilliseconds = 30000;
constexpr int kMaxRowBytes = 1 << 20;

// Absolute, so that no path has a meaning of its own to SQLite, such as ":memory:".
std::string uri_of(const std::string &path) {
    std::string uri = "file:";
    for (const char c : fs::absolute(path).string()) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte)) {
            uri += c;
        } else {
            const char *digits = "0123456789abcdef";
            uri += {'%', digits[byte / 16], digits[byte % 16]};
        }
    }
    return uri;
}

int kind(sqlite3 *handle) { // of the last error, without its details
    return sqlite3_errcode(handle) & 0xff;
}

bool holds_bytes(const std::string &path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return !error && size > 0;
}

} // namespace

Database::Database(const std::string &path, const DatabaseSchema &schema, bool read_only)
    : path_(path) {
    if (path.empty())
        fail("no path");
    if (read_only)
        connect_to_read();
    else
        connect("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (!read_only && sqlite3_db_readonly(handle(), "main") != 0)
        fail("cannot be written");
    if (!read_only && is_new())
        create(schema);
    check(schema);
    if (!read_only)
        prepare_to_write();
}

void Database::fail() const {
    if (!handle_)
        fail("out of memory");
    const std::string message = sqlite3_errmsg(handle_.get());
    const int code = kind(handle_.get());
    const int reason = sqlite3_system_errno(handle_.get());
    if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && reason != 0)
        fail(message + ": " + std::strerror(reason));
    fail(message);
}

void Database::fail(const std::string &why) const {
    throw std::runtime_error(path_ + ": " + why);
}

void Database::connect(const std::string &parameters, int flags) {
    sqlite3 *handle = nullptr;
    uri_ = uri_of(path_) + parameters;
    const int status = sqlite3_open_v2(uri_.c_str(), &handle, flags | SQLITE_OPEN_URI, nullptr);
    handle_.reset(handle);
    if (status != SQLITE_OK)
        fail();
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxRowBytes);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // Without a map: one of a file that is cut short meanwhile would kill the process.
    for (const char *pragma :
         {"PRAGMA mmap_size=0", "PRAGMA cell_size_check=ON", "PRAGMA foreign_keys=ON"})
        Statement(*this, pragma).run();
}

// Readers of a write-ahead log share an index beside the file. In a folder that cannot be written
// there may be none; without a log nothing is missed when the file is read alone.
void Database::connect_to_read() {
    connect("?mode=ro", SQLITE_OPEN_READONLY);
    try {
        is_new();
    } catch (const std::runtime_error &) {
        const int status = kind(handle_.get());
        if (status != SQLITE_CANTOPEN && status != SQLITE_READONLY)
            throw;
        if (holds_bytes(path_ + "-wal"))
            fail("its folder cannot be written, and the log beside it holds more of it");
        connect("?mode=ro&immutable=1", SQLITE_OPEN_READONLY);
    }
}

int64_t Database::number(const std::string &pragma) const {
    Statement statement(*this, "PRAGMA " + pragma);
    return statement.step() ? statement.integer(0) : 0;
}

bool Database::is_new() const {
    Statement tables(*this, "SELECT count(*) FROM sqlite_master");
    tables.step();
    return tables.integer(0) == 0 && number("application_id") == 0 && number("user_version") == 0;
}

void Database::create(const DatabaseSchema &schema) {
    Transaction transaction(*this, Transaction::kWrite);
    if (is_new()) { // still: others may have created it meanwhile
        for (const std::string &statement : schema.statements)
            Statement(*this, statement).run();
        Statement(*this, "PRAGMA application_id=" + std::to_string(schema.application_id)).run();
        Statement(*this, "PRAGMA user_version=" + std::to_string(schema.version)).run();
    }
    transaction.commit();
}

void Database::check(const DatabaseSchema &schema) const {
    if (number("application_id") != schema.application_id)
        fail("is not a file of this program");
    const int64_t version = number("user_version");
    if (version != schema.version)
        fail("is of version " + std::to_string(version) + "; this program reads version " +
             std::to_string(schema.version));
    std::vector<std::string> found, expected = schema.statements;
    Statement statements(*this, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL");
    while (statements.step())
        found.push_back(statements.text(0));
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    if (found != expected)
        fail("has other tables than it should");
    Statement damage(*this, "PRAGMA quick_check(1)");
    if (!damage.step() || damage.text(0) != "ok")
        fail("is damaged");
}

void Database::prepare_to_write() {
    // Of several that switch a new file at once all but one are turned away without a wait.
    for (int waited = 0;; waited += 10) {
        try {
            Statement(*this, "PRAGMA journal_mode=WAL").run();
            break;
        } catch (const std::runtime_error &) {
            if (kind(handle()) != SQLITE_BUSY || waited >= kBusyMilliseconds)
                throw;
            sqlite3_sleep(10);
        }
    }
    Statement(*this, "PRAGMA synchronous=FULL").run();
    Transaction(*this, Transaction::kWrite).commit(); // fails now rather than at the first trial
}

bool Statement::step() {
    const int status = sqlite3_step(statement_.get());
    if (status != SQLITE_ROW && status != SQLITE_DONE)
        database_.fail();
    return status == SQLITE_ROW;
}

void Statement::run() {
    while (step()) {
    }
}

std::string Statement::text(int column) const {
    const unsigned char *text = sqlite3_column_text(statement_.get(), column);
    const int bytes = sqlite3_column_bytes(statement_.get(), column);
    return text ? std::string(reinterpret_cast<const char *>(text), size_t(bytes)) : "";
}

int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL)
        return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(statement_.get(), column);
}

void Statement::prepare(const std::string &sql) {
    sqlite3_stmt *statement = nullptr;
    const int status = sqlite3_prepare_v2(database_.handle(), sql.c_str(), -1, &statement, nullptr);
    statement_.reset(statement);
    if (status != SQLITE_OK)
        database_.fail();
}

void Statement::bind(const std::string &value) {
    check_bound(sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                                    SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int64_t value) {
    check_bound(sqlite3_bind_int64(statement_.get(), ++bound_, value));
}

void Statement::bind(double value) {
    check_bound(sqlite3_bind_double(statement_.get(), ++bound_, value));
}

void Statement::check_bound(int status) {
    if (status != SQLITE_OK)
        database_.fail();
}

Transaction::Transaction(const Database &database, Purpose purpose) : database_(database) {
    Statement(database, purpose == kWrite ? "BEGIN IMMEDIATE" : "BEGIN").run();
}

// A failed write may have ended the transaction; then there is nothing to undo.
Transaction::~Transaction() {
    if (!sqlite3_get_autocommit(database_.handle()))
        sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
    Statement(database_, "COMMIT").run();
}

} // namespace involute::autotune
