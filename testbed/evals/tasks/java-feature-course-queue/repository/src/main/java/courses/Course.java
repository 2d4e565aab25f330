package courses;

import java.util.ArrayList;
import java.util.List;

/** A course and who takes part. */
public final class Course {

    private final String code;
    private final int chairs;
    private final List<String> participants = new ArrayList<>();

    public Course(String code, int chairs) {
        if (chairs < 1) {
            throw new IllegalArgumentException(code + ": a room without chairs");
        }
        this.code = code;
        this.chairs = chairs;
    }

    public String code() {
        return code;
    }

    /** Whether the person has a place now. Asking twice changes nothing. */
    public boolean enrol(String person) {
        if (participants.contains(person)) {
            return true;
        }
        if (participants.size() == chairs) {
            return false;
        }
        return participants.add(person);
    }

    /** Gives the person's place back, where there is one. */
    public void withdraw(String person) {
        participants.remove(person);
    }

    /** In the order of their enrolment. */
    public List<String> participants() {
        return List.copyOf(participants);
    }
}
