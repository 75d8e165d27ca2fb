#include "schedules/cpu/prefetch_next_block.h"

#include "schedules/cpu/prefetch.h"

namespace involute::schedules::cpu {

using namespace Halide;
using namespace Halide::Internal;

namespace {

constexpr int kTiles = 4; // that ask for a part each

// The index of the first load of a tensor.
class FirstLoad : public IRVisitor {
public:
    explicit FirstLoad(const std::string &name) : name_(name) {}
    Expr index;

private:
    using IRVisitor::visit;
    void visit(const Load *load) override {
        if (load->name == name_ && !index.defined()) {
            index = first_lane(load->index);
        }
        IRVisitor::visit(load);
    }

    const std::string name_;
};

} // namespace

Expr PrefetchNextBlock::stride(int dimension) const {
    return Variable::make(Int(32), weight_.name + ".stride." + std::to_string(dimension));
}

// `index`: of this turn's weights.
Stmt PrefetchNextBlock::prefetches(const Expr &index) const {
    const For *tile = loops_.front();
    // How far this turn is in its block, and how far in a part of the next.
    const Expr turn = Variable::make(Int(32), loops_.back()->name);
    Expr within = turn * weight_.step, ahead = turn * (weight_.step * weight_.blocks / kTiles);
    for (size_t outer = 1; outer + 1 < loops_.size(); outer++) {
        const Expr step = stride(weight_.dimensions - 1 - static_cast<int>(outer));
        const Expr at = Variable::make(Int(32), loops_[outer]->name);
        within += at * step;
        ahead += at * (step * weight_.blocks / kTiles);
    }
    const Expr blocks = stride(weight_.dimensions - 1) * weight_.blocks;
    const Expr part = min(Variable::make(Int(32), tile->name) - tile->min, kTiles - 1);
    const Expr first =
        simplify(index - within + blocks + part * (blocks / kTiles)) + simplify(ahead);
    std::vector<Stmt> lines;
    for (int line = 0; line * kLineFloats * kTiles < weight_.step * weight_.blocks; line++) {
        lines.push_back(prefetch(weight_.name, first + line * kLineFloats));
    }
    return Block::make(lines);
}

Stmt PrefetchNextBlock::visit(const For *loop) {
    if (loops_.empty() && !is_loop(loop, tiles_)) {
        return IRMutator::visit(loop);
    }
    loops_.push_back(loop);
    done_ = false;
    Stmt result = IRMutator::visit(loop);
    loops_.pop_back();
    return result;
}

Stmt PrefetchNextBlock::visit(const Store *store) {
    FirstLoad load(weight_.name);
    store->value.accept(&load);
    if (loops_.size() < 2 || done_ || !load.index.defined()) {
        return IRMutator::visit(store);
    }
    done_ = true;
    return Block::make(prefetches(load.index), store);
}

} // namespace involute::schedules::cpu
