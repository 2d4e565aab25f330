use roster::{first_free, free, merged, Span};

const DAY: Span = Span { from: 540, to: 1020 };

#[test]
fn bookings_come_in_order() {
    let booked = [Span::hours(14, 15), Span::hours(9, 10)];
    assert_eq!(merged(&booked), [Span::hours(9, 10), Span::hours(14, 15)]);
}

#[test]
fn bookings_that_overlap_are_one() {
    assert_eq!(merged(&[Span::hours(9, 11), Span::hours(10, 12)]), [Span::hours(9, 12)]);
}

#[test]
fn bookings_that_touch_are_one() {
    assert_eq!(merged(&[Span::hours(9, 10), Span::hours(10, 12)]), [Span::hours(9, 12)]);
}

#[test]
fn empty_bookings_are_left_out() {
    assert_eq!(merged(&[Span::hours(9, 9)]), []);
}

#[test]
fn what_is_not_booked_is_free() {
    let booked = [Span::hours(8, 10), Span::hours(12, 13)];
    assert_eq!(free(DAY, &booked), [Span::hours(10, 12), Span::hours(13, 17)]);
}

#[test]
fn the_first_gap_that_is_long_enough() {
    let booked = [Span::new(570, 600), Span::hours(12, 13)];
    assert_eq!(first_free(DAY, &booked, 60), Some(Span::hours(10, 11)));
    assert_eq!(first_free(DAY, &booked, 300), None);
}

#[test]
fn printed_as_on_the_door() {
    assert_eq!(Span::new(545, 620).to_string(), "09:05-10:20");
}
