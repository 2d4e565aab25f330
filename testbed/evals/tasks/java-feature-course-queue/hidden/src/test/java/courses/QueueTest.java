package courses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueueTest {

    private final Course course = new Course("LAT-2", 1);

    @Test
    void whoFindsNoPlaceWaitsOnce() {
        assertTrue(course.enrol("Ada"));
        assertFalse(course.enrol("Bo"));
        assertFalse(course.enrol("Cem"));
        assertFalse(course.enrol("Bo"));
        assertTrue(course.enrol("Ada"));
        assertEquals(List.of("Bo", "Cem"), course.waiting());
        assertEquals(List.of("Ada"), course.participants());
    }

    @Test
    void theFirstOfTheQueueMovesUp() {
        List.of("Ada", "Bo", "Cem").forEach(course::enrol);
        assertEquals(Optional.of("Bo"), course.withdraw("Ada"));
        assertEquals(List.of("Bo"), course.participants());
        assertEquals(List.of("Cem"), course.waiting());
        assertEquals(Optional.of("Cem"), course.withdraw("Bo"));
        assertEquals(Optional.empty(), course.withdraw("Cem"));
        assertEquals(List.of(), course.participants());
    }

    @Test
    void leavingTheQueueMovesNobody() {
        List.of("Ada", "Bo", "Cem").forEach(course::enrol);
        assertEquals(Optional.empty(), course.withdraw("Bo"));
        assertEquals(Optional.empty(), course.withdraw("Nobody"));
        assertEquals(List.of("Cem"), course.waiting());
        assertEquals(List.of("Ada"), course.participants());
    }

    @Test
    void theQueueIsACopy() {
        List.of("Ada", "Bo").forEach(course::enrol);
        assertThrows(UnsupportedOperationException.class, () -> course.waiting().clear());
    }

    @Test
    void theNoticeTellsOfTheQueue() {
        Desk desk = new Desk().offer(course);
        course.enrol("Ada");
        assertEquals("LAT-2: 1 taking part", desk.notice("LAT-2"));
        course.enrol("Bo");
        assertEquals("LAT-2: 1 taking part, 1 waiting", desk.notice("LAT-2"));
    }
}
