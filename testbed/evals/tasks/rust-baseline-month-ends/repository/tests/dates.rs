use almanac::Date;

fn later(year: i32, month: u32, day: u32, months: i32) -> String {
    Date::new(year, month, day).add_months(months).to_string()
}

#[test]
fn months_are_added() {
    assert_eq!(later(2023, 1, 15, 1), "2023-02-15");
    assert_eq!(later(2023, 11, 1, 3), "2024-02-01");
}

#[test]
fn months_are_taken_away() {
    assert_eq!(later(2024, 3, 15, -3), "2023-12-15");
    assert_eq!(later(2024, 3, 15, -27), "2021-12-15");
}

#[test]
fn leap_days_stay_where_they_can() {
    assert_eq!(later(2024, 1, 29, 1), "2024-02-29");
    assert_eq!(later(2024, 2, 29, 48), "2028-02-29");
}

#[test]
fn days_between() {
    assert_eq!(Date::new(2024, 2, 28).days_until(Date::new(2024, 3, 1)), 2);
    assert_eq!(Date::new(2023, 12, 31).days_until(Date::new(2024, 12, 31)), 366);
}
