package courses;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;

/** The office's view: courses by their code. */
public final class Desk {

    private final Map<String, Course> courses = new LinkedHashMap<>();

    public Desk offer(Course course) {
        if (courses.putIfAbsent(course.code(), course) != null) {
            throw new IllegalArgumentException(course.code() + " is offered already");
        }
        return this;
    }

    public Course course(String code) {
        Course course = courses.get(code);
        if (course == null) {
            throw new NoSuchElementException("there is no course " + code);
        }
        return course;
    }

    /** One line for the notice board. */
    public String notice(String code) {
        Course course = course(code);
        return course.code() + ": " + course.participants().size() + " taking part";
    }
}
