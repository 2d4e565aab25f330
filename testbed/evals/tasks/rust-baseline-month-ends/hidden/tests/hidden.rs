use almanac::Date;

#[test]
fn every_sum_is_a_day_of_the_calendar() {
    for day in 1..=31 {
        for months in -50..50 {
            let sum = Date::new(2023, 1, day).add_months(months);
            assert!(sum.day <= almanac::date::days_in(sum.year, sum.month), "{sum}");
            assert!(sum.day == day || sum.day == almanac::date::days_in(sum.year, sum.month), "{sum}");
        }
    }
}

#[test]
fn ends_of_months() {
    for (from, months, to) in [
        (Date::new(2024, 1, 31), 1, "2024-02-29"),
        (Date::new(2023, 1, 31), 1, "2023-02-28"),
        (Date::new(2100, 1, 30), 1, "2100-02-28"),
        (Date::new(2024, 5, 31), 1, "2024-06-30"),
        (Date::new(2024, 3, 31), -1, "2024-02-29"),
        (Date::new(2024, 2, 29), 12, "2025-02-28"),
        (Date::new(2024, 1, 31), 2, "2024-03-31"),
    ] {
        assert_eq!(from.add_months(months).to_string(), to);
    }
}
