package courses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class DeskTest {

    private final Desk desk = new Desk().offer(new Course("POT-1", 3));

    @Test
    void theNoticeCountsWhoTakesPart() {
        desk.course("POT-1").enrol("Ada");
        assertEquals("POT-1: 1 taking part", desk.notice("POT-1"));
    }

    @Test
    void unknownCoursesAreNamed() {
        assertThrows(NoSuchElementException.class, () -> desk.notice("POT-9"));
        assertThrows(IllegalArgumentException.class, () -> desk.offer(new Course("POT-1", 1)));
    }
}
