// The application's allocator: what it gets is released, with the sizes it was taken with and to
// where it came from; its memory may hold anything; when it has none that is a status, whichever
// allocation it was, and nothing stays behind.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "involute/involute.hpp"

namespace {

using involute::cpp::Model;
using involute::cpp::reset_allocator;
using involute::cpp::Session;
using involute::cpp::set_allocator;
using involute::cpp::view;
using involute::cpp::Weights;

class Counting {
public:
    explicit Counting(int64_t succeed = INT64_MAX) : succeed_(succeed) {}
    involute_allocator hooks() {
        involute_allocator hooks{};
        hooks.user = this;
        hooks.allocate = [](void *self, size_t bytes, size_t alignment) {
            return static_cast<Counting *>(self)->allocate(bytes, alignment);
        };
        hooks.release = [](void *self, void *memory, size_t bytes, size_t alignment) {
            static_cast<Counting *>(self)->release(memory, bytes, alignment);
        };
        return hooks;
    }
    size_t alive() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return blocks_.size();
    }
    int64_t calls() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return calls_;
    }

private:
    void *allocate(size_t bytes, size_t alignment) {
        const std::lock_guard<std::mutex> lock(mutex_);
        EXPECT_GT(bytes, 0u);
        EXPECT_EQ(alignment & (alignment - 1), 0u);
        if (calls_++ >= succeed_)
            return nullptr;
        void *memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
        std::memset(memory, 0xAB, bytes); // what was there before is nobody's business
        blocks_[memory] = {bytes, alignment};
        return memory;
    }
    void release(void *memory, size_t bytes, size_t alignment) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = blocks_.find(memory);
        ASSERT_NE(found, blocks_.end()) << "memory of another allocator";
        EXPECT_EQ(found->second, std::make_pair(bytes, alignment));
        std::memset(memory, 0xCD, bytes);
        std::free(memory);
        blocks_.erase(found);
    }

    std::mutex mutex_;
    std::map<void *, std::pair<size_t, size_t>> blocks_;
    int64_t calls_ = 0, succeed_;
};

const Weights &digits() {
    static const Weights weights = [] {
        Weights opened;
        EXPECT_TRUE(
            opened.open(std::string(INVOLUTE_SOURCE_DIR) + "/models/rednet-digits.safetensors"));
        return opened;
    }();
    return weights;
}

std::vector<float> logits_of(Session *session) {
    std::vector<float> picture(3 * 32 * 32), logits(10);
    for (size_t i = 0; i < picture.size(); ++i)
        picture[i] = static_cast<float>(i % 7) - 3.0f;
    EXPECT_TRUE(session->run({{"input", view(picture.data(), {1, 3, 32, 32})}},
                             {{"logits", view(logits.data(), {1, 10})}}));
    return logits;
}

involute_session_options with_profile() { // uses every kind of memory that a session has
    involute_session_options options{};
    options.batch = 1, options.height = options.width = 32;
    options.threads = 2, options.profile = 1;
    return options;
}

class Allocators : public ::testing::Test {
protected:
    void TearDown() override {
        EXPECT_TRUE(reset_allocator());
    }
};

TEST_F(Allocators, EachObjectKeepsTheOneItWasCreatedWith) {
    Model plain_model;
    Session plain;
    ASSERT_TRUE(plain_model.create("", digits()));
    ASSERT_TRUE(plain.create(plain_model, with_profile()));
    const std::vector<float> expected = logits_of(&plain);

    Counting models, sessions;
    {
        Session session;
        {
            Model model;
            ASSERT_TRUE(set_allocator(models.hooks()));
            ASSERT_TRUE(model.create("", digits()));
            const int64_t taken = models.calls();
            EXPECT_GT(taken, 0);
            ASSERT_TRUE(set_allocator(sessions.hooks()));
            ASSERT_TRUE(session.create(model, with_profile()));
            ASSERT_TRUE(reset_allocator());
            EXPECT_EQ(models.calls(), taken);
            EXPECT_GT(sessions.calls(), 3); // activations, tables, scratch of two threads
        }
        EXPECT_GT(models.alive(), 0u) << "the session needs its model's memory";
        const int64_t before_runs = models.calls() + sessions.calls();
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(logits_of(&session), expected);
        EXPECT_EQ(models.calls() + sessions.calls(), before_runs) << "a run allocates";
    }
    EXPECT_EQ(models.alive(), 0u);
    EXPECT_EQ(sessions.alive(), 0u);
    EXPECT_EQ(logits_of(&plain), expected);
}

TEST_F(Allocators, EveryAllocationMayFail) {
    bool done = false;
    int64_t failures = 0;
    for (; !done && failures < 10000; ++failures) {
        Counting counting(failures);
        ASSERT_TRUE(set_allocator(counting.hooks()));
        {
            Model model;
            Session session;
            const auto created = model.create("", digits());
            const auto planned = created ? session.create(model, with_profile()) : created;
            done = static_cast<bool>(planned);
            if (!done) {
                EXPECT_EQ(planned.code(), INVOLUTE_OUT_OF_MEMORY) << planned.message();
                EXPECT_STRNE(planned.message(), "");
                EXPECT_EQ(session.get(), nullptr);
            }
        }
        ASSERT_EQ(counting.alive(), 0u) << "after " << failures << " allocations";
    }
    EXPECT_TRUE(done);
    EXPECT_GT(failures, 10);
}

TEST_F(Allocators, UnusableOnesAreRefusedAndChangeNothing) {
    Counting counting;
    ASSERT_TRUE(set_allocator(counting.hooks()));
    involute_allocator hooks = counting.hooks();
    hooks.allocate = nullptr;
    EXPECT_EQ(set_allocator(hooks).code(), INVOLUTE_INVALID_ARGUMENT);
    hooks = counting.hooks();
    hooks.release = nullptr;
    EXPECT_NE(std::string(set_allocator(hooks).message()).find("release"), std::string::npos);
    hooks = counting.hooks();
    hooks.struct_size = 8;
    EXPECT_EQ(involute_set_allocator(&hooks).code, INVOLUTE_INVALID_ARGUMENT);
    Model model;
    ASSERT_TRUE(model.create("", digits()));
    EXPECT_GT(counting.alive(), 0u);
}

TEST_F(Allocators, MemoryThatIsNotAlignedIsGivenBack) {
    static int64_t alive;
    alive = 0;
    involute_allocator hooks{};
    hooks.allocate = [](void *, size_t bytes, size_t alignment) -> void * {
        ++alive;
        const size_t whole = (bytes + 2 * alignment) / alignment * alignment;
        return static_cast<char *>(aligned_alloc(alignment, whole)) + 4;
    };
    hooks.release = [](void *, void *memory, size_t, size_t) {
        --alive;
        std::free(static_cast<char *>(memory) - 4);
    };
    ASSERT_TRUE(set_allocator(hooks));
    Model model;
    EXPECT_EQ(model.create("", digits()).code(), INVOLUTE_OUT_OF_MEMORY);
    EXPECT_EQ(alive, 0);
}

TEST_F(Allocators, MayBeExchangedWhileOthersCreate) {
    Counting first, second;
    {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&, i] {
                for (int round = 0; round < 5; ++round) {
                    EXPECT_TRUE(set_allocator((i + round) % 2 ? first.hooks() : second.hooks()));
                    Model model;
                    Session session;
                    EXPECT_TRUE(model.create("", digits()));
                    EXPECT_TRUE(session.create(model, 1, 32, 32, 1));
                    logits_of(&session);
                }
            });
        }
        for (std::thread &thread : threads)
            thread.join();
    }
    EXPECT_GT(first.calls(), 0);
    EXPECT_GT(second.calls(), 0);
    EXPECT_EQ(first.alive() + second.alive(), 0u);
}

} // namespace
