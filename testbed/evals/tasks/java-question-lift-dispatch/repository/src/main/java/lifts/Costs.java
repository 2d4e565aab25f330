package lifts;

import lifts.Lift.Direction;

/** What it costs a lift to answer a call; lower is better. */
final class Costs {

    static final int NEVER = Integer.MAX_VALUE;
    private static final int PER_FLOOR = 4;
    private static final int TURN = 25;
    private static final int BED_LIFT_FOR_PEOPLE = 18;
    private static final int PER_PASSENGER = 2;

    private Costs() {
    }

    static int of(Lift lift, Call call) {
        if (lift.load() >= Lift.FULL || call.bed() && (!lift.bedTransport() || lift.load() > 2)) {
            return NEVER;
        }
        int cost = PER_FLOOR * Math.abs(lift.floor() - call.floor()) + PER_PASSENGER * lift.load();
        if (!onTheWay(lift, call)) {
            cost += TURN;
        }
        if (lift.bedTransport() && !call.bed()) {
            cost += BED_LIFT_FOR_PEOPLE;
        }
        return cost;
    }

    private static boolean onTheWay(Lift lift, Call call) {
        if (lift.direction() == Direction.IDLE) {
            return true;
        }
        boolean ahead = lift.direction() == Direction.UP ? call.floor() >= lift.floor() : call.floor() <= lift.floor();
        return ahead && lift.direction() == call.direction();
    }
}
