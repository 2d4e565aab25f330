package courses;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class CourseTest {

    private final Course course = new Course("POT-1", 2);

    @Test
    void placesGoInOrder() {
        assertTrue(course.enrol("Ada"));
        assertTrue(course.enrol("Bo"));
        assertEquals(List.of("Ada", "Bo"), course.participants());
    }

    @Test
    void aFullRoomTakesNobody() {
        course.enrol("Ada");
        course.enrol("Bo");
        assertFalse(course.enrol("Cem"));
        assertEquals(2, course.participants().size());
    }

    @Test
    void enrollingTwiceTakesOnePlace() {
        assertTrue(course.enrol("Ada"));
        assertTrue(course.enrol("Ada"));
        assertEquals(List.of("Ada"), course.participants());
    }

    @Test
    void aPlaceCanBeGivenBack() {
        course.enrol("Ada");
        course.withdraw("Ada");
        course.withdraw("Nobody");
        assertEquals(List.of(), course.participants());
    }
}
