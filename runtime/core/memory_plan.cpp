// Greedy by size: the largest piece first, each at the lowest address where no piece that lives at
// the same time is in its way.
#include "core/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "core/checked_size.h"

namespace involute {
namespace {

constexpr int64_t kOverread = 64;

// Tensors that lie over each other are one piece of memory.
struct Piece {
    int64_t bytes;
    int first, last;
    int64_t offset = 0;
};

bool meet(const Piece &a, const Piece &b) {
    return a.first <= b.last && b.first <= a.last;
}

// The pieces, and the number of its piece for each tensor.
std::vector<Piece> make_pieces(const std::vector<TensorLifetime> &tensors, int64_t alignment,
                               std::vector<size_t> *piece_of) {
    std::vector<Piece> pieces;
    // A tensor begins after the one it lies over, which by then has its piece.
    std::vector<size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return tensors[a].first < tensors[b].first; });
    piece_of->assign(tensors.size(), 0);
    for (size_t i : order) {
        const TensorLifetime &tensor = tensors[i];
        if (tensor.over >= 0) {
            (*piece_of)[i] = (*piece_of)[static_cast<size_t>(tensor.over)];
            Piece &piece = pieces[(*piece_of)[i]];
            piece.last = std::max(piece.last, tensor.last);
            continue;
        }
        (*piece_of)[i] = pieces.size();
        pieces.push_back(
            {round_up(tensor.bytes + kOverread, alignment), tensor.first, tensor.last});
    }
    return pieces;
}

} // namespace

MemoryPlan plan_memory(const std::vector<TensorLifetime> &tensors, int64_t alignment) {
    MemoryPlan plan;
    std::vector<size_t> piece_of;
    std::vector<Piece> pieces = make_pieces(tensors, alignment, &piece_of);
    int last_step = 0;
    for (const TensorLifetime &tensor : tensors)
        plan.bytes_unshared += round_up(tensor.bytes + kOverread, alignment);
    for (const Piece &piece : pieces)
        last_step = std::max(last_step, piece.last);
    for (int step = 0; step <= last_step; ++step) {
        int64_t alive = 0;
        for (const Piece &piece : pieces) {
            if (piece.first <= step && step <= piece.last)
                alive += piece.bytes;
        }
        plan.bytes_most_alive = std::max(plan.bytes_most_alive, alive);
    }

    std::vector<Piece *> order;
    for (Piece &piece : pieces)
        order.push_back(&piece);
    std::stable_sort(order.begin(), order.end(),
                     [](const Piece *a, const Piece *b) { return a->bytes > b->bytes; });
    std::vector<const Piece *> placed; // by offset
    for (Piece *piece : order) {
        for (const Piece *other : placed) {
            if (!meet(*piece, *other))
                continue;
            if (piece->offset + piece->bytes <= other->offset)
                break;
            piece->offset = std::max(piece->offset, other->offset + other->bytes);
        }
        plan.bytes = std::max(plan.bytes, piece->offset + piece->bytes);
        placed.insert(
            std::upper_bound(placed.begin(), placed.end(), piece,
                             [](const Piece *a, const Piece *b) { return a->offset < b->offset; }),
            piece);
    }
    for (size_t piece : piece_of)
        plan.offsets.push_back(pieces[piece].offset);
    return plan;
}

} // namespace involute
