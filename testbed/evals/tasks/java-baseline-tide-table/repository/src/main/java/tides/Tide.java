package tides;

import java.time.Instant;

/** High or low water; the height is centimetres above chart datum. */
public record Tide(Instant at, boolean high, int height) {
}
