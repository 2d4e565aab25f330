package lifts;

/** Somebody waits on a floor and wants up or down. */
public record Call(int floor, Lift.Direction direction, boolean bed) {
}
