// A file of SQLite's that may hold anything: opened with a check of what it is, statements with
// bound parameters, transactions. All errors are std::runtime_error that names the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace involute::autotune {

struct DatabaseSchema {
    int application_id, version;
    std::vector<std::string> statements; // that create it
};

class Database {
public:
    // Creates the file unless `read_only`. Throws where it is another's, of another version, has
    // anything more or less than the schema, or is damaged.
    Database(const std::string &path, const DatabaseSchema &schema, bool read_only);

    const std::string &path() const {
        return path_;
    }
    // What another database attaches it by.
    const std::string &uri() const {
        return uri_;
    }
    sqlite3 *handle() const {
        return handle_.get();
    }
    [[noreturn]] void fail() const; // with SQLite's last error
    [[noreturn]] void fail(const std::string &why) const;

private:
    struct Close {
        void operator()(sqlite3 *handle) const {
            sqlite3_close(handle);
        }
    };

    void connect(const std::string &parameters, int flags);
    void connect_to_read();
    int64_t number(const std::string &pragma) const;
    bool is_new() const;
    void create(const DatabaseSchema &schema);
    void check(const DatabaseSchema &schema) const;
    void prepare_to_write();

    std::string path_, uri_;
    std::unique_ptr<sqlite3, Close> handle_;
};

// The parameters of `sql` are bound in their order.
class Statement {
public:
    template <typename... Values>
    Statement(const Database &database, const std::string &sql, const Values &...values)
        : database_(database) {
        prepare(sql);
        (bind(values), ...);
    }

    bool step(); // to the next row; false: there is none
    void run();  // to the end
    // Of the row.
    std::string text(int column) const;
    int64_t integer(int column) const;
    double real(int column) const; // NULL is not a number

private:
    struct Finalize {
        void operator()(sqlite3_stmt *statement) const {
            sqlite3_finalize(statement);
        }
    };

    void prepare(const std::string &sql);
    void bind(const std::string &value);
    void bind(int64_t value);
    void bind(double value); // not a number is NULL
    void check_bound(int status);

    const Database &database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
};

// One state of the file while others write it, or the right to write it, from its start. Undone
// unless committed.
class Transaction {
public:
    enum Purpose { kRead, kWrite };
    Transaction(const Database &database, Purpose purpose);
    ~Transaction();
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    void commit();

private:
    const Database &database_;
};

} // namespace involute::autotune
