package lifts;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Sends the cheapest lift. */
public final class Dispatcher {

    private final List<Lift> lifts;

    public Dispatcher(List<Lift> lifts) {
        this.lifts = List.copyOf(lifts);
    }

    /** Empty where no lift can take the call: the controller asks again after a second. */
    public Optional<Lift> choose(Call call) {
        return lifts.stream()
                .filter(lift -> Costs.of(lift, call) != Costs.NEVER)
                .min(Comparator.<Lift>comparingInt(lift -> Costs.of(lift, call))
                        .thenComparing(Lift::name, Comparator.reverseOrder()));
    }
}
