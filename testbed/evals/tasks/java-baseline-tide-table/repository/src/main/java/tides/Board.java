package tides;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Lines for the board at the quay. */
public final class Board {

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm").withZone(ZoneOffset.UTC);

    private Board() {
    }

    public static String line(Tide tide) {
        String kind = tide.high() ? "HW" : "LW";
        return kind + " " + CLOCK.format(tide.at()) + " " + tide.height() / 100 + "." + tide.height() % 100 / 10 + " m";
    }
}
