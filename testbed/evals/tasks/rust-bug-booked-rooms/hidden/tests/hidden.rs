use roster::{first_free, free, merged, Span};

const DAY: Span = Span { from: 540, to: 1020 };

#[test]
fn a_booking_within_another_changes_nothing() {
    let booked = [Span::hours(9, 12), Span::hours(10, 11)];
    assert_eq!(merged(&booked), [Span::hours(9, 12)]);
    assert_eq!(free(DAY, &booked), [Span::hours(12, 17)]);
    assert_eq!(first_free(DAY, &booked, 30), Some(Span::new(720, 750)));
}

#[test]
fn several_within_one() {
    let booked = [Span::hours(9, 16), Span::hours(9, 10), Span::hours(11, 12), Span::hours(12, 13), Span::hours(15, 17)];
    assert_eq!(merged(&booked), [Span::hours(9, 17)]);
    assert_eq!(free(DAY, &booked), []);
}

#[test]
fn touching_and_apart() {
    let booked = [Span::hours(9, 10), Span::hours(10, 11), Span::hours(12, 13)];
    assert_eq!(merged(&booked), [Span::hours(9, 11), Span::hours(12, 13)]);
}
