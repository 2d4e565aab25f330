#include "cache.h"

#include <tuple>

#include "limits.h"

bool TileKey::operator<(const TileKey& other) const {
    return std::tie(zoom, x, y) < std::tie(other.zoom, other.x, other.y);
}

bool TileCache::put(const TileKey& key, std::string data) {
    if (data.size() > kMaxTile || places_.count(key) > 0) return false;
    if (bytes_ + data.size() > kMaxBytes) make_room(data.size());
    bytes_ += data.size();
    places_[key] = order_.insert(order_.end(), Entry{key, std::move(data), false});
    return true;
}

const std::string* TileCache::get(const TileKey& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    found->second->used = true;
    return &found->second->data;
}

void TileCache::make_room(std::size_t bytes) {
    const std::size_t target = kMaxBytes / 100 * kLowWaterPercent;
    // Tiles that are kept go to the end with their mark off, so a second round takes them.
    while (!order_.empty() && bytes_ + bytes > target) {
        Entry& oldest = order_.front();
        if (oldest.used || oldest.key.zoom <= kKeepZoom) {
            const bool spared = oldest.used;
            oldest.used = false;
            if (spared || bytes_ + bytes <= kMaxBytes) {
                order_.splice(order_.end(), order_, order_.begin());
                if (!spared) return;
                continue;
            }
        }
        bytes_ -= oldest.data.size();
        places_.erase(oldest.key);
        order_.pop_front();
    }
}
