#include "schedules/cpu/prefetch_next_tile.h"

#include "schedules/cpu/prefetch.h"

namespace involute::schedules::cpu {

using namespace Halide;
using namespace Halide::Internal;

namespace {

// The indices of all loads of a tensor, in terms of what is known outside of the statement.
class Loads : public IRVisitor {
public:
    explicit Loads(const std::string &tensor) : tensor_(tensor) {}
    std::vector<Expr> indices;

private:
    using IRVisitor::visit;
    void visit(const Load *load) override {
        if (load->name == tensor_) {
            Expr index = first_lane(load->index);
            for (size_t i = lets_.size(); i-- > 0;) {
                index = substitute(lets_[i].first, lets_[i].second, index);
            }
            indices.push_back(index);
        }
        IRVisitor::visit(load);
    }
    template <typename T>
    void visit_let(const T *let) {
        let->value.accept(this);
        lets_.emplace_back(let->name, let->value);
        let->body.accept(this);
        lets_.pop_back();
    }
    void visit(const Let *let) override {
        visit_let(let);
    }
    void visit(const LetStmt *let) override {
        visit_let(let);
    }

    const std::string tensor_;
    std::vector<std::pair<std::string, Expr>> lets_;
};

} // namespace

Stmt PrefetchNextTile::visit(const For *loop) {
    if (!is_loop(loop, tiles_)) {
        return IRMutator::visit(loop);
    }
    Loads loads(tensor_);
    loop->body.accept(&loads);
    const Expr next = Variable::make(Int(32), loop->name) + 1;
    std::vector<Stmt> body;
    const size_t vectors = static_cast<size_t>(kLineFloats / lanes_); // of a line, in a row
    for (size_t i = 0; i < loads.indices.size(); i += vectors) {
        body.push_back(prefetch(tensor_, simplify(substitute(loop->name, next, loads.indices[i]))));
    }
    body.push_back(loop->body);
    return For::make(loop->name, loop->min, loop->extent, loop->for_type, loop->partition_policy,
                     loop->device_api, Block::make(body));
}

} // namespace involute::schedules::cpu
