#include "history.hpp"

namespace {

/// Carries an edit out and returns its opposite.
Edit carried_out(Line& line, const Edit& edit) {
    if (edit.kind == Edit::Kind::insert) {
        line.insert(edit.at, edit.text);
        return {Edit::Kind::erase, edit.at, "", edit.text.size()};
    }
    return {Edit::Kind::insert, edit.at, line.erase(edit.at, edit.length)};
}

}  // namespace

void History::apply(const Edit& edit) {
    done_.push_back(carried_out(line_, edit));
}

bool History::undo() {
    if (done_.empty()) return false;
    carried_out(line_, done_.back());
    done_.pop_back();
    return true;
}
