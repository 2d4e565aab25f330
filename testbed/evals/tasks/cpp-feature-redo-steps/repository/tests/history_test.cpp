#include "check.hpp"
#include "history.hpp"

static Edit inserted(std::size_t at, const char* text) { return {Edit::Kind::insert, at, text}; }
static Edit erased(std::size_t at, std::size_t length) { return {Edit::Kind::erase, at, "", length}; }

TEST_CASE("undo takes edits back, the last one first") {
    Line line;
    History history(line);
    history.apply(inserted(0, "forte"));
    history.apply(inserted(0, "mezzo"));
    history.apply(erased(5, 2));
    CHECK(line.text() == "mezzorte");
    CHECK(history.undo());
    CHECK(line.text() == "mezzoforte");
    CHECK(history.undo());
    CHECK(line.text() == "forte");
}

TEST_CASE("undo says when there is nothing left") {
    Line line;
    History history(line);
    CHECK(!history.undo());
    history.apply(inserted(0, "p"));
    REQUIRE(history.undo());
    CHECK(!history.undo());
    CHECK(line.text().empty());
}

TEST_CASE("the depth counts what can be undone") {
    Line line;
    History history(line);
    history.apply(inserted(0, "a"));
    history.apply(inserted(1, "b"));
    CHECK(history.depth() == 2);
    history.undo();
    CHECK(history.depth() == 1);
}
