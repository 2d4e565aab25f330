#pragma once

#include <cstddef>

// The tablets have 512 MiB; a third of it is ours.
constexpr std::size_t kMaxBytes = 160u << 20;
constexpr std::size_t kMaxTile = kMaxBytes / 64;
constexpr int kKeepZoom = 6;
constexpr int kLowWaterPercent = 75;
