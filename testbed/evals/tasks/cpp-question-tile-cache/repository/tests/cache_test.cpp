#include <cstdio>
#include <string>

#include "cache.h"
#include "limits.h"

static int failures = 0;

#define EXPECT(what) ((what) ? void() : (++failures, void(std::printf("# %s\n", #what))))

static void test_put_and_get() {
    TileCache cache;
    EXPECT(cache.put({3, 1, 1}, "tile"));
    EXPECT(!cache.put({3, 1, 1}, "other"));
    EXPECT(cache.get({3, 1, 1}) && *cache.get({3, 1, 1}) == "tile");
    EXPECT(cache.get({3, 1, 2}) == nullptr);
}

static void test_limits() {
    TileCache cache;
    EXPECT(!cache.put({9, 0, 0}, std::string(kMaxTile + 1, 'x')));
    EXPECT(cache.bytes() == 0);
}

int main() {
    std::printf("1..2\n");
    test_put_and_get();
    std::printf("%s 1 - put and get\n", failures ? "not ok" : "ok");
    const int before = failures;
    test_limits();
    std::printf("%s 2 - limits\n", failures > before ? "not ok" : "ok");
    return failures ? 1 : 0;
}
