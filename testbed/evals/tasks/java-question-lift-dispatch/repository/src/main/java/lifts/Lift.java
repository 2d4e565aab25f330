package lifts;

/** A lift as the controller reports it. */
public record Lift(String name, int floor, Direction direction, int load, boolean bedTransport) {

    public enum Direction { UP, DOWN, IDLE }

    static final int FULL = 12;
}
