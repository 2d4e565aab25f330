package lifts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import lifts.Lift.Direction;
import org.junit.jupiter.api.Test;

class DispatcherTest {

    @Test
    void theNearerLiftComes() {
        Dispatcher dispatcher = new Dispatcher(List.of(
                new Lift("A", 0, Direction.IDLE, 0, false), new Lift("B", 5, Direction.IDLE, 0, false)));
        assertEquals("B", dispatcher.choose(new Call(4, Direction.UP, false)).orElseThrow().name());
    }

    @Test
    void fullLiftsDoNotStop() {
        Dispatcher dispatcher = new Dispatcher(List.of(new Lift("A", 0, Direction.UP, 12, false)));
        assertTrue(dispatcher.choose(new Call(1, Direction.UP, false)).isEmpty());
    }
}
