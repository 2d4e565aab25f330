#include "check.hpp"
#include "history.hpp"

static Edit inserted(std::size_t at, const char* text) { return {Edit::Kind::insert, at, text}; }
static Edit erased(std::size_t at, std::size_t length) { return {Edit::Kind::erase, at, "", length}; }

TEST_CASE("redo repeats what was undone, in order") {
    Line line;
    History history(line);
    history.apply(inserted(0, "allegro"));
    history.apply(erased(0, 3));
    history.apply(inserted(4, "!"));
    while (history.undo()) {
    }
    CHECK(line.text().empty());
    CHECK(history.redo());
    CHECK(line.text() == "allegro");
    CHECK(history.redo());
    CHECK(line.text() == "egro");
    CHECK(history.redo());
    CHECK(line.text() == "egro!");
    CHECK(!history.redo());
    CHECK(history.depth() == 3);
}

TEST_CASE("undo and redo can alternate") {
    Line line;
    History history(line);
    history.apply(inserted(0, "da capo"));
    history.apply(erased(2, 5));
    for (int round = 0; round < 3; ++round) {
        CHECK(history.undo());
        CHECK(line.text() == "da capo");
        CHECK(history.redo());
        CHECK(line.text() == "da");
    }
}

TEST_CASE("a new edit ends what could be redone") {
    Line line;
    History history(line);
    history.apply(inserted(0, "one"));
    history.undo();
    history.apply(inserted(0, "two"));
    CHECK(!history.redo());
    CHECK(line.text() == "two");
    CHECK(history.undo());
    CHECK(line.text().empty());
}

TEST_CASE("an edit that is refused changes nothing") {
    Line line;
    History history(line);
    history.apply(inserted(0, "one"));
    history.undo();
    try {
        history.apply(inserted(9, "x"));
    } catch (const std::out_of_range&) {
    }
    CHECK(history.depth() == 0);
    CHECK(history.redo());
    CHECK(line.text() == "one");
}
