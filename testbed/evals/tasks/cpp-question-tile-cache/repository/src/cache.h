#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

struct TileKey {
    int zoom, x, y;
    bool operator<(const TileKey& other) const;
};

// Tiles by their key, as many as the limits allow.
class TileCache {
public:
    // False where the tile is not kept.
    bool put(const TileKey& key, std::string data);

    // Null where it is not there. A pointer is good until the next put.
    const std::string* get(const TileKey& key);

    std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        TileKey key;
        std::string data;
        bool used;
    };

    void make_room(std::size_t bytes);

    std::list<Entry> order_;  // the oldest first
    std::map<TileKey, std::list<Entry>::iterator> places_;
    std::size_t bytes_ = 0;
};
